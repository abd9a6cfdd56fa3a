-- What SCIM needs besides the identity providers: resources as their provider described them, with what providers look
-- them up by, and the tokens they call with. Person, attributes, groups and principal live in their own tables.

create table scim_token (
  -- SHA-256 of 256 random bits; the token itself is never stored.
  hash bytea primary key,
  provider text not null references identity_provider (name) on delete cascade,
  created_at timestamptz not null default now(),
  -- Set once a newer one replaces it: both serve until then, so that a sync goes on while the new one is pasted.
  expires_at timestamptz,
  -- As of a minute.
  last_used_at timestamptz
);
create index scim_token_provider on scim_token (provider);

create table scim_user (
  person_id bigint primary key references person on delete cascade,
  provider text not null references identity_provider (name),
  -- What makes two user names the same.
  user_name_key text collate "C" not null,
  external_id text collate "C",
  -- Everything but id, schemas, groups and meta.
  resource jsonb not null,
  -- Values of `emails` in lower case: some providers look people up by them.
  email_keys text[] not null default '{}',
  version integer not null default 1,
  -- The provider's version when attributes and principal were last made from this: another mapping reads it anew.
  read_by integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index scim_user_name on scim_user (provider, user_name_key);
create index scim_user_external_id on scim_user (provider, external_id) where external_id is not null;
-- Pages of all people of a provider.
create index scim_user_page on scim_user (provider, person_id);
create index scim_user_email on scim_user using gin (email_keys);

-- Serves "whose is this id of Identity Center?", which is asked whatever its case: of everybody in a sync.
create index principal_center_identifier on principal (lower(identifier)) where kind = 'identityCenterUser';

-- Name and external id are the group's own.
create table scim_group (
  group_id bigint primary key references people_group on delete cascade,
  provider text not null references identity_provider (name),
  name_key text collate "C" not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index scim_group_name on scim_group (provider, name_key);
