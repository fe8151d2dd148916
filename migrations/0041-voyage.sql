-- Why: where an order was placed from belongs to what learn may read of it: the voyage tells people who were never contacts by the scene of their first order.

create or replace view v_order with (security_invoker = true) as
  select tenant_id, shelf, order_id, person_id, buyer_unknown, status, placed_at, paid_at, paid_fen, refunded_fen, coalesce(source->>'scene', 'unknown') as scene from shop_order;
