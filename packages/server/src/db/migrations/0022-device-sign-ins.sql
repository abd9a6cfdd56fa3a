-- Terminals that ask for an API key, for ten minutes each. Of what they poll with, and of the key, nothing is kept that
-- would let anybody in: the key is made when the terminal that asked comes for it.
create table device_sign_in (
  hash bytea primary key,
  -- What its person types, without the hyphen.
  user_code text not null unique,
  device text not null,
  ip text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  verdict text check (verdict in ('approve', 'deny')),
  -- Who decided, what the key is confined to (null: nothing) and when it ends.
  person_id bigint references person on delete cascade,
  permissions text[],
  key_expires_at timestamptz,
  check ((verdict is null) = (person_id is null)),
  check ((verdict is distinct from 'approve') = (key_expires_at is null))
);
-- Serves forgetting, which comes with each new one.
create index device_sign_in_expires on device_sign_in (expires_at);
