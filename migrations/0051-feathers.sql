-- Why: feathers become an economy with rules as data: each grant is a lot that may vest, expire, be frozen or be taken back with its reason; and what
-- feathers buy (offers with codes) is kept beside it.

-- What an account holds in each state. What was taken back after it was spent is owed and paid by what is earned next, so nothing is ever below zero.
alter table points_account
  add column vesting bigint not null default 0,
  add column frozen bigint not null default 0,
  add column owed bigint not null default 0,
  add column expired bigint not null default 0,
  -- Penalties that freeze it at present, and since when.
  add column holds int not null default 0,
  add column frozen_since bigint;
update points_account set owed = -balance, balance = 0 where balance < 0;
alter table points_account add constraint points_account_never_below_zero check (balance >= 0 and vesting >= 0 and frozen >= 0 and owed >= 0 and holds >= 0);

-- One set of rules per version; a draft becomes live as a whole, after its cost was shown.
create table points_rules (
  tenant_id bigint not null,
  version int not null,
  state text not null check (state in ('draft', 'live', 'past')),
  body jsonb not null,
  note text not null,
  made_by text not null,
  made_at bigint not null,
  live_at bigint,
  ended_at bigint,
  -- What it was shown to cost when it went live.
  effect jsonb,
  primary key (tenant_id, version)
);

create table points_lot (
  tenant_id bigint not null,
  lot_id uuid not null,
  person_id uuid not null,
  rule text not null,
  key text not null,
  article_id text,
  surface text,
  -- Who caused it: the reader of a share.
  cause_person_id uuid,
  feathers bigint not null check (feathers > 0),
  remaining bigint not null check (remaining >= 0),
  reversed bigint not null,
  expired bigint not null,
  state text not null check (state in ('vesting', 'live')),
  earned_at bigint not null,
  -- Calendar day of the act in Shanghai.
  day int not null,
  vests_at bigint not null,
  expires_at bigint,
  version int not null,
  primary key (tenant_id, lot_id),
  unique (tenant_id, person_id, rule, key)
);
create index points_lot_open on points_lot (tenant_id, person_id) where remaining > 0;
create index points_lot_day on points_lot (tenant_id, day);
create index points_lot_vests on points_lot (tenant_id, vests_at) where state = 'vesting';
create index points_lot_expires on points_lot (tenant_id, expires_at) where remaining > 0;
-- What is held already is one lot of no rule.
insert into points_lot (tenant_id, lot_id, person_id, rule, key, feathers, remaining, reversed, expired, state, earned_at, day, vests_at, version)
  select tenant_id, person_id, person_id, 'opening', 'opening', balance, balance, 0, 0, 'live', joined_at, ((joined_at + 28800000) / 86400000)::int, joined_at, 0 from points_account where balance > 0;

create table points_spend (
  tenant_id bigint not null,
  key text not null,
  person_id uuid not null,
  feathers bigint not null,
  -- Which lots it was taken from, so that it can be given back as it was.
  parts jsonb not null,
  payee_person_id uuid,
  payee_feathers bigint not null,
  reason text not null,
  spent_at bigint not null,
  given_back_at bigint,
  given_back_reason text,
  primary key (tenant_id, key)
);

create table points_reversal (
  tenant_id bigint not null,
  reversal_id uuid not null,
  person_id uuid not null,
  lot_id uuid not null,
  cause text not null,
  cause_id text not null,
  code text not null,
  note text not null,
  feathers bigint not null,
  parts jsonb not null,
  owed bigint not null,
  reversed_at bigint not null,
  restored_at bigint,
  primary key (tenant_id, reversal_id)
);
create index points_reversal_cause on points_reversal (tenant_id, cause, cause_id);
create index points_reversal_time on points_reversal (tenant_id, reversed_at);
create index points_reversal_person on points_reversal (tenant_id, person_id);

create table points_penalty (
  tenant_id bigint not null,
  penalty_id text not null,
  person_id uuid not null,
  mode text not null,
  started_at bigint not null,
  ended_at bigint,
  why text,
  primary key (tenant_id, penalty_id)
);
create index points_penalty_person on points_penalty (tenant_id, person_id);

-- Reads that may earn somebody something: what the audit looks at.
create table points_read (
  tenant_id bigint not null,
  read_id uuid not null,
  article_id text not null,
  person_id uuid,
  device_key text not null,
  sharer_person_id uuid,
  surface text not null,
  kept boolean not null,
  read_at bigint not null,
  primary key (tenant_id, read_id)
);
create index points_read_time on points_read (tenant_id, read_at);
create index points_read_article on points_read (tenant_id, article_id, person_id);
create index points_read_device on points_read (tenant_id, device_key, person_id);
create index points_read_person on points_read (tenant_id, person_id, read_at);

create table points_author (
  tenant_id bigint not null,
  article_id text not null,
  person_id uuid not null,
  primary key (tenant_id, article_id)
);

-- Counters of caps that bind everybody together.
create table points_count (
  tenant_id bigint not null,
  scope text not null,
  day int not null,
  feathers bigint not null,
  primary key (tenant_id, scope, day)
);

create table points_adjustment (
  tenant_id bigint not null,
  adjustment_id uuid not null,
  person_id uuid not null,
  feathers bigint not null,
  reason text not null,
  asked_by uuid not null,
  asked_name text not null,
  asked_at bigint not null,
  state text not null check (state in ('waiting', 'approved', 'refused', 'withdrawn')),
  decided_by uuid,
  decided_name text,
  decided_at bigint,
  note text,
  primary key (tenant_id, adjustment_id)
);

create table points_audit (
  tenant_id bigint not null,
  audit_id uuid not null,
  ran_at bigint not null,
  body jsonb not null,
  primary key (tenant_id, audit_id)
);

-- The statement of a person, a line per movement.
create table points_line (
  tenant_id bigint not null,
  line_id uuid not null,
  person_id uuid not null,
  at bigint not null,
  -- Order within one moment.
  n int not null,
  kind text not null,
  -- Change of what is held in all.
  feathers bigint not null,
  rule text,
  article_id text,
  code text,
  note text,
  primary key (tenant_id, line_id)
);
create index points_line_person on points_line (tenant_id, person_id, at, n, line_id);
insert into points_line (tenant_id, line_id, person_id, at, n, kind, feathers, rule)
  select tenant_id, person_id, person_id, joined_at, 0, 'opening', balance - owed, 'opening' from points_account where balance - owed <> 0;

create table offer (
  tenant_id bigint not null,
  offer_id uuid not null,
  title text not null,
  what text not null,
  kind text not null,
  feathers bigint not null check (feathers > 0),
  -- What one piece costs the merchant, and what it is worth to whoever gets it.
  cost_fen bigint not null check (cost_fen >= 0),
  face_fen bigint not null check (face_fen >= 0),
  partner text not null,
  valid_days int not null,
  per_person int not null,
  state text not null check (state in ('draft', 'live', 'paused', 'ended')),
  -- Codes still to be given.
  stock int not null check (stock >= 0),
  issued int not null,
  made_at bigint not null,
  changed_at bigint not null,
  primary key (tenant_id, offer_id)
);

create table offer_code (
  tenant_id bigint not null,
  offer_id uuid not null,
  -- Keyed one-way form: finds duplicates without opening anything.
  code_index text not null,
  sealed bytea not null,
  batch_id uuid not null,
  n int not null,
  -- The partner's own last day, if any.
  expires_at bigint,
  state text not null check (state in ('free', 'issued', 'void')),
  redemption_id uuid,
  primary key (tenant_id, offer_id, code_index)
);
create index offer_code_free on offer_code (tenant_id, offer_id, batch_id, n) where state = 'free';
create index offer_code_redemption on offer_code (tenant_id, redemption_id) where redemption_id is not null;

create table offer_batch (
  tenant_id bigint not null,
  batch_id uuid not null,
  offer_id uuid not null,
  how text not null,
  codes int not null,
  made_by text not null,
  made_at bigint not null,
  primary key (tenant_id, batch_id)
);

create table offer_redemption (
  tenant_id bigint not null,
  redemption_id uuid not null,
  offer_id uuid not null,
  person_id uuid not null,
  key text not null,
  feathers bigint not null,
  cost_fen bigint not null,
  partner text not null,
  redeemed_at bigint not null,
  expires_at bigint not null,
  shown_at bigint,
  shown int not null,
  state text not null check (state in ('issued', 'taken-back')),
  settlement_id uuid,
  primary key (tenant_id, redemption_id),
  unique (tenant_id, person_id, key)
);
create index offer_redemption_offer on offer_redemption (tenant_id, offer_id, redeemed_at);
create index offer_redemption_partner on offer_redemption (tenant_id, partner, redeemed_at);

create table offer_settlement (
  tenant_id bigint not null,
  settlement_id uuid not null,
  partner text not null,
  until bigint not null,
  redemptions int not null,
  amount_fen bigint not null,
  made_by text not null,
  made_at bigint not null,
  primary key (tenant_id, settlement_id)
);

do $$
declare t text;
begin
  foreach t in array array['points_rules', 'points_lot', 'points_spend', 'points_reversal', 'points_penalty', 'points_read', 'points_author', 'points_count', 'points_adjustment', 'points_audit', 'points_line',
                           'offer', 'offer_code', 'offer_batch', 'offer_redemption', 'offer_settlement'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
-- What was given, taken and audited is kept.
revoke delete on points_spend, points_reversal, points_adjustment, points_audit, offer_redemption, offer_settlement from qz_app;
