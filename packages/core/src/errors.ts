/**
 * Every error that Headgate answers with: code → HTTP status, text, whether trying again can help.
 *
 * A code is for ever: clients match on it. Where the documented API fixes a text, that text stands here; otherwise the
 * text is lower case, names the user's input in backticks and says how to fix it. Details never hold a secret: they
 * are answered and logged. `docs/errors.md` is made from this table.
 */

interface ErrorEntry {
  readonly status: number
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retry: boolean
  /** The text; `{name}` stands for the detail of that name. */
  readonly text: string
}

export const errors = {
  'body-unparsable': { status: 400, retry: false, text: 'the body cannot be parsed: {reason}' },
  'address-unparsable': { status: 400, retry: false, text: 'the address cannot be parsed: percent-encode UTF-8' },
  'request-unreadable': { status: 400, retry: false, text: 'this is no HTTP/1.1 that can be read' },
  'request-timeout': { status: 408, retry: true, text: 'the call did not arrive in time: send it again' },
  'headers-too-large': {
    status: 431,
    retry: false,
    text: 'the address and the headers are too long together: ask for less, or in several calls',
  },
  'preview-not-taken': {
    status: 400,
    retry: false,
    text: '{method} {path} takes no `If-Preview`: leave it out; those that do: {routes}',
  },
  'key-missing': {
    status: 401,
    retry: false,
    text: 'nobody is signed in: send an API key as `Authorization: <key>` or `Authorization: Bearer <key>`, or sign in first',
  },
  'key-invalid': {
    status: 401,
    retry: false,
    text: 'this API key is unknown, expired or revoked: make a new one on the profile page',
  },
  'session-ended': { status: 401, retry: false, text: 'this session has ended: sign in again' },
  'sign-in-refused': {
    status: 401,
    retry: false,
    text: 'user name or password is wrong, or this account cannot sign in with a password',
  },
  'sign-in-provider-unknown': {
    status: 404,
    retry: false,
    text: 'one cannot sign in through this identity provider: choose another way',
  },
  'sign-in-provider-down': {
    status: 502,
    retry: true,
    text: 'identity provider `{provider}` cannot be reached, or does not answer as it should: try again, or ask an application admin',
  },
  'sign-in-flow-lost': {
    status: 400,
    retry: false,
    text: 'this sign-in was begun in another browser, was used already, or took longer than ten minutes: begin again',
  },
  'sign-in-denied': {
    status: 403,
    retry: false,
    text: 'identity provider `{provider}` did not let you in, or you turned back there',
  },
  'sign-in-provider-refused': {
    status: 502,
    retry: false,
    text: 'identity provider `{provider}` refused to sign anybody in: ask an application admin, the audit trail says why',
  },
  'sign-in-token-invalid': {
    status: 502,
    retry: true,
    text: 'what identity provider `{provider}` said cannot be trusted: begin again, or ask an application admin',
  },
  'sign-in-user-unknown': {
    status: 403,
    retry: false,
    text: 'you are not known here, and identity provider `{provider}` does not bring new people: ask a user admin',
  },
  'sign-in-user-taken': {
    status: 409,
    retry: false,
    text: 'somebody of your user name is here already, and not known to identity provider `{provider}`: ask a user admin to link you',
  },
  'sign-in-user-name': {
    status: 422,
    retry: false,
    text: 'identity provider `{provider}` gives you no user name that can be used here: ask an application admin, the audit trail says why',
  },
  'sign-in-claims-unusable': {
    status: 422,
    retry: false,
    text: 'what identity provider `{provider}` says of you cannot be used: ask an application admin, the audit trail says why',
  },
  'sign-in-user-disabled': { status: 403, retry: false, text: 'you are disabled here: ask a user admin' },
  'sign-in-too-often': {
    status: 429,
    retry: true,
    text: 'too many sign-ins were begun from where you are: try again in a quarter of an hour',
  },
  'public-url-missing': {
    status: 409,
    retry: false,
    text: 'nobody can be sent back from an identity provider yet: an application admin sets `publicUrl` with PUT /settings',
  },
  'csrf-refused': { status: 403, retry: false, text: 'a write by cookie must come from the web app itself: {reason}' },
  'password-wrong': { status: 403, retry: false, text: 'this is not your current password' },
  'decision-not-yours': {
    status: 403,
    retry: false,
    text: 'you may not decide this request: {reason}',
  },
  'permission-missing': { status: 403, retry: false, text: 'this needs the permission {permission}: ask a user admin' },
  'scope-not-permitted': {
    status: 403,
    retry: false,
    text: '`{scope}` lies outside of what you may register ({scopes}): ask a user admin',
  },
  'account-mightier': {
    status: 403,
    retry: false,
    text: '`{userid}` {powers}: only a user admin who holds GOVERNANCE too opens this account, or whoever holds the machine, with `headgate admin-link --user {userid}`',
  },
  'self-change': { status: 403, retry: false, text: 'nobody changes their own {what}: ask another user admin' },
  'route-unknown': { status: 404, retry: false, text: 'there is no {method} {path}: see /docs' },
  'integration-not-found': { status: 404, retry: false, text: 'No Integration found with ID {id}.' },
  'integration-trial-not-found': {
    status: 404,
    retry: false,
    text: 'no check `{id}` of yours is known: begin one by POST /integrations/trials',
  },
  'foreign-grant-not-found': {
    status: 404,
    retry: false,
    text: 'the last comparison found no foreign grant `{grantId}` in integration {id}: POST /integrations/{id}/resync looks again',
  },
  'data-source-not-found': { status: 404, retry: false, text: 'no data source found with id {id}' },
  'user-not-found': { status: 404, retry: false, text: 'no user found with id {id}' },
  'principal-not-found': { status: 404, retry: false, text: 'nobody is mapped to `{principal}`' },
  'identity-provider-not-found': { status: 404, retry: false, text: 'no identity provider found with id {id}' },
  'group-not-found': { status: 404, retry: false, text: 'no group found with id {id}' },
  'policy-not-found': { status: 404, retry: false, text: 'no policy found with id {id}' },
  'policy-version-not-found': { status: 404, retry: false, text: 'policy {id} has no version {version}' },
  'request-form-not-found': { status: 404, retry: false, text: 'there is no request form with id {id}' },
  'agreement-not-found': { status: 404, retry: false, text: 'there is no agreement with id {id}' },
  'review-flow-not-found': { status: 404, retry: false, text: 'there is no review flow with id {id}' },
  'template-version-not-found': { status: 404, retry: false, text: '{kind} {id} has no version {version}' },
  'domain-not-found': { status: 404, retry: false, text: 'no domain named `{name}` found' },
  'notification-not-found': { status: 404, retry: false, text: 'your inbox has no notification with id {id}' },
  'webhook-not-found': { status: 404, retry: false, text: 'there is no webhook with id {id}' },
  'webhook-delivery-not-found': { status: 404, retry: false, text: 'webhook {webhook} has no delivery with id {id}' },
  'run-not-found': { status: 404, retry: false, text: 'no run found with id {id}' },
  'audit-event-not-found': { status: 404, retry: false, text: 'no audit event found with id {id}' },
  'capacity-not-found': {
    status: 404,
    retry: false,
    text: 'no integration uses account {account}, region {region}: create one there first',
  },
  'tag-not-found': { status: 404, retry: false, text: 'tag `{name}` does not exist: create it at POST /tags first' },
  'api-key-not-found': { status: 404, retry: false, text: 'no API key found with id {id}' },
  'session-not-found': { status: 404, retry: false, text: 'no session found with id {id}' },
  'device-sign-in-not-found': {
    status: 404,
    retry: false,
    text: 'this code is unknown, used, decided on or older than ten minutes: run `headgate login` again',
  },
  'set-up-link-invalid': {
    status: 404,
    retry: false,
    text: 'this set-up link is unknown, used, replaced or expired: ask for a new one',
  },
  'export-not-found': { status: 404, retry: false, text: 'no export found with id {id}' },
  'owner-not-found': { status: 404, retry: false, text: '{who} does not own data source {dataSource}' },
  'member-not-found': { status: 404, retry: false, text: '{who} is not a member of data source {dataSource}' },
  'integration-exists': {
    status: 409,
    retry: false,
    text: 'Native S3 integration already exists on {path} in account {account}, region {region} (id = {id}).',
  },
  'export-target-taken': {
    status: 409,
    retry: false,
    text: 'export {id} puts its files into `{place}` already: choose another path',
  },
  'export-running': { status: 409, retry: true, text: 'run {run} of this export is under way: wait for it to end' },
  'export-target-failed': { status: 422, retry: false, text: 'nothing can be exported there: {reason}' },
  'schedule-invalid': {
    status: 422,
    retry: false,
    text: '`{schedule}` is no schedule: {reason}; write five fields of cron, such as `0 3 * * *` for every day at three',
  },
  'time-zone-unknown': {
    status: 422,
    retry: false,
    text: '`{timeZone}` is no time zone: write an IANA name such as `Europe/Paris`',
  },
  'integration-name-taken': {
    status: 409,
    retry: false,
    text: 'an S3 integration named `{name}` exists already (id = {id}): choose another name',
  },
  'integration-location-exists': {
    status: 409,
    retry: false,
    text: 'Access Grants location already exists on provided path.',
  },
  'integration-busy': { status: 409, retry: true, text: 'integration {id} is {status}: wait until that has ended' },
  'identity-center-associated': {
    status: 409,
    retry: false,
    text: 'the Access Grants instance of integration {id} is associated with `{instanceArn}` already: dissociate that first',
  },
  'identity-center-in-use': {
    status: 409,
    retry: false,
    text: '{grants} grants in the account and region name people of the directory: map them otherwise first',
  },
  'integration-disabled': {
    status: 409,
    retry: false,
    text: 'integration {id} was forced out of use: create it again to manage its location',
  },
  'integration-has-data-sources': {
    status: 409,
    retry: false,
    text: 'integration {id} still has {count} data sources: delete them first, or send `?dataSources=disable`',
  },
  'integration-not-usable': {
    status: 409,
    retry: false,
    text: 'integration {id} is {status}: data sources can be registered once it is `enabled`',
  },
  'integration-has-foreign-grants': {
    status: 409,
    retry: false,
    text: 'location {location} of integration {id} holds {count} grants that Headgate did not make: remove them in AWS first, or send `?removeForeign=true`',
  },
  'integration-not-compared': {
    status: 409,
    retry: false,
    text: 'integration {id} is {status}: it is compared with AWS once it is `enabled`',
  },
  'data-source-name-taken': {
    status: 409,
    retry: false,
    text: 'a data source named `{name}` exists already: choose another name',
  },
  'data-source-scope-taken': {
    status: 409,
    retry: false,
    text: '`{scope}` is registered already as {holder}',
  },
  'data-source-overlap': {
    status: 409,
    retry: false,
    text: '`{scope}` overlaps {holder}: AWS grants add up; a governor may send `"allowOverlap": true`',
  },
  'data-source-disabled': {
    status: 409,
    retry: false,
    text: 'data source {id} is disabled: restore it at POST /data-sources/{id}/restore first',
  },
  'last-owner': {
    status: 409,
    retry: false,
    text: 'data source `{name}` would have no owner left: name another one first, or ask a governor',
  },
  'guardrail-would-drop': {
    status: 409,
    retry: false,
    text: 'guardrail {names} would no longer bind data source `{dataSource}`: ask a governor to do it',
  },
  'local-accounts-off': {
    status: 409,
    retry: false,
    text: 'signing in with a password is switched off here: sign in through your identity provider',
  },
  'local-accounts-needed': {
    status: 409,
    retry: false,
    text: 'you are signed in with a password yourself: sign in through an identity provider, or call with an API key, so that there is a way back, and switch it off then',
  },
  'duties-separated': {
    status: 409,
    retry: false,
    text: 'nobody may hold GOVERNANCE and USER_ADMIN together here: give `{userid}` one of them',
  },
  'duties-held-together': {
    status: 409,
    retry: false,
    text: '{count} people hold GOVERNANCE and USER_ADMIN together ({names}): take one of them away from each first',
  },
  'user-disabled': { status: 409, retry: false, text: 'user `{userid}` is disabled: enable them first' },
  'user-of-provider': {
    status: 409,
    retry: false,
    text: '`{userid}` signs in through `{provider}`: a password of ours would be a way round it',
  },
  'user-exists': {
    status: 409,
    retry: false,
    text: 'a user `{userid}` exists already (id = {id}); names that differ only in case, or look alike, count as one',
  },
  'identity-provider-exists': {
    status: 409,
    retry: false,
    text: 'an identity provider named `{name}` (id = {id}) exists already: choose another name',
  },
  'identity-provider-in-use': {
    status: 409,
    retry: false,
    text: 'identity provider `{name}` has {uses}: `?force=true` takes all that it asserted',
  },
  'identity-taken': {
    status: 409,
    retry: false,
    text: '`{subject}` of identity provider `{provider}` is user `{userid}` (id = {id}) already: unlink them first',
  },
  'identity-managed': {
    status: 409,
    retry: false,
    text: 'user `{userid}` is managed by identity provider `{provider}`: remove them there, or delete the user',
  },
  'user-managed': {
    status: 409,
    retry: false,
    text: 'user `{userid}` is managed by identity provider `{provider}`: change name and e-mail there',
  },
  'group-managed': {
    status: 409,
    retry: false,
    text: 'identity provider `{provider}` says who is in group `{name}`: remove it there, or take it from what the provider may assert',
  },
  'group-exists': {
    status: 409,
    retry: false,
    text: 'a group `{name}` exists already (id = {id}); names that differ only in case, or look alike, count as one',
  },
  'group-built-in': { status: 409, retry: false, text: 'group `{name}` is built in: everyone is in it, and it stays' },
  'tag-exists': { status: 409, retry: false, text: 'tag `{name}` exists already' },
  'tag-in-use': { status: 409, retry: false, text: 'tag `{name}` is in use by {uses}: remove it there first' },
  'domain-exists': { status: 409, retry: false, text: 'a domain named `{name}` exists already' },
  'domain-in-use': {
    status: 409,
    retry: false,
    text: 'domain `{name}` is in use by {uses}: remove it there first',
  },
  'principal-taken': {
    status: 409,
    retry: false,
    text: '`{identifier}` belongs to user `{userid}` (id = {id}) already: remove it there first',
  },
  'principal-not-waiting': {
    status: 409,
    retry: false,
    text: 'no principal of user {id} waits to be confirmed: AWS has whoever was mapped',
  },
  'data-product-not-found': {
    status: 404,
    retry: false,
    text: 'there is no data product `{id}`: GET /data-products lists them',
  },
  'data-product-version-not-found': {
    status: 404,
    retry: false,
    text: 'data product `{id}` has no version {version}: GET /data-products/{id}/versions lists them',
  },
  'data-product-name-taken': {
    status: 409,
    retry: false,
    text: 'there is a data product `{name}` already, or one that looks like it: choose another name',
  },
  'data-product-invalid': { status: 422, retry: false, text: 'the data product cannot be stored so: {reason}' },
  'data-product-state': {
    status: 409,
    retry: false,
    text: 'data product `{id}` is {state}: it cannot be {wanted} now; possible: {possible}',
  },
  'data-product-has-members': {
    status: 409,
    retry: false,
    text: 'data product `{id}` has {members} members: say `revoke=true` to end their access, or retire it',
  },
  'data-product-closed': {
    status: 409,
    retry: false,
    text: 'data product `{id}` takes nobody in: it is {state}',
  },
  'request-not-found': { status: 404, retry: false, text: 'there is no request with id {id}' },
  'request-on-behalf-refused': {
    status: 403,
    retry: false,
    text: 'you cannot ask for user {id}: only for yourself, for users who stand for roles, and for services',
  },
  'request-prevented': {
    status: 409,
    retry: false,
    text: 'an approval would change nothing, for every data source is kept from `{userid}`: {reason}',
  },
  'request-needless': {
    status: 409,
    retry: false,
    text: '`{userid}` has this already, without an end: there is nothing to ask for',
  },
  'request-waits': {
    status: 409,
    retry: false,
    text: 'request {id} for the same waits for a decision already: comment on it, or cancel it first',
  },
  'requests-too-many': {
    status: 409,
    retry: false,
    text: '{most} requests of yours wait for a decision already: wait for some of them, or cancel what is not needed',
  },
  'idempotency-key-used': {
    status: 409,
    retry: false,
    text: '`{key}` was the key of request {id}, which asked for something else: choose another key',
  },
  'request-not-opened': {
    status: 409,
    retry: false,
    text: 'no active policy opens requests for {level} on data source {id}',
  },
  'request-over': { status: 409, retry: false, text: 'request {id} is {state}: this can no longer be done' },
  'membership-over': {
    status: 422,
    retry: false,
    text: 'the membership would have ended at {until} already: give a later end',
  },
  'policy-name-taken': {
    status: 409,
    retry: false,
    text: 'a policy named `{name}` exists already: choose another name',
  },
  'template-name-taken': {
    status: 409,
    retry: false,
    text: 'a {kind} named `{name}` exists already (id = {id}): choose another name',
  },
  'template-built-in': {
    status: 409,
    retry: false,
    text: 'the {kind} `{name}` is part of Headgate and cannot be changed: make one of your own',
  },
  'template-in-use': {
    status: 409,
    retry: false,
    text: 'the {kind} `{name}` is used by {users}: choose another one there first',
  },
  'policy-protected': {
    status: 409,
    retry: false,
    text: 'policy `{name}` is part of the system and cannot be changed',
  },
  'policy-archived': {
    status: 409,
    retry: false,
    text: 'policy `{name}` is archived: stage it at POST /policies/{id}/stage first',
  },
  'policy-not-selectable': {
    status: 409,
    retry: false,
    text: 'policy `{name}` cannot be picked for a data source: it is {reason}',
  },
  'subscription-not-offered': {
    status: 409,
    retry: false,
    text: 'there is nothing to subscribe to at {level} on data source {dataSource}: {reason}',
  },
  'policy-open-by-absence': {
    status: 409,
    retry: false,
    text: 'policy `{name}` would let in people of whom nothing is known: ask for something that they hold, or send `"acknowledge": ["open-by-absence"]`',
  },
  'last-admin': {
    status: 409,
    retry: false,
    text: 'user `{userid}` is the last one with {permission}: give it to somebody else first',
  },
  'preview-stale': {
    status: 409,
    retry: false,
    text: '{gaining} more would gain and {losing} more would lose access than the preview showed: preview again and look',
  },
  'preview-unknown': {
    status: 412,
    retry: false,
    text: 'this `If-Preview` is none that you were given: send the `token` of your own preview',
  },
  'preview-expired': { status: 412, retry: false, text: 'this preview expired at {at}: preview again' },
  'preview-used': { status: 412, retry: false, text: 'all that was previewed was done with this token: preview again' },
  'preview-other-change': {
    status: 412,
    retry: false,
    text: 'this is not what was previewed: change {position} of the preview is next, sent exactly as it was',
  },
  'version-missing': {
    status: 428,
    retry: false,
    text: 'send `If-Match` with the version you read: the `ETag` of that answer',
  },
  'email-not-set-up': {
    status: 409,
    retry: false,
    text: 'no mail server is set: name `host` and `sender` with PUT /settings/e-mail',
  },
  'email-address-missing': {
    status: 409,
    retry: false,
    text: 'you have no e-mail address here: set one for yourself, or have your identity provider send it',
  },
  'email-password-missing': {
    status: 409,
    retry: false,
    text: 'the stored password is for another mail server or user name: send `password` too',
  },
  'webhooks-too-many': { status: 409, retry: false, text: 'there are {most} webhooks already: delete one first' },
  'version-stale': {
    status: 412,
    retry: false,
    text: 'somebody changed this meanwhile (now version `{version}`): read it again',
  },
  'body-too-large': { status: 413, retry: false, text: 'the body is larger than the {limit} bytes allowed here' },
  'media-type-unknown': {
    status: 415,
    retry: false,
    text: 'send JSON (application/json) or YAML (application/yaml), not `{type}`',
  },
  'request-invalid': { status: 422, retry: false, text: '{reason}' },
  'validation-failed': { status: 422, retry: false, text: 'the integration did not pass validation: {reason}' },
  'review-flow-invalid': { status: 422, retry: false, text: 'this review flow cannot be used: {reason}' },
  'request-form-invalid': { status: 422, retry: false, text: 'this form cannot be used: {reason}' },
  'policy-invalid': { status: 422, retry: false, text: 'the expression of policy `{name}` cannot be read: {reason}' },
  'data-sources-invalid': {
    status: 422,
    retry: false,
    text: '{count} of the data sources cannot be registered: {reason}',
  },
  'tag-invalid': { status: 422, retry: false, text: 'tag `{name}` is not allowed: {reason}' },
  'principal-invalid': { status: 422, retry: false, text: '`{identifier}` cannot be used as a principal: {reason}' },
  'identity-provider-invalid': {
    status: 422,
    retry: false,
    text: 'identity provider `{name}` cannot be set up like this: {reason}',
  },
  'address-refused': { status: 400, retry: false, text: 'the address cannot be called: {reason}' },
  'name-invalid': { status: 422, retry: false, text: '`{name}` cannot be a name: it {reason}' },
  'import-refused': { status: 422, retry: false, text: 'nothing was stored: {count} findings, the first: {first}' },
  'name-reserved': { status: 422, retry: false, text: '`{name}` is reserved for the marketplace' },
  'password-refused': { status: 422, retry: false, text: 'choose another password: {reason}' },
  'scim-syntax-invalid': { status: 400, retry: false, text: 'this is no SCIM message: {reason}' },
  'scim-value-invalid': { status: 400, retry: false, text: 'a value cannot be taken: {reason}' },
  'scim-filter-invalid': { status: 400, retry: false, text: 'the filter cannot be used: {reason}' },
  'scim-path-invalid': { status: 400, retry: false, text: 'the path `{path}` cannot be used: {reason}' },
  'scim-no-target': { status: 400, retry: false, text: 'the path `{path}` leads nowhere: {reason}' },
  'scim-mutability': { status: 400, retry: false, text: '`{attribute}` is not for the provider to change' },
  'scim-token-invalid': {
    status: 401,
    retry: false,
    text: 'the bearer token of an identity provider is missing, unknown or was replaced: rotate it at the provider and paste the new one',
  },
  'scim-group-not-allowed': {
    status: 403,
    retry: false,
    text: 'identity provider `{provider}` may not assert group `{name}`: allow it by a group pattern of the provider, or leave it out of the sync',
  },
  'scim-not-set-up': {
    status: 404,
    retry: false,
    text: 'identity provider {id} does not sync by SCIM: set it up with PUT /identity-providers/{id}/scim',
  },
  'scim-not-found': { status: 404, retry: false, text: 'identity provider `{provider}` has no {type} with id `{id}`' },
  'scim-name-taken': { status: 409, retry: false, text: 'user name `{userName}` is taken by {by}: {fix}' },
  'scim-group-taken': {
    status: 409,
    retry: false,
    text: 'a group called `{name}`, or with the same external id, exists already: choose another name',
  },
  'scim-external-id-taken': {
    status: 409,
    retry: false,
    text: "another user of this provider (id = {id}) has the external id `{externalId}`: an external id is one user's",
  },
  'scim-version-changed': {
    status: 412,
    retry: false,
    text: 'it was changed meanwhile, its version is {version} now: read it again',
  },
  'scim-too-many': { status: 413, retry: false, text: '{what} holds at most {limit}: send it in parts' },
  'rate-limited': { status: 429, retry: true, text: 'too many calls: wait {seconds} s' },
  unexpected: {
    status: 500,
    retry: true,
    text: 'something went wrong here, not with your request: the log has it under request id {requestId}',
  },
  'email-refused': { status: 502, retry: false, text: 'the mail was not sent: {reason}' },
  'aws-refused': { status: 502, retry: false, text: 'AWS refused {operation}: {awsCode}: {awsMessage}' },
  'aws-unreachable': { status: 502, retry: true, text: 'AWS did not answer {operation}: {reason}' },
  'not-ready': { status: 503, retry: true, text: 'not ready: {reason}' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errors

/** What a text's placeholders stand for, and, under other names, facts for the client (`validation`, `items`). */
export type ErrorDetail = Readonly<Record<string, unknown>>

/** The one error type that carries a code of the table to whoever answers the call. */
export class Problem extends Error {
  readonly code: ErrorCode
  readonly detail: ErrorDetail

  /**
   * @param detail values for the text's placeholders; never a secret
   * @example throw new Problem('integration-not-found', { id: 5 })  // 404 "No Integration found with ID 5."
   */
  constructor(code: ErrorCode, detail: ErrorDetail = {}, options?: { cause?: unknown }) {
    super(printText(errors[code].text, detail), options)
    this.name = 'Problem'
    this.code = code
    this.detail = detail
  }

  get status(): number {
    return errors[this.code].status
  }
}

function printText(text: string, detail: ErrorDetail): string {
  return text.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
    name in detail ? String(detail[name]) : placeholder,
  )
}
