-- Domains with the rights in them, policies of a domain or of one data source, data owners' picks, subscriptions.

create table domain (
  -- What policies name, so it never changes.
  name text collate "C" primary key,
  description text not null default '',
  created_at timestamptz not null default now()
);

-- A data source that carries one of these tags, or a child of one, is in the domain.
create table domain_tag (
  domain text collate "C" not null references domain on delete cascade,
  tag text collate "C" not null references tag,
  primary key (domain, tag)
);
create index domain_tag_tag on domain_tag (tag);

-- Those put in by hand.
create table data_source_domain (
  data_source_id bigint not null references data_source on delete cascade,
  domain text collate "C" not null references domain,
  primary key (data_source_id, domain)
);
create index data_source_domain_domain on data_source_domain (domain);

create table domain_right (
  domain text collate "C" not null references domain on delete cascade,
  person_id bigint references person on delete cascade,
  group_id bigint references people_group on delete cascade,
  "right" text not null check ("right" in ('MANAGE_POLICIES', 'MANAGE_DATA_PRODUCTS', 'AUDIT_ACTIVITY')),
  check ((person_id is null) <> (group_id is null))
);
-- Both also serve the question of every call: what may this person do where?
create unique index domain_right_person on domain_right (person_id, domain, "right") where person_id is not null;
create unique index domain_right_group on domain_right (group_id, domain, "right") where group_id is not null;
create index domain_right_domain on domain_right (domain);

-- The reach of a policy's authority, the same for all its versions: global where both are null.
-- No reference to the domain: the history of a deleted policy outlives it.
alter table policy
  add column domain text collate "C",
  add column data_source_id bigint references data_source,
  add check (domain is null or data_source_id is null);
create index policy_domain on policy (domain) where domain is not null;
create index policy_data_source on policy (data_source_id) where data_source_id is not null;

-- What every definition says from now on.
update policy set definition = '{"subscribe": "automatic", "discoverable": false}'::jsonb || definition
where jsonb_typeof(definition) = 'object';
update policy_version set definition = '{"subscribe": "automatic", "discoverable": false}'::jsonb || definition
where jsonb_typeof(definition) = 'object';

-- Data owners pick policies that apply to `selected` data sources.
create table policy_selection (
  policy_id bigint not null references policy on delete cascade,
  data_source_id bigint not null references data_source on delete cascade,
  selected_by bigint not null references person,
  selected_at timestamptz not null default now(),
  primary key (policy_id, data_source_id)
);
create index policy_selection_data_source on policy_selection (data_source_id);

-- Each level by itself: who loses what writing needs goes on reading.
create table subscription (
  person_id bigint not null references person on delete cascade,
  data_source_id bigint not null references data_source on delete cascade,
  level text not null check (level in ('READ', 'WRITE')),
  subscribed_at timestamptz not null default now(),
  primary key (person_id, data_source_id, level)
);
create index subscription_data_source on subscription (data_source_id);
