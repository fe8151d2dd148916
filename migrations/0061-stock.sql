-- Why: stock in depth. Several warehouses behind the mall's share, units kept back, stock-takes with two steps, the rebalancer's rules, and what an admitted
-- batch of orders leaves to be done. One warehouse needs no rows: the main one holds whatever the others do not.

-- Warehouses beside the main one. `position` orders them; regions are the provinces (first two digits of a division code) they serve first.
create table warehouse (
  tenant_id bigint not null,
  warehouse_id uuid not null,
  name text not null,
  position int not null,
  regions jsonb not null,
  closed_at bigint,
  created_at bigint not null,
  primary key (tenant_id, warehouse_id)
);
-- Of stock.mall and stock.reserved: what lies in a warehouse that is not the main one. Guarded by the lock of the stock row.
create table warehouse_stock (
  tenant_id bigint not null,
  sku_id uuid not null,
  warehouse_id uuid not null,
  mall bigint not null check (mall >= 0),
  reserved bigint not null check (reserved >= 0),
  primary key (tenant_id, sku_id, warehouse_id)
);
-- Which warehouses a reservation took its units from: [[warehouse or '', quantity], …]; null: all from the main one.
alter table reservation add column picks jsonb;

-- How the shelves of a merchant share their stock.
create table stock_setting (
  tenant_id bigint not null,
  rebalance text not null, -- off | suggest | auto
  every_ms bigint not null,
  -- Up to so many units in all a SKU lives on one shelf.
  single_units int not null,
  pull text not null, -- off | reserve | shop: where a buyer's missing units may come from while they wait
  pull_wait_ms int not null,
  ran_at bigint,
  -- What the last run did or would have done.
  last jsonb,
  updated_at bigint not null,
  primary key (tenant_id)
);
-- What holds for one SKU only.
create table stock_rule (
  tenant_id bigint not null,
  sku_id uuid not null,
  -- Units of the reserve that nothing automatic touches.
  safety bigint not null check (safety >= 0),
  home text not null, -- auto | both | mall | shop
  updated_at bigint not null,
  primary key (tenant_id, sku_id)
);

-- Stock-take (盘点): counted, shown with what it would change, then confirmed. Differences are added or subtracted, never set.
create table stock_take (
  tenant_id bigint not null,
  take_id uuid not null,
  warehouse_id uuid,
  state text not null, -- counting | counted | booked | dropped
  note text not null,
  opened_by text not null,
  opened_at bigint not null,
  counted_by text,
  counted_at bigint,
  closed_by text,
  closed_at bigint,
  primary key (tenant_id, take_id)
);
create index stock_take_opened on stock_take (tenant_id, opened_at);
create table stock_take_line (
  tenant_id bigint not null,
  take_id uuid not null,
  sku_id uuid not null,
  -- What should have been there at the moment of counting.
  expected bigint not null,
  counted bigint not null check (counted >= 0),
  reason text not null,
  -- Where the difference was booked: {reserve, mall, unbacked}.
  booked jsonb,
  primary key (tenant_id, take_id, sku_id)
);

-- A buyer has few orders: the unique index on (buyer, client_key) finds them as well, and an order placed at a festival is one index entry cheaper.
drop index mall_order_buyer;

do $$
declare t text;
begin
  foreach t in array array['warehouse', 'warehouse_stock', 'stock_setting', 'stock_rule', 'stock_take', 'stock_take_line'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;

-- Moves of the last minutes, for whoever must not send back what a buyer waits for.
create index stock_move_planned on stock_move (tenant_id, planned_at);

-- A million orders. The list and its sums are answered from one index; a number is found by its beginning or its end. Row-level security lets an index answer
-- only leakproof comparisons, so no LIKE: the end of a number is the beginning of the same digits backwards.
alter table shop_order add column order_tail text generated always as (reverse(order_id)) stored;
drop index shop_order_placed;
create index shop_order_newest on shop_order (tenant_id, placed_at, order_id) include (shelf, status, paid_fen, refunded_fen);
create index shop_order_number on shop_order (tenant_id, order_id collate "C");
create index shop_order_tail on shop_order (tenant_id, order_tail collate "C");
create index order_line_code on order_line (tenant_id, sku_code);
create index order_line_sku on order_line (tenant_id, sku_id);
