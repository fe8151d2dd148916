-- Why: one product on two shelves. Catalog and listings; stock as escrowed shares (mall, Shop, reserve, moving) whose movements are postings in the unit
-- sku:<id>; moves of units between the shelves; reservations and orders of the mall. Numbers in `stock` are the sums of those postings, kept for locking.

create table product (
  tenant_id bigint not null,
  product_id uuid not null,
  title text not null,
  image text not null,
  images jsonb not null,
  description text not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, product_id)
);
create table sku (
  tenant_id bigint not null,
  sku_id uuid not null,
  product_id uuid not null,
  -- The merchant's own code; joins the SKUs of both shelves when it is there.
  sku_code text not null,
  attrs jsonb not null,
  -- Price in the mall; what the Shop asks is on listing_sku.
  price_fen bigint not null,
  position int not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, sku_id)
);
create index sku_product on sku (tenant_id, product_id, position);
create index sku_by_code on sku (tenant_id, sku_code);

-- A product on a shelf. `account` is the Shop's appid, '' for the mall.
create table listing (
  tenant_id bigint not null,
  product_id uuid not null,
  shelf text not null, -- shop | mall
  account text not null,
  connection_id uuid,
  platform_product_id text not null,
  status text not null, -- listed | unlisted | auditing | refused | banned | deleted
  title text not null,
  changed_at bigint not null,
  primary key (tenant_id, product_id, shelf, account),
  unique (tenant_id, shelf, account, platform_product_id)
);
create table listing_sku (
  tenant_id bigint not null,
  shelf text not null,
  account text not null,
  platform_sku_id text not null,
  sku_id uuid not null,
  product_id uuid not null,
  platform_product_id text not null,
  price_fen bigint not null,
  primary key (tenant_id, shelf, account, platform_sku_id)
);
create index listing_sku_sku on listing_sku (tenant_id, sku_id);

-- Where the units of a SKU are, Shop shares apart: received = mall + reserved + reserve + moving + shop + held + sold - restored - unbacked.
create table stock (
  tenant_id bigint not null,
  sku_id uuid not null,
  mall bigint not null check (mall >= 0),
  reserved bigint not null check (reserved >= 0),
  reserve bigint not null check (reserve >= 0),
  moving bigint not null check (moving >= 0),
  sold bigint not null,
  restored bigint not null,
  -- Units the Shop offers without any behind them: somebody raised its stock by hand. An alarm until repaid.
  unbacked bigint not null check (unbacked >= 0),
  received bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, sku_id)
);
-- The share that lives in one Shop, as of a position in the platform's stock flow: (second, entries of that second already applied).
create table stock_shelf (
  tenant_id bigint not null,
  sku_id uuid not null,
  connection_id uuid not null,
  platform_product_id text not null,
  platform_sku_id text not null,
  shop bigint not null,
  held bigint not null,
  -- Moved by the merchant into another kind of the Shop's stock (flash sale …): still sellable there.
  elsewhere bigint not null,
  platform_num bigint not null,
  flow_second bigint not null,
  flow_seen int not null,
  opened_at bigint,
  reconciled_at bigint,
  primary key (tenant_id, sku_id, connection_id)
);
create index stock_shelf_connection on stock_shelf (tenant_id, connection_id, platform_sku_id);

-- planned -> sent -> confirmed | refused | unknown; unknown ends by the stock flow as confirmed or refused.
create table stock_move (
  tenant_id bigint not null,
  move_id uuid not null,
  sku_id uuid not null,
  connection_id uuid not null,
  direction text not null, -- to-shop | from-shop
  place text not null, -- mall | reserve: where the units come from or go to
  quantity bigint not null,
  state text not null,
  reason text not null,
  outbox_id uuid,
  actor text not null,
  planned_at bigint not null,
  sent_at bigint,
  answered_at bigint,
  closed_at bigint,
  primary key (tenant_id, move_id)
);
create index stock_move_sku on stock_move (tenant_id, sku_id, planned_at);
create index stock_move_open on stock_move (tenant_id, sku_id) where state in ('planned', 'sent', 'unknown');

-- Units an order took in the Shop: held until it is known to be paid.
create table stock_hold (
  tenant_id bigint not null,
  connection_id uuid not null,
  order_id text not null,
  sku_id uuid not null,
  quantity bigint not null,
  state text not null, -- held | sold | returned
  at bigint not null,
  primary key (tenant_id, connection_id, order_id, sku_id)
);

create table stock_alarm (
  tenant_id bigint not null,
  alarm_id uuid not null,
  sku_id uuid not null,
  kind text not null,
  quantity bigint not null,
  detail jsonb not null,
  raised_at bigint not null,
  cleared_at bigint,
  primary key (tenant_id, alarm_id)
);
create index stock_alarm_open on stock_alarm (tenant_id, sku_id) where cleared_at is null;

-- Units of the mall that an unpaid order keeps.
create table reservation (
  tenant_id bigint not null,
  order_id text not null,
  sku_id uuid not null,
  quantity bigint not null,
  state text not null, -- held | sold | released
  reserved_at bigint not null,
  expires_at bigint not null,
  closed_at bigint,
  primary key (tenant_id, order_id, sku_id)
);

-- What the mall itself must know of its orders; the order book has what everybody may read. No openid, name or address is kept here.
create table mall_order (
  tenant_id bigint not null,
  order_id text not null, -- also the out_trade_no of WeChat Pay
  person_id uuid not null,
  -- Keyed one-way form of the openid: finds a buyer's orders, names nobody.
  buyer text not null,
  buyer_known boolean not null,
  client_key text not null,
  mini_connection_id uuid not null,
  pay_connection_id uuid not null,
  state text not null, -- unpaid | paid | shipped | received | cancelled | refunded
  lines jsonb not null,
  goods_fen bigint not null,
  discount_fen bigint not null,
  freight_fen bigint not null,
  total_fen bigint not null,
  placed_at bigint not null,
  expires_at bigint not null,
  paid_at bigint,
  transaction_id text,
  shipped_at bigint,
  shipping jsonb,
  -- none | sent | reported | refused: the shipping report without which WeChat does not settle.
  shipping_report text not null,
  received_at bigint,
  settled_at bigint,
  cancelled_at bigint,
  version bigint not null,
  primary key (tenant_id, order_id),
  unique (tenant_id, buyer, client_key)
);
create index mall_order_buyer on mall_order (tenant_id, buyer, placed_at);

do $$
declare t text;
begin
  foreach t in array array['product', 'sku', 'listing', 'listing_sku', 'stock', 'stock_shelf', 'stock_move', 'stock_hold', 'stock_alarm', 'reservation', 'mall_order'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
