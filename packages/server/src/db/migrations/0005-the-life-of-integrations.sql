-- The whole life of an integration: edited, forced out of use, found faulty while in use.

alter table integration
  drop constraint integration_status_check,
  add constraint integration_status_check check (status in
    ('creating', 'createError', 'enabled', 'editing', 'editError', 'deleting', 'deleteError',
     'recurringValidationError', 'disabled', 'deleted')),
  drop constraint integration_authentication_type_check,
  add constraint integration_authentication_type_check check
    (authentication_type in ('accessKey', 'auto', 'assumeRole')),
  -- Which we assume, with the tenant's id as external id.
  add column assumed_role text,
  add constraint integration_assumed_role_check check
    ((authentication_type = 'assumeRole') = (assumed_role is not null)),
  -- Counts the configurations: what `If-Match` names. Its status and its validation move without it.
  add column version integer not null default 1,
  -- While `editing`: the configuration that is to be. The columns keep the one in force until AWS has followed.
  add column edit jsonb,
  -- While `deleting`: AWS's ids of the foreign grants that somebody ordered to be removed, and of no other.
  add column foreign_grants_to_remove jsonb,
  -- What was found wrong while in use: [{test, message}]. Not empty exactly while it keeps creations waiting.
  add column faults jsonb not null default '[]',
  -- When some node last began to validate it again.
  add column validated_at timestamptz not null default now();

-- One that was forced out of use blocks nobody either.
drop index integration_path;
drop index integration_name;
create unique index integration_path on integration (account_id, region, location_path)
  where status not in ('deleted', 'disabled');
create unique index integration_name on integration (name) where status not in ('deleted', 'disabled');
