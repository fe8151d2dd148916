-- Why: where contacts come from and what is said to them. Contacts and follows as the platform shows them, losses as facts that are never taken back,
-- channel codes and touchpoints, the credit of each order, and one door out: every message is a row with the gate's answer before it is a call.

-- One touch per reference: a result polled twice is one touch. Touches only grow.
create unique index touch_ref on touch (tenant_id, ref);
revoke update, delete on touch from qz_app;

create index person_merged on person (tenant_id, merged_into) where merged_into is not null;

-- ---- contacts ----

create table staff (
  tenant_id bigint not null,
  corp_id text not null,
  staff text not null, -- userid
  -- In the list of members with customer contact switched on.
  contact_on boolean not null,
  -- How many contacts the member may hold; the platform does not tell, so it is set by the merchant.
  capacity int not null,
  seen_at bigint not null,
  primary key (tenant_id, corp_id, staff)
);

-- Names and avatars are personal fields of the person; here is only what joins.
create table contact (
  tenant_id bigint not null,
  corp_id text not null,
  external_userid text not null,
  connection_id uuid not null,
  -- 1 WeChat user, 2 WeCom user
  kind int not null,
  has_unionid boolean not null,
  first_seen_at bigint not null,
  read_at bigint not null,
  primary key (tenant_id, corp_id, external_userid)
);

-- A member follows a contact. It holds while lost_at is null or older than followed_at: a contact who comes back is followed anew.
create table follow (
  tenant_id bigint not null,
  corp_id text not null,
  external_userid text not null,
  staff text not null,
  followed_at bigint not null,
  half boolean not null,
  add_way int not null,
  state text not null,
  lost_at bigint,
  lost_by text,
  primary key (tenant_id, corp_id, external_userid, staff)
);
create index follow_staff on follow (tenant_id, corp_id, staff);
create index follow_state on follow (tenant_id, state);

create table contact_loss (
  tenant_id bigint not null,
  corp_id text not null,
  external_userid text not null,
  staff text not null,
  lost_at bigint not null,
  -- contact: deleted us; staff: we deleted; transfer: handed to a colleague
  lost_by text not null,
  -- event | read | send-result: how we learned of it
  evidence text not null,
  -- The follow had ended before: a member cleared away somebody who was gone. No loss, but a place that is free again.
  already boolean not null,
  person_id uuid,
  recorded_at bigint not null,
  -- The touches before it, newest first.
  last_touches jsonb not null,
  primary key (tenant_id, corp_id, external_userid, staff, lost_at)
);
create index contact_loss_at on contact_loss (tenant_id, lost_at);

create table tag (
  tenant_id bigint not null,
  corp_id text not null,
  tag_id text not null,
  group_id text not null,
  group_name text not null,
  name text not null,
  sort int not null,
  deleted boolean not null,
  read_at bigint not null,
  primary key (tenant_id, corp_id, tag_id)
);
create table follow_tag (
  tenant_id bigint not null,
  corp_id text not null,
  external_userid text not null,
  staff text not null,
  tag_id text not null,
  primary key (tenant_id, corp_id, external_userid, staff, tag_id)
);
create index follow_tag_tag on follow_tag (tenant_id, corp_id, tag_id);

-- ---- where they come from ----

create table channel_code (
  tenant_id bigint not null,
  code_id uuid not null,
  connection_id uuid not null,
  corp_id text not null,
  name text not null,
  -- What the code stands for in attribution: 'store', 'parcel card', 'live room 3', …
  channel text not null,
  state text not null,
  staff text[] not null,
  skip_verify boolean not null,
  welcome_text text,
  status text not null, -- making | live | failed | unknown | closing | closed
  config_id text,
  qr_code text,
  error text,
  created_at bigint not null,
  created_by text not null,
  primary key (tenant_id, code_id),
  unique (tenant_id, corp_id, state)
);

create table touchpoint (
  tenant_id bigint not null,
  touchpoint_id uuid not null,
  -- A fact is one touchpoint, whatever is heard how often.
  key text not null,
  person_id uuid not null,
  occurred_at bigint not null,
  channel text not null,
  detail jsonb not null,
  primary key (tenant_id, touchpoint_id),
  unique (tenant_id, key)
);
create index touchpoint_person on touchpoint (tenant_id, person_id, occurred_at);

-- Credit of one order under one model, in billionths that add up to 1,000,000,000, and its money in fen that add up to what was paid.
create table order_credit (
  tenant_id bigint not null,
  shelf text not null,
  order_id text not null,
  model text not null,
  channel text not null,
  billionths bigint not null,
  credit_fen bigint not null,
  paid_at bigint not null,
  primary key (tenant_id, shelf, order_id, model, channel)
);
create index order_credit_paid on order_credit (tenant_id, paid_at);

-- The path an order was credited by, kept so that every model sees the same touchpoints.
create table order_path (
  tenant_id bigint not null,
  shelf text not null,
  order_id text not null,
  person_id uuid not null,
  paid_at bigint not null,
  paid_fen bigint not null,
  -- [{channel, at}] oldest first
  path jsonb not null,
  primary key (tenant_id, shelf, order_id)
);
create index order_path_paid on order_path (tenant_id, paid_at);

-- ---- the one door out ----

create table send_task (
  tenant_id bigint not null,
  task_id uuid not null,
  connection_id uuid not null,
  corp_id text not null,
  staff text not null,
  campaign text not null,
  content jsonb not null,
  targets int not null,
  state text not null, -- queued | waiting | confirmed | cancelled | failed | unknown | expired
  msgid text,
  created_at bigint not null,
  confirmed_at bigint,
  polled_at bigint,
  reminders int not null,
  error text,
  primary key (tenant_id, task_id)
);
create index send_task_campaign on send_task (tenant_id, campaign);

create table outbound_message (
  tenant_id bigint not null,
  message_id uuid not null,
  -- Said once: welcome/<digest of the code>, broadcast/<id>/<contact>, journey/<id>/<event>.
  key text not null,
  campaign text not null,
  purpose text not null, -- welcome | broadcast | journey
  message_kind text not null, -- help | news | sell
  person_id uuid not null,
  corp_id text not null,
  external_userid text not null,
  staff text not null,
  task_id uuid,
  -- refused: the gate said no; missed: too late; not-friend, over-cap: the platform's results 2 and 3
  state text not null, -- refused | queued | sent | missed | not-friend | over-cap | cancelled | failed | unknown
  gate_id text,
  gate_reason text,
  clear_at bigint,
  asked_at bigint not null,
  weight real not null,
  sent_at bigint,
  primary key (tenant_id, message_id),
  unique (tenant_id, key)
);
create index outbound_message_campaign on outbound_message (tenant_id, campaign, state);
create index outbound_message_task on outbound_message (tenant_id, task_id) where task_id is not null;
create index outbound_message_person on outbound_message (tenant_id, person_id, asked_at);
create index outbound_message_contact on outbound_message (tenant_id, corp_id, external_userid);

create table segment (
  tenant_id bigint not null,
  segment_id uuid not null,
  name text not null,
  rules jsonb not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, segment_id)
);

create table broadcast (
  tenant_id bigint not null,
  broadcast_id uuid not null,
  connection_id uuid not null,
  corp_id text not null,
  name text not null,
  message_kind text not null,
  rules jsonb not null,
  content jsonb not null,
  -- draft | held: approved, editable until held_until | sending | done | cancelled
  status text not null,
  created_at bigint not null,
  created_by text not null,
  approved_at bigint,
  approved_by text,
  held_until bigint,
  closed_at bigint,
  primary key (tenant_id, broadcast_id)
);
create index broadcast_created on broadcast (tenant_id, created_at);

create table journey (
  tenant_id bigint not null,
  journey_id uuid not null,
  connection_id uuid not null,
  corp_id text not null,
  name text not null,
  trigger text not null, -- contact.added | order.paid
  -- Only persons of this segment at the moment of sending; null: all.
  rules jsonb,
  wait_ms bigint not null,
  message_kind text not null,
  content jsonb not null,
  status text not null, -- on | off
  created_at bigint not null,
  changed_at bigint not null,
  primary key (tenant_id, journey_id)
);
create table journey_enrolment (
  tenant_id bigint not null,
  journey_id uuid not null,
  -- The event that started it: one enrolment each.
  event_id uuid not null,
  person_id uuid not null,
  entered_at bigint not null,
  due_at bigint not null,
  state text not null, -- waiting | handed | refused | left
  left_why text,
  done_at bigint,
  message_id uuid,
  primary key (tenant_id, journey_id, event_id)
);
create index journey_enrolment_due on journey_enrolment (tenant_id, due_at) where state = 'waiting';

-- Balances beside the ledger: guarded here, checked against the sum of entries.
create table points_account (
  tenant_id bigint not null,
  person_id uuid not null,
  balance bigint not null,
  earned bigint not null,
  spent bigint not null,
  joined_at bigint not null,
  primary key (tenant_id, person_id)
);

-- What an order has earned so far: a refund takes back the difference.
create table points_grant (
  tenant_id bigint not null,
  shelf text not null,
  order_id text not null,
  person_id uuid not null,
  feathers bigint not null,
  postings int not null,
  primary key (tenant_id, shelf, order_id)
);

do $$
declare t text;
begin
  foreach t in array array['staff', 'contact', 'follow', 'contact_loss', 'tag', 'follow_tag', 'channel_code', 'touchpoint', 'order_credit', 'order_path', 'send_task',
                           'outbound_message', 'segment', 'broadcast', 'journey', 'journey_enrolment', 'points_account', 'points_grant'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;
-- Losses are facts.
revoke delete on contact_loss from qz_app;

-- ---- read views: what segments, the warehouse and learn may read of other modules ----

-- A contact with the person it is known to be today; merges and un-merges move the identity, so the view follows.
create view v_contact with (security_invoker = true) as
  select c.tenant_id, c.corp_id, c.external_userid, c.connection_id, c.kind, c.has_unionid, c.first_seen_at, i.person_id
  from contact c join identity i on i.tenant_id = c.tenant_id and i.kind = 'external_userid' and i.scope = c.corp_id and i.value = c.external_userid;
create view v_follow with (security_invoker = true) as
  select f.tenant_id, f.corp_id, f.external_userid, f.staff, f.followed_at, f.half, f.add_way, f.state, f.lost_at, f.lost_by, i.person_id,
    (not f.half and (f.lost_at is null or f.followed_at > f.lost_at)) as active
  from follow f join identity i on i.tenant_id = f.tenant_id and i.kind = 'external_userid' and i.scope = f.corp_id and i.value = f.external_userid;
create view v_follow_tag with (security_invoker = true) as select tenant_id, corp_id, external_userid, staff, tag_id from follow_tag;
create view v_touch with (security_invoker = true) as select tenant_id, seq, person_id, occurred_at, kind, line, direction, weight, reason, ref from touch;
create view v_order with (security_invoker = true) as
  select tenant_id, shelf, order_id, person_id, buyer_unknown, status, placed_at, paid_at, paid_fen, refunded_fen from shop_order;
-- Who turned out to be somebody else: what was booked for the one that is gone belongs to the one that is kept.
create view v_merged with (security_invoker = true) as select tenant_id, person_id, merged_into from person where merged_into is not null;
create view v_points with (security_invoker = true) as select tenant_id, person_id, balance, earned, spent, joined_at from points_account;
create view v_message with (security_invoker = true) as
  select m.tenant_id, m.message_id, m.campaign, m.purpose, m.message_kind, i.person_id, m.staff, m.state, m.gate_reason, m.asked_at, m.weight, m.sent_at
  from outbound_message m join identity i on i.tenant_id = m.tenant_id and i.kind = 'external_userid' and i.scope = m.corp_id and i.value = m.external_userid;
grant select on v_contact, v_follow, v_follow_tag, v_touch, v_order, v_merged, v_points, v_message to qz_app;
