-- What keeps the change loop from doing all that it could (mode, brake), what it is seen doing (runs), and how much room
-- AWS has left (capacity).

alter table integration
  add column mode text not null default 'enforce' check (mode in ('observe', 'add', 'enforce')),
  -- Both bounds have to be exceeded within an hour before the brake holds.
  add column brake_revocations integer not null default 50 check (brake_revocations >= 0),
  add column brake_percent integer not null default 20 check (brake_percent between 0 and 100);

alter table ledger
  -- Unwanted, and kept in AWS for now: by the brake, until somebody releases it, or by the integration's mode.
  add column held text check (held in ('mode', 'brake')),
  add column held_at timestamptz,
  -- The run that would have revoked it.
  add column held_run_id bigint references run,
  -- Let go by a person: not held again while it stays unwanted.
  add column released_at timestamptz,
  -- The run that ended it; `run_id` goes on naming the one that intended it.
  add column revoke_run_id bigint references run,
  -- Whether the brake counts its revocation, as of `revoking_at`: an hour's count survives restarts and leaders.
  add column counted boolean not null default false,
  -- A create was never answered, and nobody has looked long enough after it: it may come true yet.
  add column unanswered boolean not null default false;
-- Before, the last run to touch a row was all that was known.
update ledger set revoke_run_id = run_id where revoking_at is not null;
-- The brake's count over an hour.
create index ledger_counted on ledger (integration_id, revoking_at) where counted;
-- What is held, per integration; and whose, when access is listed.
create index ledger_held on ledger (integration_id) where held is not null;
create index ledger_held_source on ledger (data_source_id, person_id) where held is not null;
-- Whoever is planned is planned together with those who have the same grantees.
create index ledger_grantee on ledger (integration_id, grantee_id) where state not in ('revoked', 'abandoned');
-- The rows of a run.
create index ledger_run on ledger (run_id, id);
create index ledger_revoke_run on ledger (revoke_run_id, id) where revoke_run_id is not null;
create index ledger_held_run on ledger (held_run_id, id) where held_run_id is not null;
-- Revoked lately: credentials may be alive that were vended before.
create index ledger_revoked_at on ledger (revoked_at) where revoked_at is not null;

alter table run
  -- What the brake held of its plan, whatever became of it since.
  add column held integer not null default 0,
  add column released integer not null default 0;

-- Every node tells whoever watches how a run is getting on.
create function notify_run() returns trigger language plpgsql as $$
begin
  perform pg_notify('run', new.id::text);
  return null;
end $$;
create trigger run_notify after insert or update on run for each row execute function notify_run();

-- AWS's limits per account and region, which it raises on request.
create table capacity (
  account_id text not null,
  region text not null,
  grants_quota integer not null default 100000 check (grants_quota > 0),
  locations_quota integer not null default 1000 check (locations_quota > 0),
  -- All that AWS listed when it was last compared.
  locations_seen integer,
  -- Since when AWS refuses new grants for want of room.
  full_since timestamptz,
  primary key (account_id, region)
);

-- How much was in use, by the hour: what the trend is drawn through.
create table capacity_sample (
  account_id text not null,
  region text not null,
  -- The full hour; of several samples the last stands.
  hour timestamptz not null,
  -- All there are in AWS, ours or not, as far as known.
  grants integer not null,
  locations integer not null,
  primary key (account_id, region, hour)
);
