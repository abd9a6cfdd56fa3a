-- Identity providers: who may assert what about whom, and the people and groups they brought.

create table identity_provider (
  id bigint generated always as identity primary key,
  -- What the columns `source`, `provider` and `via` hold, hence it never changes.
  name text not null unique,
  -- The same of two names that cannot be told apart by looking (`lookAlike` of the core).
  look_alike text not null unique,
  -- Switched off, nobody signs in through it and it asserts nothing; what it asserted stays.
  enabled boolean not null default true,
  version integer not null default 1,
  -- What it may assert: attribute keys as they are, groups by patterns with `*` for any run of characters.
  attribute_keys text[] not null default '{}',
  group_patterns text[] not null default '{}',
  -- Signing in by OpenID Connect; null: not through this one. The client's secret is sealed and stands apart.
  oidc jsonb,
  client_secret jsonb,
  -- How attributes of SCIM are read; null: it may not call.
  scim jsonb,
  created_at timestamptz not null default now(),
  check (client_secret is null or oidc is not null)
);

-- ── People ──────────────────────────────────────────────────────────────────────────────────────────────────────────

-- Whom a provider may not enable: an admin disabled them. And the other way round.
alter table person rename column disabled to disabled_locally;
alter table person
  -- Who made them and says whether they are active; null: local.
  add column provider text references identity_provider (name),
  add column active_at_provider boolean not null default true;
alter table person
  add column disabled boolean not null generated always as (disabled_locally or not active_at_provider) stored;
create index person_provider on person (provider) where provider is not null;

-- What somebody is known as at a provider. Gone when the person is deleted.
create table person_identity (
  provider text not null references identity_provider (name),
  person_id bigint not null references person on delete cascade,
  -- The `sub` of OpenID Connect; null: has not signed in through it yet.
  subject text,
  -- The `externalId` of SCIM.
  external_id text,
  since timestamptz not null default now(),
  primary key (provider, person_id)
);
-- Serves sign-in.
create unique index person_identity_subject on person_identity (provider, subject);
create unique index person_identity_external on person_identity (provider, external_id);

-- ── Groups ──────────────────────────────────────────────────────────────────────────────────────────────────────────

alter table people_group
  -- Who made it; null: local.
  add column provider text references identity_provider (name),
  -- What the provider calls it: `name` is `provider/name` where that was taken.
  add column provider_name text,
  -- The `externalId` of SCIM.
  add column external_id text,
  add check ((provider is null) = (provider_name is null)),
  add check (external_id is null or provider is not null);
create unique index people_group_provider_name on people_group (provider, provider_name);
create unique index people_group_external on people_group (provider, external_id);

-- What of one source is looked up by it alone: all that goes with a provider.
create index group_member_source on group_member (source) where source <> 'local';
create index person_attribute_source on person_attribute (source) where source <> 'local';
create index group_attribute_source on group_attribute (source) where source <> 'local';

-- ── Signing in ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- Browsers that were sent to a provider and have not come back. Taken when they do: each serves once.
create table oidc_flow (
  -- SHA-256 of 256 random bits that the browser's cookie holds. State, nonce and PKCE verifier are derived from those.
  hash bytea primary key,
  provider text not null references identity_provider (name) on delete cascade,
  -- The same at both ends, even if the settings change in between.
  redirect_uri text not null,
  -- Where in the app to go afterwards.
  return_to text not null,
  expires_at timestamptz not null
);
create index oidc_flow_expires on oidc_flow (expires_at);
