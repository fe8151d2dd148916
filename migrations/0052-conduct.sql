-- Why: the convention and what follows from it. Its versions, so that an act is judged by the one in force when it was done; every piece as it was judged last;
-- cases with what was seen, who decided and what it led to; penalties that begin and end by their times; appeals; tickets of the feedback door.

-- ---- moderation ----

-- A version is never changed: rules, words, limits and the ladder of penalties as they were in force from effective_at on.
create table convention_version (
  tenant_id bigint not null,
  version int not null,
  effective_at bigint not null,
  body jsonb not null,
  note text not null,
  made_at bigint not null,
  made_by text not null,
  primary key (tenant_id, version)
);

-- What somebody wrote, as judged last: for repetition across accounts, for reports, and to be judged again when a rule changes.
create table judged_piece (
  tenant_id bigint not null,
  piece_kind text not null,
  piece_id text not null,
  version int not null,
  reader_id uuid,
  person_id uuid,
  surface text not null,
  title text not null,
  body text not null,
  links jsonb not null,
  media jsonb not null,
  made_at bigint not null,
  judged_at bigint not null,
  convention int not null,
  -- shown | held | rejected | removed
  state text not null,
  -- Digest of the text as it reads; null when it is too short to mean anything.
  fingerprint text,
  -- It names a way to be reached: phone, id, link.
  contact boolean not null,
  -- Number of reports, and what they weigh.
  reports int not null,
  report_weight real not null,
  primary key (tenant_id, piece_kind, piece_id)
);
create index judged_piece_judged on judged_piece (tenant_id, judged_at);
create index judged_piece_reader on judged_piece (tenant_id, reader_id, made_at);
create index judged_piece_fingerprint on judged_piece (tenant_id, fingerprint, made_at) where fingerprint is not null;

create table moderation_case (
  tenant_id bigint not null,
  case_id uuid not null,
  piece_kind text not null,
  piece_id text not null,
  piece_version int not null,
  reader_id uuid,
  person_id uuid,
  surface text not null,
  made_at bigint not null,
  -- The version in force when it was done; it is judged by this one.
  convention int not null,
  -- The version whose rules found it, when that is a later one: then it may be taken down, not punished.
  found_by int not null,
  -- scan | review | report | rescan | member | platform
  opened_by text not null,
  opened_at bigint not null,
  -- What the machine said: hold | reject; and of which rule.
  machine text not null,
  rule text,
  category int,
  evidence jsonb not null,
  -- Title, text, links and media as they were; emptied when kept long enough.
  snapshot jsonb not null,
  purged_at bigint,
  -- open | second | third | settling | decided | sample | superseded
  state text not null,
  priority int not null,
  queue_at bigint not null,
  claimed_by text,
  claimed_until bigint,
  reports int not null,
  report_weight real not null,
  -- Decision as it stands: pass | reject, by which rule, when it takes effect.
  decision text,
  decided_rule text,
  decided_at bigint,
  settles_at bigint,
  -- What is asked of the ladder: proposed | none; minors: somebody under age is harmed.
  penalty text,
  minors boolean not null,
  -- registered-by-cheating | cheating, when the moderator found it
  cheating text,
  reason text,
  -- A decided case that is looked at again, blindly, to see how far moderators agree.
  sampled boolean not null,
  -- The state of the piece before the decision took effect, so that it can be taken back.
  state_before text,
  restored_at bigint,
  primary key (tenant_id, case_id)
);
create unique index moderation_case_open on moderation_case (tenant_id, piece_kind, piece_id, piece_version) where state in ('open', 'second', 'third', 'settling');
create index moderation_case_queue on moderation_case (tenant_id, state, priority desc, queue_at);
create index moderation_case_reader on moderation_case (tenant_id, reader_id, opened_at);
create index moderation_case_opened on moderation_case (tenant_id, opened_at);
create index moderation_case_decided on moderation_case (tenant_id, decided_at) where decided_at is not null;
create index moderation_case_restored on moderation_case (tenant_id, restored_at) where restored_at is not null;

create table moderation_decision (
  tenant_id bigint not null,
  decision_id uuid not null,
  case_id uuid not null,
  -- 1, 2 or 3: which look.
  seat int not null,
  decided_by text not null,
  decision text not null,
  rule text,
  category int,
  reason text not null,
  decided_at bigint not null,
  -- By the process clock, for the ten seconds in which it can be taken back.
  wall_at bigint not null,
  undone_at bigint,
  primary key (tenant_id, decision_id)
);
create index moderation_decision_case on moderation_decision (tenant_id, case_id, seat);
create index moderation_decision_at on moderation_decision (tenant_id, decided_at);

create table moderation_report (
  tenant_id bigint not null,
  report_id text not null,
  piece_kind text not null,
  piece_id text not null,
  reader_id uuid,
  reason text not null,
  weight real not null,
  reported_at bigint not null,
  -- open | upheld | dismissed
  outcome text not null,
  primary key (tenant_id, report_id)
);
create index moderation_report_piece on moderation_report (tenant_id, piece_kind, piece_id, outcome);
-- How often a reporter was right.
create table moderation_reporter (
  tenant_id bigint not null,
  reader_id uuid not null,
  upheld int not null,
  dismissed int not null,
  primary key (tenant_id, reader_id)
);

create table media_verdict (
  tenant_id bigint not null,
  sha256 text not null,
  -- banned | cleared
  verdict text not null,
  rule text,
  note text not null,
  added_at bigint not null,
  added_by text not null,
  primary key (tenant_id, sha256)
);

create table moderation_rescan (
  tenant_id bigint not null,
  version int not null,
  started_at bigint not null,
  finished_at bigint,
  -- Where it stands, so that it goes on where it stopped.
  at_kind text not null,
  at_id text not null,
  scanned int not null,
  found int not null,
  primary key (tenant_id, version)
);

-- ---- penalty ----

create table penalty (
  tenant_id bigint not null,
  penalty_id uuid not null,
  reader_id uuid not null,
  person_id uuid,
  -- silence-1 | silence-7 | silence-15 | silence-forever | closure
  kind text not null,
  rule text not null,
  rule_zh text not null,
  rule_en text not null,
  category int not null,
  case_id uuid,
  convention int not null,
  -- The reader's own words with the part that was found.
  excerpt jsonb not null,
  -- How it was reckoned: first step, what raised it.
  reckoning jsonb not null,
  reason text not null,
  -- none | freeze | reverse
  feathers text not null,
  starts_at bigint not null,
  ends_at bigint,
  issued_at bigint not null,
  -- Everybody who took part in the decision.
  issued_by jsonb not null,
  ended_at bigint,
  ended_why text,
  ended_by text,
  -- The penalty that this one took the place of, and the one that took its place.
  replaces uuid,
  replaced_by uuid,
  primary key (tenant_id, penalty_id)
);
create index penalty_reader on penalty (tenant_id, reader_id, starts_at);
create index penalty_issued on penalty (tenant_id, issued_at);
create index penalty_case on penalty (tenant_id, case_id) where case_id is not null;

create table appeal (
  tenant_id bigint not null,
  appeal_id uuid not null,
  penalty_id uuid,
  case_id uuid,
  reader_id uuid not null,
  ticket_id uuid,
  body text not null,
  made_at bigint not null,
  due_at bigint not null,
  -- open | escalated | decided
  state text not null,
  -- Nobody but the first reviewer is there: from then on the same may look again, and the decision says so in public.
  same_from bigint not null,
  -- Who decided first: these may not decide the appeal.
  decided_before jsonb not null,
  decision text,
  reason text,
  public_note text,
  decided_at bigint,
  decided_by text,
  missed boolean not null,
  primary key (tenant_id, appeal_id)
);
create unique index appeal_penalty on appeal (tenant_id, penalty_id) where penalty_id is not null;
create unique index appeal_case on appeal (tenant_id, case_id) where case_id is not null and penalty_id is null;
create index appeal_state on appeal (tenant_id, state, due_at);

-- ---- feedback ----

-- Gives the numbers that people quote.
create table ticket_head (
  tenant_id bigint not null,
  last_number int not null,
  primary key (tenant_id)
);
create table ticket (
  tenant_id bigint not null,
  ticket_id uuid not null,
  number int not null,
  -- suggestion | bug | complaint | copyright | counter-notice | appeal
  kind text not null,
  reader_id uuid,
  person_id uuid,
  -- How to reach somebody without an account, sealed.
  contact bytea,
  subject text not null,
  body text not null,
  -- Which piece it is about, the earlier ticket, what a take-down notice must say.
  about jsonb not null,
  parent_id uuid,
  -- open | escalated | accepted | refused | answered | restored
  state text not null,
  opened_at bigint not null,
  due_at bigint not null,
  escalated_at bigint,
  closed_at bigint,
  closed_by text,
  purged_at bigint,
  primary key (tenant_id, ticket_id),
  unique (tenant_id, number)
);
create index ticket_state on ticket (tenant_id, state, due_at);
create index ticket_reader on ticket (tenant_id, reader_id, opened_at);
create table ticket_entry (
  tenant_id bigint not null,
  ticket_id uuid not null,
  entry_no int not null,
  -- reader | staff | house
  by_whom text not null,
  actor text not null,
  body text not null,
  at bigint not null,
  primary key (tenant_id, ticket_id, entry_no)
);

do $$
declare t text;
begin
  foreach t in array array['convention_version', 'judged_piece', 'moderation_case', 'moderation_decision', 'moderation_report', 'moderation_reporter', 'media_verdict', 'moderation_rescan', 'penalty', 'appeal', 'ticket_head', 'ticket', 'ticket_entry'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
-- A version that somebody was judged by stays as it was; penalties and decisions are ended, never erased.
revoke update, delete on convention_version from qz_app;
revoke delete on moderation_decision, penalty, appeal from qz_app;
