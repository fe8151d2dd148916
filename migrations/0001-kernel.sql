-- Why: the house before any stage. Who may come in, which accounts are connected, and the one way a fact travels: inbox -> decision -> events, outbox, jobs.
-- Rules that every migration keeps (tests/schema.test.ts): tenant_id leads every key of a tenant table, row-level security is forced with one policy,
-- times are bigint milliseconds given by the caller, nothing defaults to now(), no triggers, no identity columns.

create table tenant (
  tenant_id bigint primary key,
  slug text not null unique,
  name text not null,
  -- 'real', or the namespace of the emulator that this tenant lives in; its clock is that world's.
  world text not null,
  created_at bigint not null,
  -- What made it: {"kind":"seed"} or {"kind":"replay","file":sha256,...}.
  origin jsonb not null
);
comment on table tenant is 'Merchants. Small and global: a reference table on a distributed database.';

create table app_user (
  user_id uuid primary key,
  login text not null unique,
  name text not null,
  password_hash text,
  failed_count int not null,
  locked_until bigint not null,
  created_at bigint not null
);
create table user_session (
  token_sha256 text primary key,
  user_id uuid not null references app_user,
  csrf text not null,
  created_at bigint not null,
  expires_at bigint not null
);
create table login_link (
  token_sha256 text primary key,
  user_id uuid not null references app_user,
  expires_at bigint not null,
  used_at bigint
);
-- Which tenant a callback address belongs to; read before any tenant is known.
create table callback_route (
  route_key text primary key,
  tenant_id bigint not null,
  connection_id uuid not null
);

create table member (
  tenant_id bigint not null,
  user_id uuid not null,
  role text not null,
  added_at bigint not null,
  primary key (tenant_id, user_id)
);

create table connection (
  tenant_id bigint not null,
  connection_id uuid not null,
  line text not null,
  account_id text not null,
  name text not null,
  -- null: the real platform; otherwise the emulator's address.
  base_url text,
  route_key text not null,
  -- AES-256-GCM under the master key: {secret, token, aesKey, ...}
  secrets bytea not null,
  status text not null,
  checks jsonb not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, connection_id),
  unique (tenant_id, line, account_id)
);

create table wechat_token (
  tenant_id bigint not null,
  connection_id uuid not null,
  kind text not null,
  sealed bytea not null,
  expires_at bigint not null,
  primary key (tenant_id, connection_id, kind)
);

create table inbox (
  tenant_id bigint not null,
  connection_id uuid not null,
  -- SHA-256 of the decrypted message without its 16 random bytes.
  digest text not null,
  received_at bigint not null,
  event text not null,
  message text,
  state text not null, -- due | done | failed
  due_at bigint not null,
  attempts int not null,
  error text,
  primary key (tenant_id, connection_id, digest)
);
create index inbox_due on inbox (tenant_id, due_at) where state = 'due';

-- Deliveries of a message that was stored already: counted, not worked.
create table inbox_repeat (
  tenant_id bigint not null,
  connection_id uuid not null,
  repeat_id uuid not null,
  received_at bigint not null,
  count int not null,
  primary key (tenant_id, repeat_id)
);

-- Id-only callbacks ring a doorbell: the object is read again when wanted > done.
create table doorbell (
  tenant_id bigint not null,
  connection_id uuid not null,
  kind text not null,
  object_id text not null,
  wanted bigint not null,
  done bigint not null,
  due_at bigint not null,
  -- callback | backfill: who rang since it was last quiet; a callback wins.
  cause text not null,
  attempts int not null,
  error text,
  primary key (tenant_id, connection_id, kind, object_id)
);
create index doorbell_due on doorbell (tenant_id, due_at) where wanted > done;

create table object_version (
  tenant_id bigint not null,
  connection_id uuid not null,
  kind text not null,
  object_id text not null,
  version int not null,
  read_at bigint not null,
  -- callback | backfill | own
  cause text not null,
  digest text not null,
  -- The platform's answer, deflated: a version is mostly read by nobody.
  body bytea not null,
  primary key (tenant_id, connection_id, kind, object_id, version)
);

create table outbox (
  tenant_id bigint not null,
  outbox_id uuid not null,
  connection_id uuid not null,
  endpoint text not null,
  request jsonb not null,
  -- The object this must stay in order for, or null.
  lane text,
  seq bigint not null,
  state text not null, -- due | sent | unknown | failed | skipped
  due_at bigint not null,
  attempts int not null,
  created_at bigint not null,
  finished_at bigint,
  result jsonb,
  error jsonb,
  -- Which handler hears the result, with its own data.
  reply jsonb,
  primary key (tenant_id, outbox_id)
);
create index outbox_due on outbox (tenant_id, due_at) where state = 'due';
create index outbox_lane on outbox (tenant_id, lane, seq) where state in ('due', 'unknown', 'failed');

create table job (
  tenant_id bigint not null,
  kind text not null,
  key text not null,
  due_at bigint not null,
  state jsonb not null,
  attempts int not null,
  error text,
  primary key (tenant_id, kind, key)
);
create index job_due on job (tenant_id, due_at);

create table domain_event (
  tenant_id bigint not null,
  event_id uuid not null,
  name text not null,
  v int not null,
  aggregate text not null,
  occurred_at bigint not null,
  recorded_at bigint not null,
  payload jsonb not null,
  primary key (tenant_id, event_id)
);
create index domain_event_aggregate on domain_event (tenant_id, aggregate, recorded_at);

create table event_delivery (
  tenant_id bigint not null,
  subscriber text not null,
  event_id uuid not null,
  aggregate text not null,
  seq bigint not null,
  due_at bigint not null,
  attempts int not null,
  error text,
  primary key (tenant_id, subscriber, event_id)
);
create index event_delivery_due on event_delivery (tenant_id, due_at);

create table audit (
  tenant_id bigint not null,
  audit_id uuid not null,
  at bigint not null,
  actor text not null,
  action text not null,
  object text not null,
  detail jsonb not null,
  primary key (tenant_id, audit_id)
);
create index audit_at on audit (tenant_id, at);

create table block (
  tenant_id bigint not null,
  block text not null,
  on_since bigint,
  changed_at bigint not null,
  primary key (tenant_id, block)
);

create table setting (
  tenant_id bigint not null,
  key text not null,
  value jsonb not null,
  changed_at bigint not null,
  primary key (tenant_id, key)
);

do $$
declare t text;
begin
  foreach t in array array['member', 'connection', 'wechat_token', 'inbox', 'inbox_repeat', 'doorbell', 'object_version', 'outbox', 'job', 'domain_event',
                           'event_delivery', 'audit', 'block', 'setting'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;

-- The audit trail is append-only, also for the app.
revoke update, delete on audit from qz_app;

-- The tenant's own row, and nothing about the others.
alter table tenant enable row level security;
alter table tenant force row level security;
create policy tenant_only on tenant for select to qz_app using (tenant_id = nullif(current_setting('app.tenant', true), '')::bigint);
grant select on tenant to qz_app;
create policy tenant_auth on tenant to qz_auth using (true) with check (true);
grant select, insert, update, delete on tenant to qz_auth;
create policy tenant_scheduler on tenant for select to qz_scheduler using (true);
grant select on tenant to qz_scheduler;

-- Intake may store callbacks, and nothing else.
create policy intake_insert on inbox for insert to qz_intake with check (true);
create policy intake_insert on inbox_repeat for insert to qz_intake with check (true);
grant insert on inbox, inbox_repeat to qz_intake;
grant select on callback_route to qz_intake, qz_auth;
grant insert, delete on callback_route to qz_auth;

-- The scheduler sees who has work and when, no contents.
do $$
declare t text;
begin
  foreach t in array array['inbox', 'doorbell', 'outbox', 'job', 'event_delivery'] loop
    execute format('create policy scheduler_select on %I for select to qz_scheduler using (true)', t);
  end loop;
end $$;
grant select (tenant_id, due_at, state) on inbox to qz_scheduler;
grant select (tenant_id, due_at, wanted, done) on doorbell to qz_scheduler;
grant select (tenant_id, due_at, state) on outbox to qz_scheduler;
grant select (tenant_id, due_at) on job to qz_scheduler;
grant select (tenant_id, due_at) on event_delivery to qz_scheduler;

-- Sign-in.
grant select, insert, update, delete on app_user, user_session, login_link to qz_auth;
create policy member_auth on member to qz_auth using (true) with check (true);
grant select, insert, update, delete on member to qz_auth;
create policy audit_auth on audit for insert to qz_auth with check (true);
grant insert on audit to qz_auth;
