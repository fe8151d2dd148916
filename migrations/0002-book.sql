-- Why: what all stages share: who a person is (with the evidence), what touched them, and one balanced way to book stock, money and points.

create table person (
  tenant_id bigint not null,
  person_id uuid not null,
  created_at bigint not null,
  -- Set when this person turned out to be another one; un-merging clears it.
  merged_into uuid,
  erased_at bigint,
  primary key (tenant_id, person_id)
);

-- One identity of a person on one account: unionid, openid, external_userid, phone hash.
create table identity (
  tenant_id bigint not null,
  kind text not null,
  -- The appid or corpid it belongs to; '' for a unionid.
  scope text not null,
  value text not null,
  person_id uuid not null,
  first_seen_at bigint not null,
  evidence text not null,
  primary key (tenant_id, kind, scope, value)
);
create index identity_person on identity (tenant_id, person_id);

create table person_merge (
  tenant_id bigint not null,
  merge_id uuid not null,
  at bigint not null,
  kept uuid not null,
  gone uuid not null,
  evidence jsonb not null,
  undone_at bigint,
  primary key (tenant_id, merge_id)
);

-- Personal fields (name, phone, address, avatar) are encrypted with a key of that person; erasing deletes the key.
create table person_key (
  tenant_id bigint not null,
  person_id uuid not null,
  sealed_key bytea not null,
  primary key (tenant_id, person_id)
);
create table person_field (
  tenant_id bigint not null,
  person_id uuid not null,
  field text not null,
  sealed bytea not null,
  updated_at bigint not null,
  primary key (tenant_id, person_id, field)
);

-- Outbound and inbound touches; seq comes from touch_head, bumped last in the transaction.
create table touch_head (
  tenant_id bigint not null,
  seq bigint not null,
  primary key (tenant_id)
);
create table touch (
  tenant_id bigint not null,
  seq bigint not null,
  person_id uuid not null,
  occurred_at bigint not null,
  -- kind of touch (see book/touch): message, moment, order, view, scan, ...
  kind text not null,
  line text not null,
  -- outbound | inbound
  direction text not null,
  weight real not null,
  reason text not null,
  ref text not null,
  primary key (tenant_id, seq)
);
create index touch_person on touch (tenant_id, person_id, occurred_at);

-- One posting is a balanced set of entries: for each unit the amounts add up to zero. Corrections are new postings.
create table posting (
  tenant_id bigint not null,
  posting_id uuid not null,
  -- A fact is booked once: the same key again changes nothing.
  key text not null,
  occurred_at bigint not null,
  recorded_at bigint not null,
  reason text not null,
  primary key (tenant_id, posting_id),
  unique (tenant_id, key)
);
create table entry (
  tenant_id bigint not null,
  posting_id uuid not null,
  n int not null,
  account text not null,
  -- fen, feather, or a stock keeping unit (sku:<id>)
  unit text not null,
  amount bigint not null,
  primary key (tenant_id, posting_id, n),
  foreign key (tenant_id, posting_id) references posting (tenant_id, posting_id)
);
create index entry_account on entry (tenant_id, account, unit);

do $$
declare t text;
begin
  foreach t in array array['person', 'identity', 'person_merge', 'person_key', 'person_field', 'touch_head', 'touch', 'posting', 'entry'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
-- Ledgers only grow.
revoke update, delete on posting, entry from qz_app;
