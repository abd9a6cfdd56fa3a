-- What the marketplace adds to the facts: which products tag which data sources, and who was let into which product.
--
-- A tag and a value of the marketplace are never rows among those that people set: they are made from these tables when
-- facts are read, so that no sync and no edit can touch them.

create table data_product (
  -- A cuid2; the tag and the value of the product end with it.
  id text collate "C" primary key check (id ~ '^[a-z][a-z0-9]{1,31}$'),
  state text not null default 'draft' check (state in ('draft', 'published', 'suspended', 'retired', 'deleted')),
  -- What people may ask for. Each level has a tag of its own.
  levels text[] not null check (levels in (array['READ'], array['WRITE'], array['READ', 'WRITE'])),
  created_at timestamptz not null default now()
);

-- What is tagged now, and no more: what a draft lists lies with its versions.
create table data_product_source (
  product_id text collate "C" not null references data_product,
  data_source_id bigint not null references data_source on delete cascade,
  primary key (product_id, data_source_id)
);
create index data_product_source_of on data_product_source (data_source_id);

-- Somebody was let into a product. A row is never deleted, and after its end never changed; several of one person and
-- product stand side by side, and the one that lasts longest tells.
create table membership (
  id bigint generated always as identity primary key,
  product_id text collate "C" not null references data_product,
  person_id bigint not null references person,
  level text not null check (level in ('READ', 'WRITE')),
  since timestamptz not null default now(),
  -- The first instant without it; null: no end.
  until timestamptz,
  request_id bigint,
  -- When it was over: taken back, or its end noticed. Access ends by `until` alone, however late that is.
  ended_at timestamptz,
  ended_cause text,
  check ((ended_at is null) = (ended_cause is null))
);
-- Facts are those without an end, by person and by product; and what the sweep looks for.
create index membership_person on membership (person_id) where ended_at is null;
create index membership_product on membership (product_id, person_id) where ended_at is null;
create index membership_due on membership (until) where ended_at is null and until is not null;
-- Of a product and of a person, past ones included.
create index membership_of_product on membership (product_id, id);
create index membership_of_person on membership (person_id, id);
create index membership_request on membership (request_id) where request_id is not null;

-- ── Names of the marketplace ────────────────────────────────────────────────────────────────────────────────────────

-- Each door refuses them with a text of its own; this is for a door that forgot. What is there already stays, and says
-- nothing to any policy.
alter table person_attribute add constraint person_attribute_reserved
  check (lower(key) not like 'headgate marketplace%' and lower(value) not like 'headgate marketplace%') not valid;
alter table group_attribute add constraint group_attribute_reserved
  check (lower(key) not like 'headgate marketplace%' and lower(value) not like 'headgate marketplace%') not valid;
alter table people_group add constraint people_group_reserved
  check (lower(name) not like 'headgate marketplace%') not valid;
alter table tag add constraint tag_reserved check (lower(name) not like 'headgate marketplace%') not valid;

-- ── The standing policies ───────────────────────────────────────────────────────────────────────────────────────────

-- Whoever called a policy so before keeps it under another name.
with renamed as (
  update policy set name = name || ' (' || id || ')', version = version + 1, updated_at = now()
  where name in ('Headgate Marketplace', 'Headgate Marketplace Write') and state <> 'deleted'
  returning id, version, name, state, definition
)
insert into policy_version (policy_id, version, name, state, definition, change)
  select id, version, name, state, definition, 'edited' from renamed;

with made as (
  insert into policy (name, state, protected, definition)
  select name, 'active', true, jsonb_build_object(
    'kind', 'grant',
    'level', level,
    'appliesTo', jsonb_build_object('any', jsonb_build_array(jsonb_build_object('tag', tag))),
    'who', jsonb_build_object('when', '@hasTagAsAttribute(''' || name || ''', ''dataSource'')'),
    'subscribe', 'automatic',
    'discoverable', false,
    'description', 'Lets whoever was approved for a data product reach its data sources. Part of Headgate: it cannot be changed.')
  from (values
    (1, 'Headgate Marketplace', 'READ', 'Headgate Marketplace Data Product'),
    (2, 'Headgate Marketplace Write', 'WRITE', 'Headgate Marketplace Data Product Write')
  ) standing (position, name, level, tag)
  order by position
  returning id, version, name, state, definition
), versioned as (
  insert into policy_version (policy_id, version, name, state, definition, change)
  select id, version, name, state, definition, 'created' from made
)
insert into fact_change (id, entity, entity_id, after, cause)
select nextval('fact_change_sequence'), 'policy', id::text,
  jsonb_build_object('id', id, 'version', version, 'name', name, 'reach', 'global', 'protected', true)
    || (definition - 'description'),
  'policy-activated'
from made;
