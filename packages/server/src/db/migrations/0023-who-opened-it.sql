-- Whoever opened a way into somebody's account, and so may hold it: made them a key, or opened the account anew while it
-- was in use. Nobody decides through it on what that person may not decide on. null: nobody but its owner.
alter table api_key add column opened_by bigint references person;
alter table device_sign_in add column opened_by bigint references person on delete cascade;
alter table local_account add column opened_by bigint references person;
alter table person_identity add column opened_by bigint references person;

-- Who made it; null: whoever holds the machine. What a link is worth is held against what its maker may do when it is used.
alter table set_up_link add column made_by bigint references person on delete cascade;

-- Of keys that were made before, the audit trail knows.
update api_key set opened_by = made.by
from (
  select (event::jsonb #>> '{targets,0,id}')::bigint as key, actor_id as by
  from audit_event where target_type = 'API_KEY' and action = 'CREATE'
) made
where made.key = api_key.id and made.by <> api_key.person_id;
