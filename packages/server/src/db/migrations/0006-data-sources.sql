-- Data sources: owned by groups too, looked at in AWS from time to time; registering confined to scopes.

alter table data_source_owner drop constraint data_source_owner_pkey;
alter table data_source_owner
  alter column person_id drop not null,
  add column group_id bigint references people_group on delete cascade,
  add check ((person_id is null) <> (group_id is null));
create unique index data_source_owner_one_person on data_source_owner (data_source_id, person_id)
  where person_id is not null;
create unique index data_source_owner_one_group on data_source_owner (data_source_id, group_id)
  where group_id is not null;
create index data_source_owner_group on data_source_owner (group_id) where group_id is not null;

alter table data_source
  -- Of bucket and path as last looked at; whether AWS refused grants is in the ledger.
  add column health text not null default 'healthy' check (health in ('healthy', 'path-missing', 'bucket-unreachable')),
  add column health_message text,
  -- null: not looked at yet.
  add column checked_at timestamptz,
  -- Whichever node moves this on is the one that looks.
  add column check_due_at timestamptz not null default now();
create index data_source_check_due on data_source (check_due_at) where state = 'active';

-- What makes a data source a `provisioning-error`.
create index ledger_failed on ledger (data_source_id) where state in ('createFailed', 'revokeFailed');

-- As in the catalogue, so that a tag and its children are one range of the index.
alter table data_source_tag alter column tag type text collate "C";

-- Where the permission holds, as scopes; null: everywhere.
alter table person_permission add column scopes text[] check (cardinality(scopes) > 0);
