-- Why: one order book behind two shelves. An order is what the platform or the mall says, in versions; lines carry what was paid; refunds and adjustments
-- are rows of their own, so that net = paid - refunded + adjusted can always be added up by hand.

create table shop_order (
  tenant_id bigint not null,
  shelf text not null, -- shop | mall
  order_id text not null,
  connection_id uuid,
  person_id uuid not null,
  -- Whom it was booked for, when that person turned out to be person_id: un-merging gives the order back.
  merged_from uuid,
  -- True when no identity that joins accounts is known (no unionid): shown as unknown.
  buyer_unknown boolean not null,
  status text not null, -- unpaid | to_ship | part_shipped | to_receive | completed | cancelled | refunded
  platform_status int,
  placed_at bigint not null,
  paid_at bigint,
  shipped_at bigint,
  completed_at bigint,
  settled_at bigint,
  cancelled_at bigint,
  goods_fen bigint not null,
  freight_fen bigint not null,
  discount_fen bigint not null,
  paid_fen bigint not null,
  refunded_fen bigint not null,
  source jsonb not null,
  -- Of the lines as last written: an order read again mostly brings the same lines.
  lines_digest text not null,
  -- The platform's update time in seconds.
  version bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, shelf, order_id)
);
create index shop_order_placed on shop_order (tenant_id, placed_at);
create index shop_order_person on shop_order (tenant_id, person_id, paid_at);
create index shop_order_merged_from on shop_order (tenant_id, merged_from) where merged_from is not null;
create index shop_order_status on shop_order (tenant_id, status, placed_at);

create table order_line (
  tenant_id bigint not null,
  shelf text not null,
  order_id text not null,
  line_no int not null,
  product_id text not null,
  sku_id text not null,
  sku_code text not null,
  title text not null,
  quantity int not null,
  unit_fen bigint not null,
  paid_fen bigint not null,
  refunded_quantity int not null,
  refunded_fen bigint not null,
  note jsonb not null,
  -- No foreign key: lines are written with their order in one statement pair, and the check would be made half a million times a year.
  primary key (tenant_id, shelf, order_id, line_no)
);

-- Everything that is known to have happened to an order, in order of happening; duplicates heard are facts too.
create table order_fact (
  tenant_id bigint not null,
  shelf text not null,
  order_id text not null,
  fact_id uuid not null,
  occurred_at bigint not null,
  recorded_at bigint not null,
  kind text not null,
  -- callback | backfill | operator | system
  cause text not null,
  detail jsonb not null,
  primary key (tenant_id, shelf, order_id, fact_id)
);

create table refund (
  tenant_id bigint not null,
  shelf text not null,
  refund_id text not null, -- the platform's after-sale id, or ours
  order_id text not null,
  -- null: the whole order, or its order has not been heard of yet.
  line_no int,
  sku_id text,
  quantity int not null,
  amount_fen bigint not null,
  status text not null, -- pending | done | refused
  requested_at bigint not null,
  finished_at bigint,
  reason text not null,
  primary key (tenant_id, shelf, refund_id)
);
create index refund_order on refund (tenant_id, shelf, order_id);
create index refund_finished on refund (tenant_id, finished_at);

-- What no platform order can hold: write-offs, samples, bad debt, fees, refunds without an order.
create table adjustment (
  tenant_id bigint not null,
  adjustment_id uuid not null,
  -- Given by the caller; the same key again changes nothing.
  key text not null,
  occurred_at bigint not null,
  recorded_at bigint not null,
  kind text not null,
  person_id uuid,
  sku_code text,
  quantity int not null,
  amount_fen bigint not null,
  reason text not null,
  source_ref text not null,
  actor text not null,
  primary key (tenant_id, adjustment_id),
  unique (tenant_id, key)
);
create index adjustment_at on adjustment (tenant_id, occurred_at);

-- Rows of an import that could not be used, with the reason; and the counters of a run.
create table import_run (
  tenant_id bigint not null,
  run_id uuid not null,
  kind text not null,
  source jsonb not null,
  started_at bigint not null,
  finished_at bigint,
  counters jsonb not null,
  primary key (tenant_id, run_id)
);
create table import_bad_row (
  tenant_id bigint not null,
  run_id uuid not null,
  line_no bigint not null,
  reason text not null,
  content text not null,
  primary key (tenant_id, run_id, line_no)
);

do $$
declare t text;
begin
  foreach t in array array['shop_order', 'order_line', 'order_fact', 'refund', 'adjustment', 'import_run', 'import_bad_row'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
