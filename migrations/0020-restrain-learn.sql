-- Why: how much is too much, and what was learned. The gate's answer is a row before any message is a call; who belongs to which dose arm is a row before
-- any touch of the epoch; a plan keeps every contact with its reason, chosen or not; a case keeps what was computed, with its interval.

-- ---- pressure ----

-- Rows that serialise questions about one person: two workers never give away the same last touch.
create table gate_person (
  tenant_id bigint not null,
  person_id uuid not null,
  asked_at bigint not null,
  primary key (tenant_id, person_id)
);
create table gate_answer (
  tenant_id bigint not null,
  gate_id uuid not null,
  -- Of the message for ever: asked once.
  key text not null,
  person_id uuid not null,
  line text not null,
  purpose text not null,
  message_kind text not null,
  campaign text not null,
  corp_id text not null,
  staff text not null,
  asked_at bigint not null,
  -- refused | reserved | sent | released; a reservation past expires_at no longer counts, and still becomes sent when the send is heard of late
  state text not null,
  reason text not null,
  detail jsonb not null,
  clear_at bigint,
  weight real not null,
  expires_at bigint not null,
  settled_at bigint,
  -- The person's arm when asked; null outside an epoch's roster.
  epoch_id uuid,
  dose int,
  primary key (tenant_id, gate_id),
  unique (tenant_id, key)
);
create index gate_answer_person on gate_answer (tenant_id, person_id, asked_at);
create index gate_answer_asked on gate_answer (tenant_id, asked_at);
create table opt_out (
  tenant_id bigint not null,
  person_id uuid not null,
  -- A line, or '*' for all of them.
  line text not null,
  since bigint not null,
  until bigint,
  evidence text not null,
  primary key (tenant_id, person_id, line)
);

-- ---- experiment ----

create table dose_epoch (
  tenant_id bigint not null,
  epoch_id uuid not null,
  n int not null,
  starts_at bigint not null,
  ends_at bigint not null,
  -- Touches per epoch of each arm, ascending, doses[1] = 0 is the holdout.
  doses int[] not null,
  habit_dose int not null,
  -- Fixed at the start: per segment the weights of the arms, usual money and its spread per person and epoch.
  design jsonb not null,
  -- Clip of money per person in fen, fixed before the epoch.
  cap_fen bigint not null,
  roster int not null,
  status text not null, -- running | closed
  closed_at bigint,
  -- As closed: sample ratio, cells.
  result jsonb,
  primary key (tenant_id, epoch_id),
  unique (tenant_id, n)
);
create table dose_assignment (
  tenant_id bigint not null,
  epoch_id uuid not null,
  person_id uuid not null,
  segment int not null,
  arm int not null,
  stratum text not null,
  -- Net revenue of the pre-period, fixed at the assignment.
  pre_fen bigint not null,
  assigned_at bigint not null,
  primary key (tenant_id, epoch_id, person_id)
);
create index dose_assignment_person on dose_assignment (tenant_id, person_id);
-- Sufficient statistics of a closed epoch, per segment and arm, by intention to treat.
create table dose_outcome (
  tenant_id bigint not null,
  epoch_id uuid not null,
  segment int not null,
  arm int not null,
  persons int not null,
  buyers int not null,
  -- Capped and pre-adjusted, fen.
  sum double precision not null,
  sum_squares double precision not null,
  net_fen bigint not null,
  losses int not null,
  touches int not null,
  primary key (tenant_id, epoch_id, segment, arm)
);

-- ---- planner ----

create table plan_campaign (
  tenant_id bigint not null,
  campaign_id uuid not null,
  name text not null,
  message_kind text not null,
  content jsonb not null,
  -- Keys of segments it is for; empty: all.
  segments text[] not null,
  -- Worth of one such touch against an ordinary one, the merchant's estimate.
  lift real not null,
  from_at bigint not null,
  until_at bigint not null,
  created_at bigint not null,
  created_by text not null,
  primary key (tenant_id, campaign_id)
);
create table plan (
  tenant_id bigint not null,
  plan_id uuid not null,
  week_start bigint not null,
  week_end bigint not null,
  made_at bigint not null,
  status text not null, -- draft | held | sending | done | undone | replaced
  -- Totals, bound, limits with their worth in words, counts of reasons.
  summary jsonb not null,
  approved_at bigint,
  approved_by text,
  held_until bigint,
  finished_at bigint,
  primary key (tenant_id, plan_id)
);
create index plan_made on plan (tenant_id, made_at);
create table plan_row (
  tenant_id bigint not null,
  plan_id uuid not null,
  row_no int not null,
  person_id uuid not null,
  corp_id text not null,
  staff text not null,
  -- null: not in the plan
  campaign_id uuid,
  chosen boolean not null,
  segment int not null,
  dose int,
  value_fen double precision not null,
  pressure real not null,
  -- Days after the plan is handed over at which this message goes.
  offset_days int not null,
  -- Code of the reason for being in or out, with what its words need.
  reason text not null,
  detail jsonb not null,
  clear_at bigint,
  -- planned | removed: taken out by hand | handed | refused: the gate said no after all
  state text not null,
  primary key (tenant_id, plan_id, row_no)
);
create index plan_row_person on plan_row (tenant_id, plan_id, person_id);

-- ---- removals: a work list, done by people ----

create table removal_advice (
  tenant_id bigint not null,
  corp_id text not null,
  staff text not null,
  person_id uuid not null,
  advised_at bigint not null,
  -- asked: handed to the colleague; kept: somebody decided to keep the contact; done: the event came
  state text not null,
  reasons jsonb not null,
  value_fen bigint not null,
  changed_at bigint not null,
  changed_by text not null,
  primary key (tenant_id, corp_id, staff, person_id)
);

-- ---- learn ----

create table benchmark_case (
  tenant_id bigint not null,
  case_id uuid not null,
  measured_at bigint not null,
  body jsonb not null,
  kept_by text not null,
  primary key (tenant_id, case_id)
);

do $$
declare t text;
begin
  foreach t in array array['gate_person', 'gate_answer', 'opt_out', 'dose_epoch', 'dose_assignment', 'dose_outcome', 'plan_campaign', 'plan', 'plan_row', 'removal_advice', 'benchmark_case'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
-- What was assigned and what was answered stays.
revoke update, delete on dose_assignment, dose_outcome from qz_app;
revoke delete on gate_answer, dose_epoch from qz_app;

-- ---- read views ----

create view v_gate with (security_invoker = true) as
  select tenant_id, gate_id, person_id, line, purpose, message_kind, campaign, staff, asked_at, state, reason, clear_at, weight, expires_at, epoch_id, dose from gate_answer;
create view v_dose with (security_invoker = true) as
  select a.tenant_id, a.epoch_id, a.person_id, a.segment, a.arm, e.doses[a.arm + 1] as dose, e.starts_at, e.ends_at, e.status
  from dose_assignment a join dose_epoch e on e.tenant_id = a.tenant_id and e.epoch_id = a.epoch_id;
-- Losses with what was said before, for the loss page.
create view v_contact_loss with (security_invoker = true) as
  select tenant_id, corp_id, staff, lost_at, lost_by, evidence, already, person_id, last_touches from contact_loss where person_id is not null;
grant select on v_gate, v_dose, v_contact_loss to qz_app;
