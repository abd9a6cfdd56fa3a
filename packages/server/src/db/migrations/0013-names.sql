-- Names are compared in one form, so that two that look alike cannot both exist.

-- The same as `nameKey` and `lookAlike` of the core. Collations by name: a database of another locale gives the same keys.
-- Bodies that are parsed now: indexes and a restored backup call them under another search path.
create function name_key(name text) returns text language sql immutable strict parallel safe
  -- ASCII, which most names are, five times faster; the two say the same of it.
  return case when octet_length(name) = length(name) then lower(name collate "C") else
    normalize(lower(upper(normalize(name, NFKC) collate pg_c_utf8) collate pg_c_utf8), NFKC) collate "C" end;
create function look_alike(name text) returns text language sql immutable strict parallel safe
  return translate(name_key(name), 'авсԁенһіјкӏморԛѕтуѵԝхёїαβεηικνορτυχ', 'abcdehhijklmopqstyvwxëïabehiknoptyx') collate "C";

-- ── One form for what is there already ──────────────────────────────────────────────────────────────────────────────

-- Of values that differ in nothing but their form, one stays.
delete from person_attribute one using person_attribute other
where (one.key is not nfc normalized or one.value is not nfc normalized)
  and other.person_id = one.person_id and other.source = one.source
  and normalize(other.key) = normalize(one.key) and normalize(other.value) = normalize(one.value)
  and ((other.key is nfc normalized and other.value is nfc normalized) or other.ctid < one.ctid);
update person_attribute set key = normalize(key), value = normalize(value)
where key is not nfc normalized or value is not nfc normalized;
delete from group_attribute one using group_attribute other
where (one.key is not nfc normalized or one.value is not nfc normalized)
  and other.group_id = one.group_id and other.source = one.source
  and normalize(other.key) = normalize(one.key) and normalize(other.value) = normalize(one.value)
  and ((other.key is nfc normalized and other.value is nfc normalized) or other.ctid < one.ctid);
update group_attribute set key = normalize(key), value = normalize(value)
where key is not nfc normalized or value is not nfc normalized;

insert into tag (name, description, created_at)
  select normalize(name), description, created_at from tag where name is not nfc normalized order by created_at
  on conflict do nothing;
insert into data_source_tag (data_source_id, tag)
  select data_source_id, normalize(tag) from data_source_tag where tag is not nfc normalized on conflict do nothing;
delete from data_source_tag where tag is not nfc normalized;
insert into domain_tag (domain, tag)
  select domain, normalize(tag) from domain_tag where tag is not nfc normalized on conflict do nothing;
delete from domain_tag where tag is not nfc normalized;
delete from tag where name is not nfc normalized;

insert into domain (name, description, created_at)
  select normalize(name), description, created_at from domain where name is not nfc normalized order by created_at
  on conflict do nothing;
insert into domain_tag (domain, tag)
  select normalize(domain), tag from domain_tag where domain is not nfc normalized on conflict do nothing;
insert into data_source_domain (data_source_id, domain)
  select data_source_id, normalize(domain) from data_source_domain where domain is not nfc normalized
  on conflict do nothing;
delete from data_source_domain where domain is not nfc normalized;
insert into domain_right (domain, person_id, group_id, "right")
  select normalize(domain), person_id, group_id, "right" from domain_right where domain is not nfc normalized
  on conflict do nothing;
update policy set domain = normalize(domain) where domain is not nfc normalized;
delete from domain where name is not nfc normalized;

-- ── People and groups ───────────────────────────────────────────────────────────────────────────────────────────────

-- `twin`: 0, except for names of before this rule that clash with an older one. They stay as they are, and whoever is
-- called by a name that several answer to is the one spelt exactly so, or else number 0.
alter table person
  add column userid_key text collate "C" generated always as (name_key(userid)) stored,
  -- What a search looks at, in the form of the keys: many times faster to look through than ILIKE.
  add column search_key text collate "C" generated always as
    (name_key(userid || chr(10) || name || chr(10) || coalesce(email, ''))) stored,
  add column twin integer not null default 0;
update person set twin = counted.twin
from (
  select id, row_number() over (partition by look_alike(userid) order by id) - 1 as twin
  from person where deleted_at is null
) counted
where counted.id = person.id and counted.twin > 0;
update person set userid = normalize(userid)
where deleted_at is null and twin = 0 and userid is not nfc normalized and not exists (
  select from person other where other.userid = normalize(person.userid) and other.deleted_at is null);
create unique index person_look_alike on person (look_alike(userid), twin) where deleted_at is null;
-- Serves sign-in, and whoever looks somebody up by name.
create index person_by_key on person (userid_key) where deleted_at is null;

alter table people_group
  add column name_key text collate "C" generated always as (name_key(name)) stored,
  add column twin integer not null default 0;
update people_group set twin = counted.twin
from (select id, row_number() over (partition by look_alike(name) order by id) - 1 as twin from people_group) counted
where counted.id = people_group.id and counted.twin > 0;
update people_group set name = normalize(name)
where twin = 0 and name is not nfc normalized and not exists (
  select from people_group other where other.name = normalize(people_group.name));
create unique index people_group_look_alike on people_group (look_alike(name), twin);
create index people_group_by_key on people_group (name_key);
