-- Why: money in depth. Plays (满减, 秒杀, 拼团, 预售, 储值, member prices, coupons) are rows of one engine; what WeChat Pay and the Shop did is kept beside what
-- we booked, so that orders, our ledger and the platform's bills can be laid side by side and every difference be named.

-- What of an order was paid before (stored value, a deposit), and the group or pre-sale it belongs to.
alter table mall_order add column tenders jsonb not null default '[]';
alter table mall_order add column terms jsonb not null default '{}';

create table promotion (
  tenant_id bigint not null,
  promotion_id uuid not null,
  kind text not null, -- full-reduction | coupon | flash | group | presale | member-price | top-up | price-protection
  name text not null,
  state text not null, -- draft | on | off
  rule jsonb not null,
  starts_at bigint not null,
  ends_at bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (tenant_id, promotion_id)
);
create index promotion_on on promotion (tenant_id, state, ends_at);
-- What a play may give away: pieces of a SKU in a flash sale or group, coupons of a stock (sku_id '').
create table promotion_quota (
  tenant_id bigint not null,
  promotion_id uuid not null,
  sku_id text not null,
  quota bigint not null check (quota >= 0),
  taken bigint not null check (taken >= 0 and taken <= quota),
  primary key (tenant_id, promotion_id, sku_id)
);
-- A coupon in somebody's hand.
create table coupon (
  tenant_id bigint not null,
  coupon_id uuid not null,
  promotion_id uuid not null,
  person_id uuid not null,
  -- One claim is one coupon, however often it is sent.
  claim_key text not null,
  state text not null, -- usable | held | used | void
  claimed_at bigint not null,
  valid_from bigint not null,
  valid_to bigint not null,
  order_id text,
  changed_at bigint not null,
  primary key (tenant_id, coupon_id),
  unique (tenant_id, promotion_id, person_id, claim_key)
);
create index coupon_person on coupon (tenant_id, person_id, state, valid_to);
-- What plays took off which order line, and who bears it. Ours, the Shop's and WeChat Pay's alike.
create table promotion_use (
  tenant_id bigint not null,
  shelf text not null,
  order_id text not null,
  line_no int not null,
  -- Of a play of ours; of others the platform's number.
  promotion_id text not null,
  coupon_id text not null,
  kind text not null,
  name text not null,
  sku_id text not null,
  person_id uuid not null,
  quantity int not null,
  bearer text not null, -- merchant | platform | partner
  fen bigint not null,
  state text not null, -- held | used | returned
  at bigint not null,
  primary key (tenant_id, shelf, order_id, line_no, promotion_id, coupon_id)
);
create index promotion_use_by on promotion_use (tenant_id, promotion_id, state);
create index promotion_use_person on promotion_use (tenant_id, person_id, promotion_id);

create table group_buy (
  tenant_id bigint not null,
  group_id uuid not null,
  promotion_id uuid not null,
  sku_id uuid not null,
  size int not null,
  state text not null, -- open | formed | failed
  started_at bigint not null,
  expires_at bigint not null,
  ended_at bigint,
  primary key (tenant_id, group_id)
);
create index group_buy_open on group_buy (tenant_id, promotion_id, state, expires_at);
create table group_member (
  tenant_id bigint not null,
  group_id uuid not null,
  order_id text not null,
  person_id uuid not null,
  leader boolean not null,
  state text not null, -- unpaid | paid | left | refunded
  joined_at bigint not null,
  primary key (tenant_id, group_id, order_id)
);
create index group_member_order on group_member (tenant_id, order_id);

create table presale_deposit (
  tenant_id bigint not null,
  deposit_id text not null, -- also the number of its payment
  promotion_id uuid not null,
  person_id uuid not null,
  sku_id uuid not null,
  quantity int not null,
  deposit_fen bigint not null,
  -- What the deposit counts for when the rest is paid (定金膨胀).
  worth_fen bigint not null,
  price_fen bigint not null,
  state text not null, -- unpaid | paid | used | done | forfeited | refunded | closed
  balance_from bigint not null,
  balance_to bigint not null,
  order_id text,
  made_at bigint not null,
  changed_at bigint not null,
  primary key (tenant_id, deposit_id)
);
create index presale_person on presale_deposit (tenant_id, person_id, state);

-- Stored value is a debt to the person: the sums of the ledger accounts stored:<person> and stored-gift:<person>, kept here for locking.
create table stored_value (
  tenant_id bigint not null,
  person_id uuid not null,
  principal_fen bigint not null check (principal_fen >= 0),
  gift_fen bigint not null check (gift_fen >= 0),
  changed_at bigint not null,
  primary key (tenant_id, person_id)
);
create table stored_hold (
  tenant_id bigint not null,
  order_id text not null,
  person_id uuid not null,
  principal_fen bigint not null,
  gift_fen bigint not null,
  returned_fen bigint not null,
  state text not null, -- held | spent | released
  at bigint not null,
  primary key (tenant_id, order_id)
);

-- Payments that are no order of goods: top-ups of stored value, deposits of a pre-sale. bill_id is the out_trade_no.
create table pay_bill (
  tenant_id bigint not null,
  bill_id text not null,
  kind text not null, -- top-up | deposit
  person_id uuid not null,
  buyer text not null,
  client_key text not null,
  mini_connection_id uuid not null,
  pay_connection_id uuid not null,
  title text not null,
  amount_fen bigint not null,
  refunded_fen bigint not null,
  state text not null, -- unpaid | paid | closed
  terms jsonb not null,
  made_at bigint not null,
  expires_at bigint not null,
  paid_at bigint,
  transaction_id text,
  primary key (tenant_id, bill_id),
  unique (tenant_id, buyer, client_key)
);
-- Other numbers under which an order or bill was made known to WeChat Pay: one number is one way of paying (pay sheet 5, re-entry).
create table pay_attempt (
  tenant_id bigint not null,
  number text not null,
  target text not null, -- order or bill
  way text not null, -- h5 | native | app
  pay_connection_id uuid not null,
  amount_fen bigint not null,
  state text not null, -- open | paid | closed
  made_at bigint not null,
  paid_at bigint,
  transaction_id text,
  primary key (tenant_id, number)
);
create index pay_attempt_target on pay_attempt (tenant_id, target);
-- Money on its way back through WeChat Pay or to a balance; for orders beside the row of the order book.
create table pay_refund (
  tenant_id bigint not null,
  refund_id text not null,
  target text not null,
  number text not null, -- out_trade_no it is taken from
  amount_fen bigint not null,
  pay_fen bigint not null,
  state text not null, -- pending | done | refused | abnormal
  reason text not null,
  requested_at bigint not null,
  finished_at bigint,
  primary key (tenant_id, refund_id)
);
create index pay_refund_target on pay_refund (tenant_id, target);
-- What WeChat Pay reported and was not booked: another amount, another currency, a payment twice, a number nobody knows.
create table pay_alarm (
  tenant_id bigint not null,
  alarm_id uuid not null,
  key text not null,
  kind text not null,
  number text not null,
  detail jsonb not null,
  raised_at bigint not null,
  cleared_at bigint,
  note text,
  actor text,
  primary key (tenant_id, alarm_id),
  unique (tenant_id, key)
);
create index pay_alarm_open on pay_alarm (tenant_id, raised_at) where cleared_at is null;
-- Who asked for an invoice; title, tax number and address are sealed fields of the person.
create table invoice_request (
  tenant_id bigint not null,
  order_id text not null,
  person_id uuid not null,
  title_kind text not null, -- person | company
  amount_fen bigint not null,
  asked_at bigint not null,
  exported_at bigint,
  issued_at bigint,
  invoice_no text,
  primary key (tenant_id, order_id)
);

-- Bill files as downloaded, with their rows. kind: trade | fund.
create table pay_statement (
  tenant_id bigint not null,
  connection_id uuid not null,
  day text not null, -- 2026-06-25, of Asia/Shanghai
  kind text not null,
  state text not null, -- ready | none
  rows int not null,
  paid_fen bigint not null,
  refunded_fen bigint not null,
  fee_fen bigint not null,
  hash text not null,
  fetched_at bigint not null,
  primary key (tenant_id, connection_id, day, kind)
);
create table pay_statement_row (
  tenant_id bigint not null,
  connection_id uuid not null,
  day text not null, -- 2026-06-25, of Asia/Shanghai
  kind text not null,
  n int not null,
  what text not null, -- payment | refund | fee | fee-back | split | split-back | transfer | transfer-back | other
  number text not null, -- ours
  platform_no text not null,
  order_no text not null,
  amount_fen bigint not null,
  fee_fen bigint not null,
  at bigint not null,
  label text not null,
  primary key (tenant_id, connection_id, day, kind, n)
);
create index pay_statement_number on pay_statement_row (tenant_id, number);
-- Movements of the Shop's own wallet (shop sheet 12).
create table shop_fund (
  tenant_id bigint not null,
  connection_id uuid not null,
  flow_id text not null,
  funds_type int not null,
  direction int not null, -- 1 in, 2 out
  amount_fen bigint not null,
  balance_fen bigint not null,
  order_id text not null,
  aftersale_id text not null,
  remark text not null,
  at bigint not null,
  read_at bigint not null,
  primary key (tenant_id, connection_id, flow_id)
);
create index shop_fund_order on shop_fund (tenant_id, order_id);
create index shop_fund_at on shop_fund (tenant_id, at);
-- What orders, ledger and bill do not agree on, with the explanation; a work list until explained or settled.
create table money_difference (
  tenant_id bigint not null,
  shelf text not null,
  day text not null, -- 2026-06-25, of Asia/Shanghai
  what text not null, -- payment | refund | balance
  number text not null,
  kind text not null,
  state text not null, -- open | explained | settled
  order_fen bigint,
  ledger_fen bigint,
  bill_fen bigint,
  detail jsonb not null,
  found_at bigint not null,
  changed_at bigint not null,
  note text,
  actor text,
  primary key (tenant_id, shelf, what, number)
);
create index money_difference_open on money_difference (tenant_id, day) where state = 'open';
create table money_day (
  tenant_id bigint not null,
  shelf text not null,
  account text not null, -- connection id
  day text not null, -- 2026-06-25, of Asia/Shanghai
  orders int not null,
  matched int not null,
  differing int not null,
  paid_fen bigint not null,
  refunded_fen bigint not null,
  fee_fen bigint not null,
  checked_at bigint not null,
  primary key (tenant_id, shelf, account, day)
);

-- Profit sharing: who may receive, and what of which order.
create table share_partner (
  tenant_id bigint not null,
  partner_id uuid not null,
  name text not null,
  receiver text not null, -- MERCHANT_ID | PERSONAL_OPENID
  -- Merchant number, or '' for a person: the openid is looked up when it is needed.
  account text not null,
  person_id uuid,
  relation text not null,
  rate_bp int not null check (rate_bp between 0 and 10000),
  -- all: every order; referred: orders of people who came by this person's code.
  scope text not null,
  state text not null, -- on | off
  added_at bigint,
  created_at bigint not null,
  primary key (tenant_id, partner_id)
);
create table share_order (
  tenant_id bigint not null,
  order_id text not null, -- also the start of out_order_no
  transaction_id text not null,
  pay_connection_id uuid not null,
  state text not null, -- waiting | sent | done | failed | nothing
  receivers jsonb not null,
  total_fen bigint not null,
  returned_fen bigint not null,
  due_at bigint not null,
  sent_at bigint,
  finished_at bigint,
  error text,
  primary key (tenant_id, order_id)
);
-- Transfers to a person, who confirms in WeChat (商家转账).
create table cash_transfer (
  tenant_id bigint not null,
  transfer_id text not null, -- out_bill_no
  client_key text not null,
  person_id uuid not null,
  pay_connection_id uuid not null,
  mini_connection_id uuid not null,
  kind text not null, -- reward | commission
  amount_fen bigint not null,
  remark text not null,
  state text not null, -- made | wait-confirm | done | failed | cancelled | unknown
  platform_no text not null,
  -- For wx.requestMerchantTransfer; worth nothing once confirmed.
  package text not null,
  error text,
  actor text not null,
  made_at bigint not null,
  confirm_by bigint,
  finished_at bigint,
  primary key (tenant_id, transfer_id),
  unique (tenant_id, client_key)
);
create index cash_transfer_person on cash_transfer (tenant_id, person_id, state);

do $$
declare t text;
begin
  foreach t in array array['promotion', 'promotion_quota', 'coupon', 'promotion_use', 'group_buy', 'group_member', 'presale_deposit', 'stored_value', 'stored_hold', 'pay_bill', 'pay_attempt', 'pay_refund', 'pay_alarm', 'invoice_request',
    'pay_statement', 'pay_statement_row', 'shop_fund', 'money_difference', 'money_day', 'share_partner', 'share_order', 'cash_transfer'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy tenant_only on %I to qz_app using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint) with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::bigint)', t);
    execute format('grant select, insert, update, delete on %I to qz_app', t);
  end loop;
end $$;

-- Refunds that are under way keep their place.
insert into pay_refund (tenant_id, refund_id, target, number, amount_fen, pay_fen, state, reason, requested_at)
select tenant_id, refund_id, order_id, order_id, amount_fen, amount_fen, 'pending', reason, requested_at from refund where shelf = 'mall' and status = 'pending';
