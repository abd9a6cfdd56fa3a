-- The tables of the straight line: what we are told (facts), what we promised AWS (ledger), and what was done (audit).
--
-- Instants are timestamptz. Names that people type are compared byte for byte. Nothing here is ever deleted together
-- with the thing it is about: fact_change and audit_event carry no foreign keys on purpose.

-- One row. Its id is the external id of every role that Headgate assumes, and the tenant tag on every grant.
create table tenant (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz not null default now(),
  only_row boolean not null default true unique check (only_row)
);
insert into tenant default values;

-- ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────────

create table person (
  id bigint generated always as identity primary key,
  -- The user name; free again once the person is deleted, hence the partial index below. Lists go by it, in byte order.
  userid text collate "C" not null,
  name text not null,
  email text,
  kind text not null check (kind in ('person', 'role-user', 'service')),
  disabled boolean not null default false,
  created_at timestamptz not null default now(),
  deleted_at timestamptz
);
create unique index person_userid on person (userid) where deleted_at is null;

create table person_permission (
  person_id bigint not null references person on delete cascade,
  permission text not null,
  primary key (person_id, permission)
);

create table api_key (
  id bigint generated always as identity primary key,
  person_id bigint not null references person on delete cascade,
  name text not null,
  -- SHA-256 of the key; the key itself is never stored.
  hash bytea not null unique,
  -- null: whatever its owner may; otherwise no more than these.
  permissions text[],
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index api_key_person on api_key (person_id);

create table people_group (
  id bigint generated always as identity primary key,
  name text collate "C" not null unique,
  description text not null default '',
  created_at timestamptz not null default now()
);
-- Everyone is in it without a row of `group_member`.
insert into people_group (name, description) values ('All Users', 'Everyone; built in');

create table group_member (
  group_id bigint not null references people_group on delete cascade,
  person_id bigint not null references person on delete cascade,
  source text not null default 'local',
  primary key (group_id, person_id, source)
);
create index group_member_person on group_member (person_id);

-- Effective attributes are the union over sources; a source may only change its own rows.
create table person_attribute (
  person_id bigint not null references person on delete cascade,
  key text not null,
  value text not null,
  source text not null default 'local',
  primary key (person_id, key, value, source)
);

create table group_attribute (
  group_id bigint not null references people_group on delete cascade,
  key text not null,
  value text not null,
  source text not null default 'local',
  primary key (group_id, key, value, source)
);

-- ── Integrations ────────────────────────────────────────────────────────────────────────────────────────────────────

create table integration (
  id bigint generated always as identity primary key,
  -- Tags the Access Grants location in AWS (`headgate:intent`), so that it is recognised after a lost answer.
  intent uuid not null default gen_random_uuid() unique,
  name text not null,
  account_id text not null check (account_id ~ '^[0-9]{12}$'),
  region text not null,
  location_role text not null,
  -- Normalised: `s3://`, `s3://bucket/` or `s3://bucket/prefix/`.
  location_path text not null,
  authentication_type text not null check (authentication_type in ('accessKey', 'auto')),
  access_key_id text,
  -- Envelope-encrypted; see secrets.ts.
  secret_access_key jsonb,
  subsume_equal boolean not null default true,
  status text not null check (status in
    ('creating', 'createError', 'enabled', 'deleting', 'deleteError', 'recurringValidationError', 'deleted')),
  status_message text,
  validation jsonb not null,
  -- AWS's id of the location, once it answered.
  aws_location_id text,
  -- The location role's maximum session, seconds, once read: how long vended credentials may outlive a grant.
  max_session_seconds integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((authentication_type = 'accessKey') = (access_key_id is not null and secret_access_key is not null))
);
-- Both hold for integrations in use only: a deleted one stays readable and blocks nobody.
create unique index integration_path on integration (account_id, region, location_path) where status <> 'deleted';
create unique index integration_name on integration (name) where status <> 'deleted';

-- The AWS identity of a person; without an integration it serves all that have no entry of their own.
create table principal (
  id bigint generated always as identity primary key,
  person_id bigint not null references person on delete cascade,
  kind text not null check (kind in ('iamUser', 'iamRole', 'identityCenterUser')),
  identifier text not null,
  integration_id bigint references integration,
  -- AWS's own unique id (AIDA…, AROA…), where AWS told it.
  unique_id text,
  -- What a user admin should look into, e.g. that AWS does not know the principal yet.
  warning text
);
-- One principal per person and integration; `0` stands for the general entry.
create unique index principal_person on principal (person_id, coalesce(integration_id, 0));
-- Serves the question "whose is this identifier?"; that it is at most one person's is checked under a lock.
create index principal_identifier on principal (identifier);

-- ── Data sources ────────────────────────────────────────────────────────────────────────────────────────────────────

create table tag (
  -- Byte order also serves "a tag and its children" as a range.
  name text collate "C" primary key,
  description text not null default '',
  created_at timestamptz not null default now()
);

create table data_source (
  id bigint generated always as identity primary key,
  name text collate "C" not null,
  description text not null default '',
  integration_id bigint not null references integration,
  -- Copied from the integration, where they never change: two data sources of one account and region never share a scope.
  account_id text not null,
  region text not null,
  -- As the caller sent it.
  prefix text not null,
  bucket text not null,
  -- The key, or what the keys begin with; never the star.
  key text not null,
  kind text not null check (kind in ('bucket', 'prefix', 'object')),
  state text not null default 'active' check (state in ('active', 'disabled', 'deleted')),
  created_by bigint not null references person,
  created_at timestamptz not null default now()
);
create unique index data_source_name on data_source (name) where state <> 'deleted';
create unique index data_source_scope on data_source (account_id, region, bucket, key, kind) where state <> 'deleted';
create index data_source_integration on data_source (integration_id);

create table data_source_tag (
  data_source_id bigint not null references data_source on delete cascade,
  tag text not null references tag,
  primary key (data_source_id, tag)
);
create index data_source_tag_tag on data_source_tag (tag);

create table data_source_owner (
  data_source_id bigint not null references data_source on delete cascade,
  person_id bigint not null references person on delete cascade,
  primary key (data_source_id, person_id)
);
create index data_source_owner_person on data_source_owner (person_id);

create table member (
  id bigint generated always as identity primary key,
  data_source_id bigint not null references data_source on delete cascade,
  person_id bigint references person on delete cascade,
  group_id bigint references people_group on delete cascade,
  level text not null check (level in ('READ', 'WRITE')),
  until timestamptz,
  reason text not null,
  added_by bigint not null references person,
  added_at timestamptz not null default now(),
  check ((person_id is null) <> (group_id is null))
);
create unique index member_person on member (data_source_id, person_id) where person_id is not null;
create unique index member_group on member (data_source_id, group_id) where group_id is not null;
create index member_until on member (until) where until is not null;

-- ── Policies ────────────────────────────────────────────────────────────────────────────────────────────────────────

create table policy (
  id bigint generated always as identity primary key,
  name text collate "C" not null,
  version integer not null default 1,
  state text not null check (state in ('staged', 'active', 'deleted')),
  -- kind, level, appliesTo, who, description, as the API takes them.
  definition jsonb not null,
  protected boolean not null default false,
  created_by bigint references person,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index policy_name on policy (name) where state <> 'deleted';

-- Every version that ever was, with who made it.
create table policy_version (
  policy_id bigint not null references policy,
  version integer not null,
  name text not null,
  state text not null,
  definition jsonb not null,
  created_by bigint references person,
  created_at timestamptz not null default now(),
  primary key (policy_id, version)
);

-- ── Changes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Every change of a fact, in commit order (ids are taken under a lock as the last step before commit; gaps are fine).
-- Never pruned: it is the history that time travel reads. Partitioned by month; the default partition makes sure that
-- a missing month never stops a write.
create table fact_change (
  id bigint not null,
  at timestamptz not null default now(),
  entity text not null,
  entity_id text not null,
  -- The row as it is now; null: gone.
  after jsonb,
  cause text not null,
  actor_id bigint,
  primary key (id, at)
) partition by range (at);
create table fact_change_default partition of fact_change default;
create sequence fact_change_sequence as bigint;

-- Append-only. The canonical text of the event is what a later chain of hashes seals.
create table audit_event (
  sequence bigint generated always as identity primary key,
  id uuid not null unique,
  event_timestamp timestamptz not null,
  action text not null,
  target_type text not null,
  actor_id bigint,
  request_id text,
  event text not null
);
create index audit_event_timestamp on audit_event (event_timestamp);

-- ── Ledger ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Who works on an integration. The epoch rises with every new leader; ledger writes of an older one are refused.
create table leadership (
  integration_id bigint primary key references integration,
  epoch bigint not null default 0,
  -- Set when a leader leaves in order: its successor need not wait for calls in flight.
  released boolean not null default true,
  -- The last change sequence whose effect is in the ledger.
  checkpoint bigint not null default 0,
  -- When the leader last found AWS and the entitlements equal.
  settled_at timestamptz
);

-- One carrying-out of a plan.
create table run (
  id bigint generated always as identity primary key,
  integration_id bigint not null references integration,
  epoch bigint not null,
  -- The change sequence that the plan was made from.
  sequence bigint not null,
  to_create integer not null,
  to_revoke integer not null,
  created integer not null default 0,
  revoked integer not null default 0,
  failed integer not null default 0,
  started_at timestamptz not null default now(),
  finished_at timestamptz
);
create index run_integration on run (integration_id, id desc);

-- Every grant that Headgate ever intended. The row is committed before AWS is called.
create table ledger (
  id bigint generated always as identity primary key,
  -- Tags the grant in AWS (`headgate:intent`): a grant is ours only if its location and this tag say so.
  intent uuid not null default gen_random_uuid() unique,
  integration_id bigint not null references integration,
  data_source_id bigint not null references data_source,
  person_id bigint not null references person,
  grantee_type text not null check (grantee_type in ('IAM', 'DIRECTORY_USER')),
  grantee_id text not null,
  bucket text not null,
  key text not null,
  kind text not null check (kind in ('bucket', 'prefix', 'object')),
  permission text not null check (permission in ('READ', 'READWRITE')),
  state text not null default 'intended' check (state in
    ('intended', 'creating', 'active', 'revoking', 'revoked', 'createFailed', 'revokeFailed', 'waitingForPrincipal',
     'abandoned')),
  aws_grant_id text,
  because jsonb not null,
  cause text not null,
  run_id bigint references run,
  epoch bigint not null,
  -- Calls that AWS answered with a refusal since the row last changed state; drives back-off.
  attempts integer not null default 0,
  next_try_at timestamptz,
  error_code text,
  error_text text,
  created_at timestamptz not null default now(),
  active_at timestamptz,
  revoking_at timestamptz,
  revoked_at timestamptz,
  updated_at timestamptz not null default now()
);
-- What the planner loads: everything of an integration that is not over.
create index ledger_live on ledger (integration_id) where state not in ('revoked', 'abandoned');
-- INVARIANT: never two live rows for one grant in AWS.
create unique index ledger_grant on ledger (integration_id, grantee_type, grantee_id, bucket, key, kind, permission)
  where state not in ('revoked', 'abandoned');
create index ledger_data_source on ledger (data_source_id);
create index ledger_person on ledger (person_id);

-- Facts and audit events wake the change loop of every node at commit.
create function notify_fact_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('fact_change', '');
  return null;
end $$;
create trigger fact_change_notify after insert on fact_change
  for each statement execute function notify_fact_change();
