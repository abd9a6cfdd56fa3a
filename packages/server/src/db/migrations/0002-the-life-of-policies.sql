-- Policies can be put away without being deleted, and every version says what made it.

alter table policy drop constraint policy_state_check;
alter table policy add constraint policy_state_check check (state in ('staged', 'active', 'archived', 'deleted'));

alter table policy_version
  add column change text,
  -- Whose content it took over, when it was cloned or restored.
  add column from_policy bigint,
  add column from_version integer,
  add foreign key (from_policy, from_version) references policy_version (policy_id, version),
  add check ((from_policy is null) = (from_version is null));

-- Until now the state told.
update policy_version as version
set change = case
  when version.version = 1 then 'created'
  when version.state = before.state then 'edited'
  when version.state = 'active' then 'activated'
  else version.state
end
from policy_version as made
left join policy_version as before on before.policy_id = made.policy_id and before.version = made.version - 1
where made.policy_id = version.policy_id and made.version = version.version;

alter table policy_version
  alter column change set not null,
  add check (change in ('created', 'cloned', 'edited', 'restored', 'activated', 'staged', 'archived', 'deleted'));

-- Whether anybody holds a value, or any value, under the key that an expression names.
create index person_attribute_key on person_attribute (key, value);
create index group_attribute_key on group_attribute (key, value);
