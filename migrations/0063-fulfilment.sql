-- Why: what is sent where and in which parcels, and what comes back. Addresses are sealed and stand apart, so that they can be forgotten; an after-sale is
-- one row with its history beside it, on either shelf.

-- Where an order of the mall goes. Shop orders keep theirs on the platform.
create table order_address (
  tenant_id bigint not null,
  order_id text not null,
  person_id uuid not null,
  -- express | local | pickup | virtual
  method text not null,
  -- Six digits of GB/T 2260; '' for pick-up and virtual goods.
  division text not null,
  sealed bytea not null,
  -- What may be shown to who may not see the person: "广东省深圳市南山区 138••••0000".
  masked text not null,
  saved_at bigint not null,
  primary key (tenant_id, order_id)
);
create index order_address_person on order_address (tenant_id, person_id);
create table parcel (
  tenant_id bigint not null,
  parcel_id uuid not null,
  shelf text not null,
  order_id text not null,
  -- express | local | pickup | virtual
  method text not null,
  company text not null,
  tracking_no text not null,
  -- [[line number, quantity], …]
  lines jsonb not null,
  sent_at bigint not null,
  sent_by text not null,
  -- none | sent | reported | refused: what the platform knows of it
  report text not null,
  report_reason text,
  -- Of a bulk file.
  batch_id uuid,
  -- Pick-up: the digits the buyer shows, and when the goods were handed over.
  pickup_code text,
  picked_at bigint,
  primary key (tenant_id, parcel_id)
);
create index parcel_order on parcel (tenant_id, shelf, order_id);
create unique index parcel_tracking on parcel (tenant_id, company, tracking_no, order_id) where tracking_no <> '';
create index parcel_refused on parcel (tenant_id, sent_at) where report = 'refused';

create table aftersale (
  tenant_id bigint not null,
  shelf text not null,
  -- The platform's number, or ours.
  aftersale_id text not null,
  connection_id uuid,
  order_id text not null,
  person_id uuid,
  -- Keyed one-way form of the buyer's openid (mall only): finds a buyer's own.
  buyer text,
  kind text not null, -- refund | return | exchange
  state text not null,
  platform_state text,
  line_no int,
  sku_id text not null,
  title text not null,
  quantity int not null,
  amount_fen bigint not null,
  reason text not null,
  description text not null,
  -- Digests of pictures.
  media jsonb not null,
  back jsonb, -- {company, trackingNo}: what the buyer sent back
  again jsonb, -- {company, trackingNo}: what was sent in exchange
  refuse_reason text,
  refund_id text,
  restocked int not null,
  -- A call under way to the platform: accept | refuse; what it said when it refused.
  asking text,
  asking_error text,
  asked_at bigint not null,
  deadline_at bigint,
  changed_at bigint not null,
  ended_at bigint,
  primary key (tenant_id, shelf, aftersale_id)
);
create index aftersale_order on aftersale (tenant_id, shelf, order_id);
create index aftersale_open on aftersale (tenant_id, deadline_at) where ended_at is null;
create index aftersale_asked on aftersale (tenant_id, asked_at);
create index aftersale_buyer on aftersale (tenant_id, buyer, asked_at) where buyer is not null;
create table aftersale_fact (
  tenant_id bigint not null,
  fact_id uuid not null,
  shelf text not null,
  aftersale_id text not null,
  at bigint not null,
  act text not null,
  by_whom text not null,
  state text not null,
  detail jsonb not null,
  primary key (tenant_id, fact_id)
);
create index aftersale_fact_of on aftersale_fact (tenant_id, shelf, aftersale_id, at);

do $$
declare t text;
begin
  foreach t in array array['order_address', 'parcel', 'aftersale', 'aftersale_fact'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
revoke update, delete on aftersale_fact from qz_app;
