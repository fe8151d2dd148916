-- Why: goods in depth. Categories of the mall, what a product is besides its SKUs, words to find it by, and what was submitted to a Shop for audit.

create table category (
  tenant_id bigint not null,
  category_id uuid not null,
  parent_id uuid,
  name text not null,
  position int not null,
  created_at bigint not null,
  primary key (tenant_id, category_id)
);
create index category_parent on category (tenant_id, parent_id, position);

alter table product
  add column category_id uuid,
  -- goods | virtual
  add column kind text not null default 'goods',
  add column brand text not null default '',
  -- Pieces one buyer may have in all; null: as many as there are.
  add column limit_each int,
  -- Pre-sale: nothing leaves before this instant; null: it ships at once.
  add column ships_at bigint,
  -- Words, pairs of Chinese characters and pinyin initials of title, brand and codes.
  add column search tsvector;
create index product_search on product using gin (search);
create index product_category on product (tenant_id, category_id, created_at);
create index product_newest on product (tenant_id, created_at, product_id);

-- What of a product was handed to a Shop: the draft and its audit. What the Shop shows stands in listing.
create table shop_submission (
  tenant_id bigint not null,
  product_id uuid not null,
  account text not null,
  connection_id uuid not null,
  -- sending | draft | auditing | refused | passed | failed
  state text not null,
  platform_product_id text,
  -- [{field, reason}], as the platform named them
  reasons jsonb not null,
  cat_ids jsonb not null,
  -- Of what was sent: a product that changed since says so.
  digest text not null,
  sent_at bigint not null,
  changed_at bigint not null,
  sent_by text not null,
  primary key (tenant_id, product_id, account)
);
create index shop_submission_state on shop_submission (tenant_id, state, changed_at);
create index shop_submission_platform on shop_submission (tenant_id, account, platform_product_id);

do $$
declare t text;
begin
  foreach t in array array['category', 'shop_submission'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
