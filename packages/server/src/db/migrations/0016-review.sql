-- What a request is made of before anybody asks: forms, agreements and review flows. All three live the same life, so
-- they are rows of one table: a name, a content, a version for every change.

create table template (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('form', 'agreement', 'flow')),
  -- Free again once it is deleted.
  name text collate "C" not null,
  description text not null default '',
  version integer not null default 1,
  -- As people wrote it; what it may be stands in the contract.
  content jsonb not null,
  -- Part of Headgate: nobody changes it. One of each kind at most, and it is what stands where none is chosen.
  built_in boolean not null default false,
  created_at timestamptz not null default now(),
  -- Null: Headgate itself.
  created_by bigint references person,
  updated_at timestamptz not null default now(),
  updated_by bigint references person,
  -- Its versions stay: requests were frozen to them.
  deleted_at timestamptz,
  -- For references that must be of one kind.
  unique (id, kind),
  check (not built_in or deleted_at is null)
);
create unique index template_name on template (kind, name) where deleted_at is null;
create unique index template_built_in on template (kind) where built_in;

-- Written once. Who made a version is who may never decide by it.
create table template_version (
  template_id bigint not null references template,
  version integer not null,
  name text not null,
  description text not null,
  content jsonb not null,
  change text not null check (change in ('created', 'edited', 'deleted')),
  created_at timestamptz not null default now(),
  created_by bigint references person,
  primary key (template_id, version)
);

-- A template is never deleted as a row; what may be chosen is seen to where products are written.
alter table data_product
  add foreign key (form_id) references template,
  add foreign key (review_flow_id) references template;

create index data_product_form on data_product (form_id) where form_id is not null;
create index data_product_flow on data_product (review_flow_id) where review_flow_id is not null;

-- What else uses what now; a template in use cannot be deleted. Kept by whatever uses it.
create table template_use (
  template_id bigint not null references template,
  used_by text not null check (used_by in ('policy', 'form')),
  -- Of the policy or the form.
  user_id text collate "C" not null,
  -- As it was called when it last said so.
  user_name text not null,
  primary key (template_id, used_by, user_id)
);
-- What one thing uses.
create index template_use_by on template_use (used_by, user_id);

with made as (
  insert into template (kind, name, description, content, built_in) values
    ('form', 'Standard form', 'Why the data is needed, and for how long', $json${
      "fields": [
        {"id": "purpose", "type": "longAnswer", "label": "What do you need the data for?", "required": true}
      ],
      "duration": {"label": "How long do you need it?", "suggested": ["7d", "30d", "90d", "1y"], "withoutEnd": true},
      "agreements": []
    }$json$, true),
    ('flow', 'Standard review', 'Whoever manages data products in its domain decides, or a governor', $json${
      "rules": [],
      "otherwise": {"review": {"stages": [
        {"any": [{"domainRight": "MANAGE_DATA_PRODUCTS"}, {"permission": "GOVERNANCE"}]}
      ]}}
    }$json$, true)
  returning id, version, name, description, content
)
insert into template_version (template_id, version, name, description, content, change)
  select id, version, name, description, content, 'created' from made;

-- Serves "who holds this permission?".
create index if not exists person_permission_of on person_permission (permission, person_id);
