-- What a preview showed, so that the write can be held against it; and since when things are known of people.

-- One for each preview that was answered with a token. Deleted some time after it expired.
create table preview_token (
  -- SHA-256 of the token; the token itself is never stored.
  hash bytea primary key,
  actor_id bigint not null references person on delete cascade,
  -- The change of facts as of which the preview was so, and the digest of who would gain and lose.
  sequence bigint not null,
  digest text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
-- Serves the sweep, and "the latest ones of a person".
create index preview_token_expires on preview_token (expires_at);
create index preview_token_actor on preview_token (actor_id, created_at);

-- The writes that were previewed, in the order in which they may be made, each once.
create table preview_token_change (
  token_hash bytea not null references preview_token on delete cascade,
  position integer not null,
  -- SHA-256 of the write in its one canonical form.
  write_hash bytea not null,
  -- Who gains and loses what by this write alone: compressed JSON (core's `Moves`).
  moves bytea not null,
  used_at timestamptz,
  primary key (token_hash, position)
);

-- Whether whoever changed it had seen a preview of it, and nobody else gained or lost.
alter table fact_change add column previewed boolean not null default false;

-- Since when a row is there. For rows that were there before: when it was said last, or else now.
alter table person_attribute add column since timestamptz not null default now();
alter table group_attribute add column since timestamptz not null default now();
alter table group_member add column since timestamptz not null default now();
alter table principal add column since timestamptz not null default now();

update person_attribute as held
set since = said.at
from (
  select after ->> 'user' as subject, after ->> 'key' as key, after ->> 'value' as value, after ->> 'source' as source,
    max(at) as at
  from fact_change
  where entity = 'attribute' and after ->> 'user' is not null
  group by 1, 2, 3, 4
) as said
where said.subject = held.person_id::text and said.key = held.key and said.value = held.value
  and said.source = held.source;

update group_attribute as held
set since = said.at
from (
  select after ->> 'group' as subject, after ->> 'key' as key, after ->> 'value' as value, after ->> 'source' as source,
    max(at) as at
  from fact_change
  where entity = 'attribute' and after ->> 'group' is not null
  group by 1, 2, 3, 4
) as said
where said.subject = held.group_id::text and said.key = held.key and said.value = held.value
  and said.source = held.source;

update group_member as held
set since = said.at
from (
  select after ->> 'group' as group_id, after ->> 'user' as person_id, after ->> 'source' as source, max(at) as at
  from fact_change
  where entity = 'groupMember' and after is not null
  group by 1, 2, 3
) as said
where said.group_id = held.group_id::text and said.person_id = held.person_id::text and said.source = held.source;

update principal as held
set since = said.at
from (
  select entity_id, max(at) as at from fact_change where entity = 'principal' and after is not null group by 1
) as said
where said.entity_id = held.id::text;
