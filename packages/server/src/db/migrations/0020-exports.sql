-- What leaves on a schedule: the places that exports are put, what is exported there and when, and each time it was done.

-- A bucket and path, and how Headgate gets in. Shared by everything that is exported; never deleted, so that what was
-- done there can still be told.
create table export_target (
  id bigint generated always as identity primary key,
  -- Names the row before it has an id: its secret is sealed for it.
  intent uuid not null unique default gen_random_uuid(),
  purpose text not null check (purpose in ('accessSummary', 'audit')),
  bucket text not null,
  region text not null,
  -- Without a slash at either end; empty: the whole bucket.
  path text not null default '',
  authentication_type text not null check (authentication_type in ('accessKey', 'iamRole')),
  access_key_id text,
  -- Sealed; null once the target has ended.
  secret_access_key jsonb,
  role_arn text,
  kms_key_arn text,
  version integer not null default 1,
  created_by bigint references person,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  check ((authentication_type = 'iamRole') = (role_arn is not null)),
  check ((authentication_type = 'accessKey') = (access_key_id is not null)),
  check ((secret_access_key is not null) = (authentication_type = 'accessKey' and deleted_at is null))
);

-- The access summary: in what form it goes to its target, and when.
create table access_export (
  id bigint primary key references export_target,
  format text not null check (format in ('csv', 'jsonl', 'parquet')),
  -- As it was given; null: the default of the way of signing in.
  schedule text,
  -- IANA; null: the server's own.
  time_zone text,
  -- When it is to be done next. Taken by whichever node comes first, and moved on in the same transaction. Null: ended.
  due_at timestamptz
);
create index access_export_due on access_export (due_at) where due_at is not null;

-- One summary, with all the times that it was tried. `due_at`: the time in the schedule that it was done for.
create table access_export_run (
  id bigint generated always as identity primary key,
  export_id bigint not null references access_export,
  cause text not null check (cause in ('created', 'schedule', 'asked')),
  asked_by bigint references person,
  due_at timestamptz,
  -- The moment of the past that it shows; null: that at which it is written.
  as_of timestamptz,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'succeeded', 'failed')),
  attempts integer not null default 0,
  -- While waiting: not before. While running: the node that has it is given up for lost after this.
  next_at timestamptz not null default now(),
  -- The attempt that has it: whoever comes back from the dead finds another one here.
  holder uuid,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  -- What was written, of the last attempt: the day, as of which change, the files with their sums.
  export_date date,
  -- The folder, bucket and all: the export may go elsewhere by now.
  place text,
  sequence bigint,
  files integer,
  rows bigint,
  bytes bigint,
  tables jsonb,
  -- What the last attempt ended with, and what could not be tidied up.
  error text,
  warnings text[] not null default '{}',
  check ((state = 'running') = (holder is not null)),
  check ((state in ('succeeded', 'failed')) = (finished_at is not null))
);
-- One at a time for each export, and one of the past beside it: no day is skipped for its sake. What is to be done now;
-- the history.
create unique index access_export_run_open on access_export_run (export_id, (as_of is null))
  where state in ('waiting', 'running');
create index access_export_run_next on access_export_run (next_at) where state in ('waiting', 'running');
create index access_export_run_history on access_export_run (export_id, id);
