-- What a data product says, and every version of it. What it does to facts stands in 0014.

alter table data_product
  -- How configuration as code calls it.
  add column key text collate "C",
  add column version integer not null default 1,
  add column name text collate "C" not null,
  -- What names are compared by: two that look alike are one. Free again once the product is deleted.
  add column look_alike text collate "C" not null,
  add column domain text references domain,
  -- Description, data sources, levels, expert, links, terms: as the API takes them.
  add column definition jsonb not null,
  -- Null: the built-in one.
  add column form_id bigint,
  add column review_flow_id bigint,
  add column created_by bigint references person,
  add column updated_at timestamptz not null default now(),
  -- Marks part words: left to itself, the parser takes `finance/ledger` for the path of a file, and `a.b` for a host.
  add column search tsvector not null generated always as (
    to_tsvector('simple', regexp_replace(
      name || ' ' || coalesce(definition ->> 'description', '') || ' ' || coalesce(domain, ''),
      '[!-/:-@\[-`{-~]+', ' ', 'g'))
  ) stored;
create unique index data_product_name on data_product (look_alike) where state <> 'deleted';
create unique index data_product_key on data_product (key) where key is not null and state <> 'deleted';
create index data_product_domain on data_product (domain) where domain is not null;
-- All of them for those who manage them, page by page.
create index data_product_listed on data_product (name) where state <> 'deleted';
-- The marketplace, page by page and by domain, without reading what they say.
create index data_product_offered on data_product (name) include (id, domain, levels)
  where state in ('published', 'suspended');
create index data_product_search on data_product using gin (search);
create index data_product_expert on data_product (((definition ->> 'expert')::bigint));

-- Written once, never changed or deleted.
create table data_product_version (
  product_id text collate "C" not null references data_product,
  version integer not null,
  name text not null,
  state text not null,
  domain text,
  definition jsonb not null,
  form_id bigint,
  review_flow_id bigint,
  change text not null check (change in
    ('created', 'edited', 'restored', 'published', 'unpublished', 'suspended', 'resumed', 'retired', 'deleted')),
  -- Whose content it took over, when it was restored.
  from_version integer,
  created_at timestamptz not null default now(),
  created_by bigint references person,
  primary key (product_id, version)
);
