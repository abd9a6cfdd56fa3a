-- What people and other systems are told. All of it is written with the change that it tells of; sending comes after.

-- Once for all who are told. Texts are made when it is read or sent.
create table notice (
  id bigint generated always as identity primary key,
  kind text not null,
  about_type text not null,
  about_id text not null,
  facts jsonb not null,
  -- Of a kind, one with the same mark is not told again.
  mark text,
  at timestamptz not null default now()
);
create unique index notice_marked on notice (kind, mark) where mark is not null;
-- What is old enough to go.
create index notice_age on notice (at);

create table inbox (
  person_id bigint not null references person,
  notice_id bigint not null references notice on delete cascade,
  read_at timestamptz,
  -- Read newest first, page by page.
  primary key (person_id, notice_id)
);
create index inbox_unread on inbox (person_id, notice_id) where read_at is null;
create index inbox_notice on inbox (notice_id);

-- What somebody chose; whoever chose nothing for a kind has its default.
create table notification_preference (
  person_id bigint not null references person,
  kind text not null,
  inbox boolean not null,
  email boolean not null,
  primary key (person_id, kind)
);

-- ── E-mail ──────────────────────────────────────────────────────────────────────────────────────────────────────────

create table email_settings (
  only_row boolean primary key default true check (only_row),
  version integer not null default 1,
  enabled boolean not null default false,
  host text,
  port integer not null default 587 check (port between 1 and 65535),
  security text not null default 'starttls' check (security in ('tls', 'starttls', 'none')),
  username text,
  password jsonb,
  -- Whom mails are from, an address alone.
  sender text,
  -- PEM; trusted besides the usual ones.
  ca_certificate text,
  most_per_minute integer not null default 100 check (most_per_minute between 1 and 10000),
  check (not enabled or (host is not null and sender is not null)),
  check ((username is null) = (password is null))
);
insert into email_settings default values;

-- One message to one person, with all that was due to them. Its Message-ID never changes: sent twice, it is the same.
create table mail (
  id bigint generated always as identity primary key,
  person_id bigint not null references person,
  message_id text not null unique,
  state text not null default 'due' check (state in ('due', 'sent', 'failed', 'dropped')),
  attempts integer not null default 0,
  -- When to try; while it is being tried, when to take it that whoever tried is gone.
  next_try_at timestamptz not null default now(),
  -- Of the last attempt that failed; without secrets.
  problem text,
  created_at timestamptz not null default now(),
  tried_at timestamptz,
  sent_at timestamptz
);
create index mail_due on mail (next_try_at) where state = 'due';
create index mail_waiting on mail (person_id) where state = 'due';
-- When somebody was written to last; how many were tried within the minute.
create index mail_person on mail (person_id, created_at);
create index mail_tried on mail (tried_at);

-- What is to be told by e-mail; without a mail: waits for one.
create table mail_item (
  person_id bigint not null references person,
  notice_id bigint not null references notice on delete cascade,
  mail_id bigint references mail on delete cascade,
  primary key (person_id, notice_id)
);
create index mail_item_waiting on mail_item (person_id, notice_id) where mail_id is null;
create index mail_item_of on mail_item (mail_id, notice_id) where mail_id is not null;
create index mail_item_notice on mail_item (notice_id);

-- ── Webhooks ────────────────────────────────────────────────────────────────────────────────────────────────────────

create table webhook (
  id bigint generated always as identity primary key,
  version integer not null default 1,
  name text not null,
  url text not null,
  kinds text[] not null,
  -- `disabled`: by Headgate, after days of failures or a 410; nothing is kept for it. Paused ones catch up.
  state text not null default 'active' check (state in ('active', 'paused', 'disabled')),
  problem text,
  secret jsonb not null,
  -- The one before it, signed with as well for a while.
  old_secret jsonb,
  old_secret_until timestamptz,
  -- Since when no delivery came through.
  failing_since timestamptz,
  created_by bigint references person,
  created_at timestamptz not null default now(),
  check ((old_secret is null) = (old_secret_until is null))
);

create table webhook_delivery (
  id bigint generated always as identity primary key,
  webhook_id bigint not null references webhook on delete cascade,
  -- `webhook-id` of the wire: the same on every attempt, also when it is asked for again.
  message_id text not null unique default 'msg_' || replace(gen_random_uuid()::text, '-', ''),
  -- Nothing: a test.
  notice_id bigint references notice on delete cascade,
  state text not null default 'due' check (state in ('due', 'delivered', 'failed')),
  -- Of the schedule; begins again when it is asked for again.
  attempts integer not null default 0,
  next_try_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  unique (webhook_id, notice_id)
);
create index webhook_delivery_due on webhook_delivery (webhook_id, next_try_at, id) where state = 'due';
create index webhook_delivery_of on webhook_delivery (webhook_id, id);
create index webhook_delivery_notice on webhook_delivery (notice_id);

create table webhook_attempt (
  id bigint generated always as identity primary key,
  delivery_id bigint not null references webhook_delivery on delete cascade,
  at timestamptz not null default now(),
  took_ms integer not null,
  -- Absent where nothing was answered.
  status integer,
  -- The beginning of the answer.
  response text,
  problem text
);
create index webhook_attempt_of on webhook_attempt (delivery_id, id);
