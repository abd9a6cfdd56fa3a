-- Principals: where they come from, what AWS tells of them, who else can assume a role.

-- `local`, or the identity provider that says so. Of what several sources say the local entry counts.
alter table principal add column source text not null default 'local';
drop index principal_person;
create unique index principal_person on principal (person_id, source, coalesce(integration_id, 0));

-- Set while AWS has somebody else under the name than whoever was mapped: nothing is granted then.
alter table principal add column found_id text;
alter table principal add column checked_at timestamptz;
alter table principal add column check_due_at timestamptz not null default now();
-- Serves the recurring check.
create index principal_check_due on principal (check_due_at);

-- What identity providers say, one principal for a person. It is in `principal` too unless there is a problem with it.
create table asserted_principal (
  person_id bigint not null references person on delete cascade,
  source text not null,
  kind text not null check (kind in ('iamUser', 'iamRole', 'identityCenterUser')),
  -- As the provider writes it: perhaps a user name where `principal` has the id.
  identifier text not null,
  -- Why it is not in `principal`.
  problem text,
  since timestamptz not null default now(),
  primary key (person_id, source)
);
-- Serves the next try of what could not be stored.
create index asserted_principal_problem on asserted_principal (person_id) where problem is not null;

-- ── Who of other accounts an instance lets vend ─────────────────────────────────────────────────────────────────────

-- The resource policy as AWS gave it; null: none, or never read.
alter table integration add column vending_policy text;
-- When AWS was last asked for it.
alter table integration add column vending_read_at timestamptz;
-- Why it could not be read the last time.
alter table integration add column vending_problem text;
-- What follows from it for the principals there are: account numbers, and ARNs.
alter table integration add column vends_to text[] not null default '{}';

-- ── Who can assume a role ───────────────────────────────────────────────────────────────────────────────────────────

-- No foreign key: what is known of a role outlives its mappings by a while, and says nothing without one.
create table iam_role (
  arn text primary key,
  -- null: AWS did not let it be read.
  trust_policy text,
  breadth text not null check (breadth in ('nobody', 'one', 'several', 'unknown')),
  problem text,
  read_at timestamptz not null default now()
);
-- Serves the list of roles that several people can assume.
create index iam_role_breadth on iam_role (breadth);

create table iam_account (
  account_id text primary key,
  roles integer,
  roles_quota integer,
  problem text,
  read_at timestamptz not null default now()
);
