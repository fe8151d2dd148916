-- Why: the community. Images with where they are from; readers with their sessions and proofs; articles with versions, sales and what authors are owed;
-- comments, ratings, favourites, follows, shares, reads and reports.

-- Images, cleaned; named by what they are.
create table media (
  tenant_id bigint not null,
  sha256 text not null,
  content_type text not null,
  bytes bigint not null,
  width int not null,
  height int not null,
  body bytea not null,
  source text not null,
  licence text not null,
  -- Who brought it: reader:<id> or staff:<login>.
  added_by text not null,
  added_at bigint not null,
  -- Not served any more.
  blocked_at bigint,
  primary key (tenant_id, sha256)
);
create index media_added on media (tenant_id, added_at);

create table reader (
  tenant_id bigint not null,
  reader_id uuid not null,
  person_id uuid not null,
  kind text not null,
  name text not null,
  bio text not null,
  avatar text,
  contact_media text,
  state text not null,
  phone_at bigint,
  show_reads boolean not null,
  notices jsonb not null,
  followers bigint not null,
  profile_version int not null,
  created_at bigint not null,
  created_surface text not null,
  closed_at bigint,
  primary key (tenant_id, reader_id),
  unique (tenant_id, person_id)
);

-- What a reader wants to be called, judged; the last that passed stands in reader.
create table reader_profile (
  tenant_id bigint not null,
  reader_id uuid not null,
  version int not null,
  name text not null,
  bio text not null,
  avatar text,
  contact_media text,
  -- shown, held, rejected, removed
  state text not null,
  case_id uuid,
  rule text,
  written_at bigint not null,
  primary key (tenant_id, reader_id, version)
);

create table reader_session (
  tenant_id bigint not null,
  -- SHA-256 of the token.
  digest text not null,
  reader_id uuid not null,
  surface text not null,
  device_key text not null,
  created_at bigint not null,
  expires_at bigint not null,
  primary key (tenant_id, digest)
);
create index reader_session_reader on reader_session (tenant_id, reader_id);
create index reader_session_expires on reader_session (tenant_id, expires_at);

-- A code sent to a phone: the phone by its keyed one-way form, the code by its digest.
create table reader_code (
  tenant_id bigint not null,
  phone_index text not null,
  digest text not null,
  attempts int not null,
  sent int not null,
  -- Since when `sent` counts.
  window_at bigint not null,
  sent_at bigint not null,
  expires_at bigint not null,
  primary key (tenant_id, phone_index)
);

-- Who used which browser or phone: two accounts on one are linked.
create table reader_device (
  tenant_id bigint not null,
  device_key text not null,
  reader_id uuid not null,
  first_at bigint not null,
  primary key (tenant_id, device_key, reader_id)
);
create index reader_device_reader on reader_device (tenant_id, reader_id);

-- Accounts known to be of one person, in both directions.
create table reader_link (
  tenant_id bigint not null,
  reader_id uuid not null,
  other_id uuid not null,
  -- person, phone, device
  how text not null,
  linked_at bigint not null,
  primary key (tenant_id, reader_id, other_id, how)
);

create table reader_acceptance (
  tenant_id bigint not null,
  reader_id uuid not null,
  version int not null,
  accepted_at bigint not null,
  surface text not null,
  primary key (tenant_id, reader_id, version)
);

create table article (
  tenant_id bigint not null,
  article_id uuid not null,
  slug text not null,
  author_reader_id uuid not null,
  -- unpublished, published, withdrawn, removed, deleted
  state text not null,
  -- The newest version, and the one that readers see.
  latest_version int not null,
  version int,
  title text not null,
  summary text not null,
  cover text,
  topics text[] not null,
  minutes int not null,
  has_case boolean not null,
  failed_case boolean not null,
  price_feathers int,
  price_fen bigint,
  published_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  -- Counters; kept here so that a list is one statement.
  reads bigint not null,
  kept_reads bigint not null,
  comments bigint not null,
  favourites bigint not null,
  shares bigint not null,
  sales bigint not null,
  ratings bigint not null,
  -- Thousandths: of a vote, and of a star times a vote.
  rating_weight bigint not null,
  rating_sum bigint not null,
  -- The mean in thousandths of a star, as shown.
  rating bigint not null,
  -- Natural logarithm of the decayed sum of what happened, as of the epoch: it orders without being refreshed.
  heat double precision not null,
  primary key (tenant_id, article_id),
  unique (tenant_id, slug)
);
create index article_newest on article (tenant_id, published_at desc, article_id desc) where state = 'published';
create index article_popular on article (tenant_id, heat desc, article_id desc) where state = 'published';
create index article_rated on article (tenant_id, rating desc, article_id desc) where state = 'published';
create index article_author on article (tenant_id, author_reader_id, published_at desc, article_id desc);
create index article_updated on article (tenant_id, updated_at desc, article_id desc);

create table article_topic (
  tenant_id bigint not null,
  topic text not null,
  article_id uuid not null,
  published_at bigint not null,
  primary key (tenant_id, topic, article_id)
);
create index article_topic_newest on article_topic (tenant_id, topic, published_at desc, article_id desc);
create index article_topic_recent on article_topic (tenant_id, published_at desc, article_id desc);

create table article_version (
  tenant_id bigint not null,
  article_id uuid not null,
  version int not null,
  state text not null,
  title text not null,
  summary text not null,
  cover text,
  topics text[] not null,
  blocks jsonb not null,
  -- What a reader sees, without markup; for judging, search and the difference of two versions.
  body_text text not null,
  price_feathers int,
  price_fen bigint,
  written_by text not null,
  written_at bigint not null,
  submitted_at bigint,
  decided_at bigint,
  decided_by text,
  reason text,
  case_id uuid,
  rule text,
  scheduled_at bigint,
  published_at bigint,
  primary key (tenant_id, article_id, version)
);
create index article_version_open on article_version (tenant_id, state, article_id) where state not in ('published', 'superseded');

create table quiz_answer (
  tenant_id bigint not null,
  article_id uuid not null,
  person_id uuid not null,
  reader_id uuid not null,
  tries int not null,
  last_at bigint not null,
  retry_at bigint,
  passed_at bigint,
  version int not null,
  surface text not null,
  primary key (tenant_id, article_id, person_id)
);
create index quiz_answer_reader on quiz_answer (tenant_id, person_id, passed_at);

create table article_sale (
  tenant_id bigint not null,
  sale_id uuid not null,
  article_id uuid not null,
  version int not null,
  title text not null,
  reader_id uuid not null,
  buyer_person_id uuid not null,
  author_reader_id uuid not null,
  author_person_id uuid not null,
  feathers int not null,
  amount_fen bigint not null,
  -- What of it is the author's.
  author_feathers int not null,
  author_fen bigint not null,
  -- unpaid, paid, refunding, refunded, closed
  state text not null,
  surface text not null,
  created_at bigint not null,
  expires_at bigint,
  paid_at bigint,
  -- From when the author's part can be paid out, and the buyer can no longer give back.
  settles_at bigint,
  -- The bill at payment; null when feathers paid.
  bill_id text,
  refund_reason text,
  refunded_at bigint,
  primary key (tenant_id, sale_id)
);
-- One living sale of an article for one person.
create unique index article_sale_living on article_sale (tenant_id, article_id, buyer_person_id) where state in ('unpaid', 'paid', 'refunding');
create index article_sale_buyer on article_sale (tenant_id, buyer_person_id, created_at desc, sale_id desc);
create index article_sale_author on article_sale (tenant_id, author_person_id, created_at desc, sale_id desc);

create table payout (
  tenant_id bigint not null,
  payout_id uuid not null,
  person_id uuid not null,
  reader_id uuid not null,
  amount_fen bigint not null,
  -- asked, paid, refused
  state text not null,
  asked_at bigint not null,
  decided_at bigint,
  decided_by text,
  -- How it was paid: the number of the transfer.
  proof text,
  reason text,
  primary key (tenant_id, payout_id)
);
create index payout_person on payout (tenant_id, person_id, asked_at desc);
create index payout_open on payout (tenant_id, asked_at) where state = 'asked';

-- An article on its way to the Official Account.
create table article_push (
  tenant_id bigint not null,
  push_id uuid not null,
  article_id uuid not null,
  version int not null,
  connection_id uuid not null,
  -- images, draft, publishing, published, failed, taken-down
  state text not null,
  -- sha256 of an image to the platform's address of it
  images jsonb not null,
  thumb_media_id text,
  media_id text,
  publish_id text,
  platform_article_id text,
  url text,
  -- What the platform said last.
  code text,
  detail text,
  created_at bigint not null,
  updated_at bigint not null,
  created_by text not null,
  primary key (tenant_id, push_id)
);
create index article_push_article on article_push (tenant_id, article_id, created_at desc);
create index article_push_publish on article_push (tenant_id, publish_id);

create table article_comment (
  tenant_id bigint not null,
  comment_id uuid not null,
  article_id uuid not null,
  parent_id uuid,
  root_id uuid not null,
  reader_id uuid not null,
  person_id uuid not null,
  surface text not null,
  -- pending, approved, rejected, removed, erased
  state text not null,
  body text not null,
  replies int not null,
  case_id uuid,
  rule text,
  reason text,
  created_at bigint not null,
  decided_at bigint,
  decided_by text,
  primary key (tenant_id, comment_id)
);
create index article_comment_roots on article_comment (tenant_id, article_id, created_at desc, comment_id desc) where parent_id is null and state in ('approved', 'removed');
create index article_comment_thread on article_comment (tenant_id, root_id, created_at, comment_id) where parent_id is not null;
create index article_comment_reader on article_comment (tenant_id, reader_id, created_at desc, comment_id desc);
create index article_comment_desk on article_comment (tenant_id, state, created_at desc, comment_id desc);

create table article_rating (
  tenant_id bigint not null,
  article_id uuid not null,
  reader_id uuid not null,
  person_id uuid not null,
  stars int not null,
  -- Thousandths of a vote.
  weight int not null,
  -- When the weight may grow.
  ripens_at bigint,
  rated_at bigint not null,
  surface text not null,
  primary key (tenant_id, article_id, reader_id)
);
create index article_rating_ripens on article_rating (tenant_id, ripens_at) where ripens_at is not null;
create index article_rating_reader on article_rating (tenant_id, reader_id);

create table favourite (
  tenant_id bigint not null,
  reader_id uuid not null,
  article_id uuid not null,
  added_at bigint not null,
  primary key (tenant_id, reader_id, article_id)
);
create index favourite_newest on favourite (tenant_id, reader_id, added_at desc, article_id desc);

create table reader_follow (
  tenant_id bigint not null,
  reader_id uuid not null,
  author_id uuid not null,
  followed_at bigint not null,
  primary key (tenant_id, reader_id, author_id)
);
create index reader_follow_author on reader_follow (tenant_id, author_id, followed_at desc);

create table article_share (
  tenant_id bigint not null,
  share_id uuid not null,
  token text not null,
  article_id uuid not null,
  reader_id uuid not null,
  person_id uuid not null,
  surface text not null,
  opened bigint not null,
  created_at bigint not null,
  primary key (tenant_id, share_id),
  unique (tenant_id, token),
  unique (tenant_id, article_id, reader_id, surface)
);

-- Articles that somebody read to the end, once for each who read. `keeper`: the reader, or the device of nobody known.
create table kept_read (
  tenant_id bigint not null,
  article_id uuid not null,
  keeper text not null,
  reader_id uuid,
  person_id uuid,
  device_key text not null,
  share_id uuid,
  surface text not null,
  read_at bigint not null,
  primary key (tenant_id, article_id, keeper)
);
create index kept_read_reader on kept_read (tenant_id, reader_id, read_at desc) where reader_id is not null;

create table piece_report (
  tenant_id bigint not null,
  piece_kind text not null,
  piece_id uuid not null,
  reader_id uuid not null,
  report_id uuid not null,
  reason text not null,
  detail text not null,
  surface text not null,
  reported_at bigint not null,
  primary key (tenant_id, piece_kind, piece_id, reader_id)
);
create index piece_report_newest on piece_report (tenant_id, reported_at desc);

do $$
declare t text;
begin
  foreach t in array array['media', 'reader', 'reader_profile', 'reader_session', 'reader_code', 'reader_device', 'reader_link', 'reader_acceptance', 'article', 'article_topic', 'article_version', 'quiz_answer', 'article_sale', 'payout', 'article_push', 'article_comment', 'article_rating', 'favourite', 'reader_follow', 'article_share', 'kept_read', 'piece_report'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;

-- What later stages may read.
create view v_reader with (security_invoker = true) as select tenant_id, reader_id, person_id, kind, name, bio, avatar, contact_media, state, phone_at, created_at, closed_at from reader;
create view v_article with (security_invoker = true) as select tenant_id, article_id, slug, author_reader_id, state, version, title, published_at, updated_at, price_feathers, price_fen, kept_reads, comments, rating from article;
create view v_quiz with (security_invoker = true) as select tenant_id, article_id, person_id, passed_at, tries from quiz_answer;
grant select on v_reader, v_article, v_quiz to qz_app;
