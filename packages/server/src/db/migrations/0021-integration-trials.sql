-- Checks of an integration that is to be, as they come: shown while they run, on whichever node somebody asks. What is
-- checked, with its secret, is not here: it is in the memory of the node that checks.
create table integration_trial (
  id uuid primary key,
  -- Nobody else is told.
  person_id bigint not null references person on delete cascade,
  -- How many checks there will be, and those that are done (the API's form), in their order.
  total integer not null,
  tests jsonb not null default '[]',
  state text not null default 'running' check (state in ('running', 'done', 'canceled', 'failed')),
  -- Why it broke off, in words.
  message text,
  started_at timestamptz not null default now(),
  -- Of one that runs: when it was last heard of. Its node may have stopped.
  moved_at timestamptz not null default now()
);
-- Serves the sweep, which comes with each new one.
create index integration_trial_started on integration_trial (started_at);
