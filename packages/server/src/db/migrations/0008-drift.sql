-- Nodes that share the leadership, and what comparing AWS with the ledger found.

-- One life of a server process: from joining until it leaves or is given up. Who has not been heard of for a lease is
-- removed by the others, who end its connection, too.
create table node (
  id integer generated always as identity primary key,
  -- Host and process, for people.
  name text not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default clock_timestamp()
);

-- The node of the epoch. No reference: nodes go, epochs stay. Null: begun by an earlier release.
alter table leadership add column node_id integer;

-- One listing of all grants of an account and region, compared with the ledger of every integration there.
create table drift_scan (
  id bigint generated always as identity primary key,
  account_id text not null,
  region text not null,
  requested_at timestamptz not null default clock_timestamp(),
  -- Who asked for it; null: the clock.
  requested_by bigint references person,
  -- Null while it waits for the leader.
  started_at timestamptz,
  finished_at timestamptz,
  -- Grants that AWS listed: all locations, ours or not.
  listed integer not null default 0,
  -- Of them in no location of ours.
  outside integer not null default 0,
  -- Why it came to no end.
  error text
);
-- INVARIANT: at most one waits and at most one is under way for each account and region.
create unique index drift_scan_waiting on drift_scan (account_id, region) where started_at is null;
create unique index drift_scan_running on drift_scan (account_id, region)
  where started_at is not null and finished_at is null;
-- When the last one was.
create index drift_scan_place on drift_scan (account_id, region, started_at desc);

-- What a scan found for one integration. The counts are exact; findings are kept up to a number of each kind.
create table drift_report (
  id bigint generated always as identity primary key,
  scan_id bigint not null references drift_scan,
  integration_id bigint not null references integration,
  started_at timestamptz not null,
  -- Null: under way, or cut off; never shown.
  finished_at timestamptz,
  checked integer not null default 0,
  equal integer not null default 0,
  missing integer not null default 0,
  changed integer not null default 0,
  orphans integer not null default 0,
  "foreign" integer not null default 0,
  unjudged integer not null default 0,
  location text not null check (location in ('equal', 'missing', 'roleChanged', 'scopeChanged')),
  identity_center text not null check (identity_center in ('equal', 'changed', 'missing', 'none')),
  -- The Identity Center instance that AWS named.
  identity_center_arn text,
  unique (scan_id, integration_id)
);
create index drift_report_integration on drift_report (integration_id, id desc);

create table drift_finding (
  id bigint generated always as identity primary key,
  report_id bigint not null references drift_report on delete cascade,
  kind text not null check (kind in
    ('missing', 'changed', 'orphan', 'foreign', 'unjudged', 'location', 'identityCenter')),
  -- Absent where it is not about one grant.
  aws_grant_id text,
  ledger_id bigint references ledger,
  grantee text,
  scope text,
  permission text,
  -- What was done about it.
  done text not null check (done in ('recreate', 'replace', 'remove', 'report', 'stop')),
  detail text not null
);
create index drift_finding_report on drift_finding (report_id, id);

-- Grants in a location of ours that no live row of the ledger stands for. Foreign ones are only ever removed on an
-- order that names them; orphans are our own, left by a call that came too late or a row that was lost.
create table stray_grant (
  integration_id bigint not null references integration,
  aws_grant_id text not null,
  kind text not null check (kind in ('foreign', 'orphan')),
  grantee_type text not null,
  grantee_id text not null,
  scope text not null,
  permission text not null,
  first_seen_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  -- No longer listed.
  gone_at timestamptz,
  -- The order to remove it, committed before AWS is called; orphans need none.
  removal_ordered_at timestamptz,
  removal_ordered_by bigint references person,
  -- AWS said that it is gone; lists may show it for a while.
  removed_at timestamptz,
  error_code text,
  error_text text,
  primary key (integration_id, aws_grant_id)
);

-- Which row a listed grant belongs to.
create index ledger_aws_grant on ledger (aws_grant_id) where aws_grant_id is not null;
