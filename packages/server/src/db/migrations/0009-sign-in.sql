-- Signing in: sessions, passwords, set-up links, attempts; and the settings of the deployment.

-- One row. What an admin changes while Headgate runs; what the machine decides comes from the environment.
create table settings (
  only_row boolean primary key default true check (only_row),
  version integer not null default 1,
  -- Where browsers find Headgate, without a closing slash; null: wherever they happen to.
  public_url text,
  local_accounts boolean not null default true,
  -- Nobody holds GOVERNANCE and USER_ADMIN together.
  separation_of_duties boolean not null default false,
  -- Unused for so long, and at most so long at all, a session ends. Not on the session itself: a change holds at once.
  -- NIST SP 800-63B-4, 2.2.3 asks of AAL2 no more than an hour and a day.
  session_idle_minutes integer not null default 60 check (session_idle_minutes > 0),
  session_hours integer not null default 12 check (session_hours > 0)
);
insert into settings default values;

-- Who may sign in with a password. Gone together with the person.
create table local_account (
  person_id bigint primary key references person on delete cascade,
  -- argon2id in its own notation, with salt and cost: a password of last year stays readable when the cost is raised.
  password_hash text not null,
  changed_at timestamptz not null default now()
);

-- Links that set a password, once. A link that was used, or that a newer one replaced, is no row.
create table set_up_link (
  -- SHA-256 of 256 random bits, which only the link holds.
  hash bytea primary key,
  -- Whose password it sets; null: whoever it makes.
  person_id bigint references person on delete cascade,
  -- Also asks for user name and name, and gives every permission.
  makes_admin boolean not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  check (makes_admin or person_id is not null)
);
create index set_up_link_person on set_up_link (person_id);

-- Who is signed in with a browser. A session that was ended is no row; audit_event keeps that it was.
create table sign_in_session (
  id bigint generated always as identity primary key,
  -- SHA-256 of the cookie's 256 random bits. The CSRF token has no column: it is derived from the same bits.
  hash bytea not null unique,
  person_id bigint not null references person on delete cascade,
  -- `local`, or the name of an identity provider.
  via text not null,
  created_at timestamptz not null default now(),
  -- As of a minute.
  last_seen_at timestamptz not null default now(),
  user_agent text,
  ip text
);
create index sign_in_session_person on sign_in_session (person_id);

-- Passwords tried lately, counted across all nodes.
create table sign_in_attempt (
  -- SHA-256 of what is counted: people type passwords where the user name belongs, and addresses are theirs too.
  hash bytea primary key,
  attempts integer not null,
  -- Counted anew from then on.
  until timestamptz not null
);
create index sign_in_attempt_until on sign_in_attempt (until);

-- Disabled or deleted, by whomever and whatever, is signed out at once, and stays so when enabled again. The condition
-- stands inside, where it does not keep later migrations from replacing the column.
create function end_sign_in() returns trigger language plpgsql as $$
begin
  if (new.disabled and not old.disabled) or (new.deleted_at is not null and old.deleted_at is null) then
    delete from sign_in_session where person_id = new.id;
    delete from set_up_link where person_id = new.id;
  end if;
  if new.deleted_at is not null then
    delete from local_account where person_id = new.id;
  end if;
  return null;
end $$;
create trigger person_end_sign_in after update on person for each row execute function end_sign_in();
