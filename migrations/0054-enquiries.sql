-- Why: who asks a merchant something below an article is a lead, and its source is known: the article, and whose share brought the reader.
create table enquiry (
  tenant_id bigint not null,
  enquiry_id uuid not null,
  article_id uuid not null,
  reader_id uuid,
  person_id uuid,
  -- Whose share brought whoever asks; null: nobody's.
  share_id uuid,
  sharer_person_id uuid,
  -- Name, how to reach them and what they ask: sealed, a purpose for each row.
  sealed bytea not null,
  at bigint not null,
  answered_at bigint,
  answered_by text,
  primary key (tenant_id, enquiry_id)
);
create index enquiry_newest on enquiry (tenant_id, at, enquiry_id);
create index enquiry_person on enquiry (tenant_id, person_id);

do $$
declare t text;
begin
  foreach t in array array['enquiry'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
