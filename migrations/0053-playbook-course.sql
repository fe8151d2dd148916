-- Why: a case may be shown when its merchant agrees; its moves travel as a signed file that can be tried, applied and undone; who learned what is on record.

-- Each yes and each no is a row: the newest of a case counts.
create table case_consent (
  tenant_id bigint not null,
  consent_id uuid not null,
  case_id uuid not null,
  given boolean not null,
  at bigint not null,
  by_whom text not null,
  primary key (tenant_id, consent_id)
);
create index case_consent_case on case_consent (tenant_id, case_id, at, consent_id);

-- What this merchant made for others.
create table playbook (
  tenant_id bigint not null,
  playbook_id uuid not null,
  case_id uuid,
  title text not null,
  -- The signed file as it is given away; never changed.
  file jsonb not null,
  digest text not null,
  made_at bigint not null,
  made_by text not null,
  primary key (tenant_id, playbook_id)
);
-- What this merchant runs, from a file of whoever.
create table playbook_application (
  tenant_id bigint not null,
  application_id uuid not null,
  playbook_id uuid not null,
  title text not null,
  file jsonb not null,
  -- applied | undone
  state text not null,
  -- What each move found and what it wrote: enough to undo it.
  steps jsonb not null,
  start_state jsonb not null,
  applied_at bigint not null,
  applied_by text not null,
  undone_at bigint,
  undone_by text,
  -- too-early | goes-on | stop: the stop rule of the file, judged on this merchant's own closed epochs
  verdict text not null,
  verdict_at bigint not null,
  detail jsonb not null,
  receipt jsonb not null,
  primary key (tenant_id, application_id)
);
-- One at a time of the same playbook.
create unique index playbook_application_open on playbook_application (tenant_id, playbook_id) where state = 'applied';
-- That somebody applied a playbook of ours: signed by the one who did, counted once for each of them.
create table playbook_receipt (
  tenant_id bigint not null,
  playbook_id uuid not null,
  applier text not null,
  applied_at bigint not null,
  received_at bigint not null,
  feathers int not null,
  primary key (tenant_id, playbook_id, applier)
);

create table course (
  tenant_id bigint not null,
  course_id uuid not null,
  title text not null,
  intro text not null,
  -- draft | open | closed
  state text not null,
  made_at bigint not null,
  changed_at bigint not null,
  made_by text not null,
  primary key (tenant_id, course_id)
);
create table course_article (
  tenant_id bigint not null,
  course_id uuid not null,
  position int not null,
  article_id uuid not null,
  primary key (tenant_id, course_id, position),
  unique (tenant_id, course_id, article_id)
);
create index course_article_article on course_article (tenant_id, article_id);
create table course_pass (
  tenant_id bigint not null,
  course_id uuid not null,
  person_id uuid not null,
  reader_id uuid not null,
  passed_at bigint not null,
  primary key (tenant_id, course_id, person_id)
);

do $$
declare t text;
begin
  foreach t in array array['case_consent', 'playbook', 'playbook_application', 'playbook_receipt', 'course', 'course_article', 'course_pass'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
-- Consents and receipts only grow; a playbook that was given away stays as it was.
revoke update, delete on case_consent, playbook, playbook_receipt from qz_app;
