-- Why: where people come from, deepened: live sessions as the platform counts them, and friends who bring friends.

create table live_session (
  tenant_id bigint not null,
  connection_id uuid not null,
  -- The platform's name of the session (export_id).
  export_id text not null,
  started_at bigint not null,
  -- Seconds on air so far.
  duration_s bigint not null,
  on_air boolean not null,
  audience bigint not null,
  new_followers bigint not null,
  comments bigint not null,
  orders bigint not null,
  buyers bigint not null,
  paid_fen bigint not null,
  refunded_fen bigint not null,
  -- [{flowType, viewers, paidFen}]
  flows jsonb not null,
  read_at bigint not null,
  primary key (tenant_id, connection_id, export_id)
);
create index live_session_started on live_session (tenant_id, started_at);

-- A buyer's own code, which travels with what they share.
create table referral_link (
  tenant_id bigint not null,
  code text not null,
  person_id uuid not null,
  created_at bigint not null,
  primary key (tenant_id, code),
  unique (tenant_id, person_id)
);

-- Who came by whose code first.
create table referral (
  tenant_id bigint not null,
  person_id uuid not null,
  code text not null,
  came_at bigint not null,
  -- Nothing of this person was known before: no touchpoint and no order.
  is_new boolean not null,
  primary key (tenant_id, person_id)
);
create index referral_code on referral (tenant_id, code);

do $$
declare t text;
begin
  foreach t in array array['live_session', 'referral_link', 'referral'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;

-- What the modules of sources may read of attribution.
create view v_touchpoint with (security_invoker = true) as select tenant_id, key, person_id, occurred_at, channel from touchpoint;
create view v_order_path with (security_invoker = true) as select tenant_id, shelf, order_id, person_id, paid_at, paid_fen from order_path;
grant select on v_touchpoint, v_order_path to qz_app;
