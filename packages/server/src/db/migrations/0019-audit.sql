-- The audit trail made tamper-evident: events are sealed into a chain of hashes, and the chain is signed.
--
-- What is append-only (audit_event, audit_seal, audit_entry, audit_batch, audit_checkpoint, audit_key): the role that
-- the server connects as may insert and read there, no more (`db/server-role.ts`), and a trigger refuses everybody else
-- who means no harm. None of them has a foreign key: what is left out or taken away is for verification to find.

-- Events that no batch holds yet. A queue of its own, as sequences do not say which transactions are still open: an
-- event that commits late is simply found later. Rows go when they are sealed.
create table audit_unsealed (
  sequence bigint primary key
);

-- The place of each event in the chain: positions are 1, 2, 3… without a gap, in the order of sealing.
create table audit_seal (
  position bigint primary key,
  sequence bigint not null unique,
  -- SHA-256 of the event's text.
  hash bytea not null
);

-- The links of the chain. `hash` is that of the other columns as `audit/chain.ts` prints them; the first link follows
-- 32 zero bytes. Numbers are dense.
create table audit_batch (
  number bigint primary key,
  sealed_at timestamptz not null,
  first_position bigint not null,
  last_position bigint not null,
  previous_hash bytea not null,
  -- SHA-256 over the hashes of its events, in order.
  events_hash bytea not null,
  hash bytea not null
);
-- What is to be exported next.
create index audit_batch_position on audit_batch (first_position);

-- What events are found by: made from their texts when they are sealed, so that the act itself pays for no index.
create table audit_entry (
  position bigint primary key,
  at timestamptz not null,
  action text not null,
  status text not null,
  -- Of the payload: `PolicyActivated`.
  type text not null,
  target_type text not null,
  actor_id bigint,
  actor text not null,
  request_id text,
  -- `TYPE/id` of each target and related resource.
  about text[] not null
);
-- Each filter of GET /audit, newest first.
create index audit_entry_at on audit_entry (at);
create index audit_entry_action on audit_entry (action, position);
create index audit_entry_type on audit_entry (type, position);
create index audit_entry_target_type on audit_entry (target_type, position);
create index audit_entry_actor_id on audit_entry (actor_id, position);
create index audit_entry_actor on audit_entry (actor, position);
create index audit_entry_request on audit_entry (request_id) where request_id is not null;
-- Most events succeed.
create index audit_entry_failure on audit_entry (position) where status <> 'SUCCESS';
-- What owners and domain auditors may read, and the filter by target.
create index audit_entry_about on audit_entry using gin (about);

-- The keys that sign checkpoints, oldest first; the newest signs.
create table audit_key (
  id bigint generated always as identity primary key,
  -- Ed25519, DER (SPKI) in base64.
  public_key text not null unique,
  created_at timestamptz not null default now()
);
-- Apart, as it is wrapped anew with each encryption key.
create table audit_key_secret (
  key_id bigint primary key,
  sealed jsonb not null
);

-- Signed statements of what the chain was at a time. Each is also written outside the database, where there is a place.
create table audit_checkpoint (
  id bigint generated always as identity primary key,
  batch_number bigint not null,
  last_position bigint not null,
  at timestamptz not null,
  key_id bigint not null,
  -- What is signed, to the byte.
  statement text not null,
  signature bytea not null
);

-- Who did something once that was pruned since: whoever was ever here is not to be taken for new.
create table audit_pruned_actor (
  actor_id bigint primary key
);

-- The export of events: how often it goes to its target, whose id it has (export_target comes later).
create table audit_export (
  id bigint primary key,
  interval_hours integer not null check (interval_hours in (2, 4, 6, 12, 24)),
  enabled boolean not null default true,
  -- Events up to here have been told; what comes next begins after it.
  exported_through bigint not null default 0,
  next_at timestamptz not null default now(),
  -- Whichever node carries it out keeps the others away until then, and longer while it goes on.
  busy_until timestamptz
);
create index audit_export_due on audit_export (next_at) where enabled;
-- The ranges of positions, each one object for ever: written down before its object is, so that whoever tries again
-- writes the same object under the same name.
create table audit_export_range (
  id bigint generated always as identity primary key,
  export_id bigint not null references audit_export on delete cascade,
  first_position bigint not null,
  last_position bigint not null,
  chosen_at timestamptz not null default now(),
  attempts integer not null default 0,
  finished_at timestamptz,
  bytes bigint,
  sha256 bytea,
  error text,
  unique (export_id, first_position)
);
create index audit_export_range_open on audit_export_range (export_id) where finished_at is null;

create function audit_refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and tg_table_name in ('audit_event', 'audit_entry')
    and current_setting('headgate.audit_prune', true) = 'on' then
    return null;
  end if;
  raise exception 'the audit trail is append-only: % of % is refused', tg_op, tg_table_name
    using errcode = 'insufficient_privilege';
end $$;

create trigger audit_event_append_only before update or delete or truncate on audit_event
  for each statement execute function audit_refuse_change();
create trigger audit_seal_append_only before update or delete or truncate on audit_seal
  for each statement execute function audit_refuse_change();
create trigger audit_batch_append_only before update or delete or truncate on audit_batch
  for each statement execute function audit_refuse_change();
create trigger audit_entry_append_only before update or delete or truncate on audit_entry
  for each statement execute function audit_refuse_change();
create trigger audit_key_append_only before update or delete or truncate on audit_key
  for each statement execute function audit_refuse_change();
create trigger audit_checkpoint_append_only before update or delete or truncate on audit_checkpoint
  for each statement execute function audit_refuse_change();

-- What happened before there was a chain is sealed first.
insert into audit_unsealed (sequence) select sequence from audit_event;

-- Served the time filter; audit_entry does now.
drop index audit_event_timestamp;
