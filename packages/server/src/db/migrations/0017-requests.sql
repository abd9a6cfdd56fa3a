-- Requests for access: what was asked, how it was decided, what was said about it. Nothing here is ever deleted.

create table request (
  id bigint generated always as identity primary key,
  -- What for: a data product, or a data source by a policy that opens requests.
  product_id text collate "C" references data_product,
  data_source_id bigint references data_source,
  policy_id bigint references policy,
  policy_version integer,
  -- What it was called then.
  name text not null,
  requester_id bigint not null references person,
  beneficiary_id bigint not null references person,
  -- What let the requester ask for somebody else.
  on_behalf text check (on_behalf in ('role-user', 'service')),
  level text not null check (level in ('READ', 'WRITE')),
  -- Null: without an end.
  asked_ms bigint check (asked_ms > 0),
  -- Asked for while let in already.
  extension boolean not null,
  -- Frozen: the versions that counted when it was asked.
  form_id bigint not null references template,
  form_version integer not null,
  flow_id bigint references template,
  flow_version integer,
  -- Place of the rule that held, from 0; null: none of them.
  rule integer,
  answers jsonb not null,
  -- Accepted: id, version and name of each.
  agreements jsonb not null,
  -- Whom an approval reaches by the beneficiary's principals, as known when it was asked.
  advice jsonb not null,
  -- As of the version of the flow; none: approved at once.
  stages jsonb not null,
  stage integer not null default 0,
  state text not null default 'pending'
    check (state in ('pending', 'approved', 'denied', 'canceled', 'expired', 'revoked')),
  created_at timestamptz not null default now(),
  -- When it is over if nobody decides.
  expires_at timestamptz not null,
  decided_at timestamptz,
  -- Approved: the first instant without access; null: no end.
  until timestamptz,
  -- When and why it was over, and by whom; without anybody: by itself.
  ended_at timestamptz,
  ended_by bigint references person,
  ended_reason text,
  -- The last reminder; the stage for which nobody was left; the last notice of its end, in days before.
  reminded_at timestamptz not null default now(),
  stuck_stage integer,
  told_days integer,
  idempotency_key text,
  idempotency_hash bytea,
  check ((product_id is null) <> (data_source_id is null)),
  check ((data_source_id is null) = (policy_id is null)),
  check ((decided_at is null) or state not in ('pending', 'canceled')),
  check ((idempotency_key is null) = (idempotency_hash is null))
);
create unique index request_once on request (requester_id, idempotency_key) where idempotency_key is not null;
-- One waits at a time for a person, a thing and a level.
create unique index request_waiting on request (
  beneficiary_id, coalesce(product_id, data_source_id::text), (product_id is null), level) where state = 'pending';
-- Lists, newest first.
create index request_requester on request (requester_id, id);
create index request_beneficiary on request (beneficiary_id, id);
create index request_product on request (product_id, id) where product_id is not null;
create index request_data_source on request (data_source_id, id) where data_source_id is not null;
create index request_pending on request (id) where state = 'pending';
-- What the clock looks for.
create index request_expiring on request (expires_at) where state = 'pending';
create index request_reminding on request (reminded_at) where state = 'pending';
create index request_ending on request (until) where state = 'approved' and until is not null;

-- Never changed.
create table request_decision (
  request_id bigint not null references request,
  number integer not null,
  stage integer not null,
  by_id bigint not null references person,
  verdict text not null check (verdict in ('approve', 'deny')),
  -- Places in the stage of what made them eligible, and how people say it.
  criteria integer[] not null,
  criteria_text text[] not null,
  reason text,
  -- For no longer than that; neither: as was asked for.
  for_ms bigint check (for_ms > 0),
  without_end boolean not null default false,
  at timestamptz not null default now(),
  primary key (request_id, number),
  unique (request_id, stage, by_id),
  check (for_ms is null or not without_end)
);
create index request_decision_by on request_decision (by_id, request_id);

create table request_comment (
  id bigint generated always as identity primary key,
  request_id bigint not null references request,
  by_id bigint not null references person,
  text text not null,
  at timestamptz not null default now()
);
create index request_comment_of on request_comment (request_id, id);

-- A member by an approved request stands beside one that was added by hand: neither undoes the other.
alter table member add column request_id bigint references request;
drop index member_person;
create unique index member_person on member (data_source_id, person_id) where person_id is not null and request_id is null;
create unique index member_request on member (request_id) where request_id is not null;
create index member_of_person on member (data_source_id, person_id) where person_id is not null;
