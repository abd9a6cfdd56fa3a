/** The tables as Kysely sees them; `migrations/` is the truth, and says why each column is there. */
import type {
  AgreementVersion,
  Answers,
  Form,
  HeldBy,
  Level,
  Mode,
  PrincipalKind,
  RequestState,
  ReviewFlow,
  Stage,
} from '@headgate/core'
import type {
  AuthenticationType,
  DeliveryState,
  DomainRight,
  DriftDone,
  DriftKind,
  EmailSecurity,
  ExportAuthenticationType,
  ExportCause,
  ExportedTable,
  ExportFormat,
  ExportRunState,
  GrantState,
  IdentityCenterDrift,
  IntegrationStatus,
  LocationDrift,
  NoticeFacts,
  NoticeKind,
  NoticeSubject,
  OidcSettings,
  Permission,
  PolicyVersion,
  PrincipalAdvice,
  ScimMapping,
  TrialEvent,
  ValidationResults,
  ValidationTest,
  WebhookState,
} from '@headgate/core/api'
import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely'
import type { UserResource } from '../scim/user-resource.ts'
import type { Sealed } from '../secrets.ts'

/** Read as milliseconds (`Instant`), written as a Date. */
type Timestamp = ColumnType<number, Date, Date>
type DefaultNow = ColumnType<number, Date | undefined, Date>
type OptionalTimestamp = ColumnType<number | null, Date | null | undefined, Date | null>
/** Read as parsed JSON, written as JSON text. */
type Json<T extends object | null> = JSONColumnType<T, string, string>

type ScopeKind = 'bucket' | 'prefix' | 'object'

/** What can be asked for is asked and decided by: each of these has versions, and lives the same life. */
export type TemplateKind = keyof TemplateContent
export interface TemplateContent {
  readonly form: Form & {
    /** Ids of agreements to accept. */
    readonly agreements: readonly number[]
  }
  /** Markdown. */
  readonly agreement: { readonly text: string }
  readonly flow: ReviewFlow
}

export type ProductState = 'draft' | 'published' | 'suspended' | 'retired' | 'deleted'

/** What a data product says besides its name, its domain, and what it asks. */
export interface ProductDefinition {
  /** Markdown. */
  readonly description: string
  readonly dataSources: readonly number[]
  readonly levels: readonly Level[]
  /** The person who knows the data. */
  readonly expert?: number | undefined
  /** `#rrggbb` */
  readonly colour?: string | undefined
  readonly links: readonly { readonly title: string; readonly url: string }[]
  /** The longest that somebody is let in at a time, e.g. `1y`. */
  readonly longest?: string | undefined
  /** Whether somebody may be let in without an end. */
  readonly withoutEnd: boolean
}

/** A policy as it is stored: the expression stays text, so that what people wrote is what they read. */
export interface PolicyDefinition {
  readonly kind: 'grant' | 'guardrail'
  readonly level: Level
  readonly appliesTo:
    | { readonly everything: true }
    | { readonly selected: true }
    | { readonly any: readonly StoredCondition[] }
    | { readonly all: readonly StoredCondition[] }
  readonly who:
    | { readonly when: string }
    | { readonly everyone: true }
    | { readonly onRequest: { readonly review: { readonly stages: readonly Stage[] } } }
  readonly subscribe: 'automatic' | 'manual'
  readonly discoverable: boolean
  readonly description: string
}
export type StoredCondition =
  | { readonly tag: string }
  | { readonly domain: string }
  | { readonly integration: number }
  | { readonly scope: string }
  | { readonly name: string }

/** What an edit may change about an integration. */
export interface IntegrationEdit {
  readonly name: string
  readonly locationRole: string
  readonly authenticationType: AuthenticationType
  readonly accessKeyId: string | null
  readonly secretAccessKey: Sealed | null
  readonly assumedRole: string | null
}

/** Something found wrong with an integration in use; while there is any, nothing is created in it. */
export interface IntegrationFault {
  readonly test: string
  /** What to do about it. */
  readonly message: string
}

export type PolicyState = PolicyVersion['state']

export interface Database {
  tenant: { id: GeneratedAlways<string>; created_at: DefaultNow; only_row: GeneratedAlways<boolean> }
  person: {
    id: GeneratedAlways<number>
    userid: string
    name: string
    email: string | null
    kind: 'person' | 'role-user' | 'service'
    disabled_locally: Generated<boolean>
    provider: Generated<string | null>
    active_at_provider: Generated<boolean>
    disabled: GeneratedAlways<boolean>
    created_at: DefaultNow
    deleted_at: OptionalTimestamp
    userid_key: GeneratedAlways<string>
    search_key: GeneratedAlways<string>
    twin: Generated<number>
  }
  person_permission: { person_id: number; permission: Permission; scopes: string[] | null }
  api_key: {
    id: GeneratedAlways<number>
    person_id: number
    name: string
    hash: Buffer
    permissions: Permission[] | null
    created_at: DefaultNow
    expires_at: OptionalTimestamp
    last_used_at: OptionalTimestamp
    revoked_at: OptionalTimestamp
    opened_by: number | null
  }
  settings: {
    only_row: GeneratedAlways<boolean>
    version: Generated<number>
    public_url: string | null
    local_accounts: Generated<boolean>
    separation_of_duties: Generated<boolean>
    session_idle_minutes: Generated<number>
    session_hours: Generated<number>
  }
  local_account: { person_id: number; password_hash: string; changed_at: DefaultNow; opened_by: number | null }
  set_up_link: {
    hash: Buffer
    person_id: number | null
    makes_admin: boolean
    created_at: DefaultNow
    expires_at: Timestamp
    made_by: number | null
  }
  device_sign_in: {
    hash: Buffer
    user_code: string
    device: string
    ip: string
    created_at: DefaultNow
    expires_at: Timestamp
    verdict: 'approve' | 'deny' | null
    person_id: number | null
    permissions: Permission[] | null
    key_expires_at: OptionalTimestamp
    opened_by: number | null
  }
  sign_in_session: {
    id: GeneratedAlways<number>
    hash: Buffer
    person_id: number
    via: string
    created_at: DefaultNow
    last_seen_at: DefaultNow
    user_agent: string | null
    ip: string | null
  }
  sign_in_attempt: { hash: Buffer; attempts: number; until: Timestamp }
  identity_provider: {
    id: GeneratedAlways<number>
    name: string
    look_alike: string
    enabled: Generated<boolean>
    version: Generated<number>
    attribute_keys: Generated<string[]>
    group_patterns: Generated<string[]>
    oidc: ColumnType<OidcSettings | null, string | null | undefined, string | null>
    client_secret: ColumnType<Sealed | null, string | null | undefined, string | null>
    scim: ColumnType<ScimMapping | null, string | null | undefined, string | null>
    created_at: DefaultNow
  }
  person_identity: {
    provider: string
    person_id: number
    subject: Generated<string | null>
    external_id: Generated<string | null>
    since: DefaultNow
    opened_by: number | null
  }
  oidc_flow: { hash: Buffer; provider: string; redirect_uri: string; return_to: string; expires_at: Timestamp }
  people_group: {
    id: GeneratedAlways<number>
    name: string
    description: Generated<string>
    created_at: DefaultNow
    provider: Generated<string | null>
    provider_name: Generated<string | null>
    external_id: Generated<string | null>
    name_key: GeneratedAlways<string>
    twin: Generated<number>
  }
  group_member: { group_id: number; person_id: number; source: Generated<string>; since: DefaultNow }
  person_attribute: { person_id: number; key: string; value: string; source: Generated<string>; since: DefaultNow }
  group_attribute: { group_id: number; key: string; value: string; source: Generated<string>; since: DefaultNow }
  integration: {
    id: GeneratedAlways<number>
    intent: Generated<string>
    name: string
    account_id: string
    region: string
    location_role: string
    location_path: string
    authentication_type: AuthenticationType
    access_key_id: string | null
    secret_access_key: ColumnType<Sealed | null, string | null, string | null>
    assumed_role: string | null
    subsume_equal: Generated<boolean>
    status: IntegrationStatus
    status_message: string | null
    validation: Json<ValidationResults>
    aws_location_id: string | null
    max_session_seconds: number | null
    mode: Generated<Mode>
    brake_revocations: Generated<number>
    brake_percent: Generated<number>
    version: Generated<number>
    edit: ColumnType<IntegrationEdit | null, string | null | undefined, string | null>
    foreign_grants_to_remove: ColumnType<readonly string[] | null, string | null | undefined, string | null>
    faults: ColumnType<readonly IntegrationFault[], string | undefined, string>
    vending_policy: string | null
    vending_read_at: OptionalTimestamp
    vending_problem: string | null
    vends_to: Generated<string[]>
    validated_at: DefaultNow
    created_at: DefaultNow
    updated_at: DefaultNow
  }
  principal: {
    id: GeneratedAlways<number>
    person_id: number
    kind: PrincipalKind
    identifier: string
    integration_id: number | null
    unique_id: string | null
    warning: string | null
    since: DefaultNow
    source: Generated<string>
    found_id: string | null
    checked_at: OptionalTimestamp
    check_due_at: DefaultNow
  }
  asserted_principal: {
    person_id: number
    source: string
    kind: PrincipalKind
    identifier: string
    problem: string | null
    since: DefaultNow
  }
  iam_role: {
    arn: string
    trust_policy: string | null
    breadth: 'nobody' | 'one' | 'several' | 'unknown'
    problem: string | null
    read_at: DefaultNow
  }
  iam_account: {
    account_id: string
    roles: number | null
    roles_quota: number | null
    problem: string | null
    read_at: DefaultNow
  }
  tag: { name: string; description: Generated<string>; created_at: DefaultNow }
  data_source: {
    id: GeneratedAlways<number>
    name: string
    description: Generated<string>
    integration_id: number
    account_id: string
    region: string
    prefix: string
    bucket: string
    key: string
    kind: ScopeKind
    state: Generated<'active' | 'disabled' | 'deleted'>
    created_by: number
    created_at: DefaultNow
    health: Generated<'healthy' | 'path-missing' | 'bucket-unreachable'>
    health_message: string | null
    checked_at: OptionalTimestamp
    check_due_at: DefaultNow
  }
  data_source_tag: { data_source_id: number; tag: string }
  data_source_owner: { data_source_id: number; person_id: number | null; group_id: number | null }
  domain: { name: string; description: Generated<string>; created_at: DefaultNow }
  domain_tag: { domain: string; tag: string }
  data_source_domain: { data_source_id: number; domain: string }
  domain_right: { domain: string; person_id: number | null; group_id: number | null; right: DomainRight }
  policy_selection: { policy_id: number; data_source_id: number; selected_by: number; selected_at: DefaultNow }
  subscription: { person_id: number; data_source_id: number; level: Level; subscribed_at: DefaultNow }
  member: {
    id: GeneratedAlways<number>
    data_source_id: number
    person_id: number | null
    group_id: number | null
    level: Level
    until: OptionalTimestamp
    reason: string
    added_by: number
    added_at: DefaultNow
    request_id: number | null
  }
  policy: {
    id: GeneratedAlways<number>
    name: string
    version: Generated<number>
    state: PolicyState
    definition: Json<PolicyDefinition>
    domain: string | null
    data_source_id: number | null
    protected: Generated<boolean>
    created_by: number | null
    created_at: DefaultNow
    updated_at: DefaultNow
  }
  policy_version: {
    policy_id: number
    version: number
    name: string
    state: PolicyState
    definition: Json<PolicyDefinition>
    created_by: number | null
    created_at: DefaultNow
    change: PolicyVersion['change']
    from_policy: number | null
    from_version: number | null
  }
  data_product: {
    id: string
    state: Generated<ProductState>
    levels: Level[]
    created_at: DefaultNow
    key: string | null
    version: Generated<number>
    name: string
    look_alike: string
    domain: string | null
    definition: Json<ProductDefinition>
    form_id: number | null
    review_flow_id: number | null
    created_by: number | null
    updated_at: DefaultNow
  }
  data_product_version: {
    product_id: string
    version: number
    name: string
    state: ProductState
    domain: string | null
    definition: Json<ProductDefinition>
    form_id: number | null
    review_flow_id: number | null
    change:
      | 'created'
      | 'edited'
      | 'restored'
      | 'published'
      | 'unpublished'
      | 'suspended'
      | 'resumed'
      | 'retired'
      | 'deleted'
    from_version: number | null
    created_at: DefaultNow
    created_by: number | null
  }
  template: {
    id: GeneratedAlways<number>
    kind: TemplateKind
    name: string
    description: string
    version: Generated<number>
    content: Json<TemplateContent[TemplateKind]>
    built_in: Generated<boolean>
    created_at: DefaultNow
    created_by: number | null
    updated_at: DefaultNow
    updated_by: number | null
    deleted_at: OptionalTimestamp
  }
  template_version: {
    template_id: number
    version: number
    name: string
    description: string
    content: Json<TemplateContent[TemplateKind]>
    change: 'created' | 'edited' | 'deleted'
    created_at: DefaultNow
    created_by: number | null
  }
  template_use: { template_id: number; used_by: 'policy' | 'form'; user_id: string; user_name: string }
  data_product_source: { product_id: string; data_source_id: number }
  membership: {
    id: GeneratedAlways<number>
    product_id: string
    person_id: number
    level: Level
    since: DefaultNow
    until: OptionalTimestamp
    request_id: number | null
    ended_at: OptionalTimestamp
    ended_cause: string | null
  }
  request: {
    id: GeneratedAlways<number>
    product_id: string | null
    data_source_id: number | null
    policy_id: number | null
    policy_version: number | null
    name: string
    requester_id: number
    opened_by: number | null
    beneficiary_id: number
    on_behalf: 'role-user' | 'service' | null
    level: Level
    asked_ms: number | null
    extension: boolean
    form_id: number
    form_version: number
    flow_id: number | null
    flow_version: number | null
    rule: number | null
    answers: Json<Answers>
    agreements: Json<(AgreementVersion & { readonly name: string })[]>
    advice: Json<PrincipalAdvice[]>
    stages: Json<Stage[]>
    stage: Generated<number>
    state: Generated<RequestState>
    created_at: DefaultNow
    expires_at: Timestamp
    decided_at: OptionalTimestamp
    until: OptionalTimestamp
    ended_at: OptionalTimestamp
    ended_by: number | null
    ended_reason: string | null
    reminded_at: DefaultNow
    stuck_stage: number | null
    told_days: number | null
    idempotency_key: string | null
    idempotency_hash: Buffer | null
  }
  request_decision: {
    request_id: number
    number: number
    stage: number
    by_id: number
    verdict: 'approve' | 'deny'
    criteria: number[]
    criteria_text: string[]
    reason: string | null
    for_ms: number | null
    without_end: Generated<boolean>
    at: DefaultNow
  }
  request_comment: {
    id: GeneratedAlways<number>
    request_id: number
    by_id: number
    text: string
    at: DefaultNow
  }
  fact_change: {
    id: number
    at: DefaultNow
    entity: string
    entity_id: string
    after: Json<object | null>
    cause: string
    actor_id: number | null
    previewed: Generated<boolean>
  }
  integration_trial: {
    id: string
    person_id: number
    total: number
    tests: ColumnType<ValidationTest[], string | undefined, string>
    state: ColumnType<TrialEvent['state'], undefined, TrialEvent['state']>
    message: string | null
    started_at: DefaultNow
    moved_at: DefaultNow
  }
  preview_token: {
    hash: Buffer
    actor_id: number
    sequence: number
    digest: string
    created_at: DefaultNow
    expires_at: Timestamp
  }
  preview_token_change: {
    token_hash: Buffer
    position: number
    write_hash: Buffer
    moves: Buffer
    used_at: OptionalTimestamp
  }
  audit_event: {
    sequence: GeneratedAlways<number>
    id: string
    event_timestamp: Timestamp
    action: string
    target_type: string
    actor_id: number | null
    request_id: string | null
    event: string
  }
  audit_unsealed: { sequence: number }
  audit_seal: { position: number; sequence: number; hash: Buffer }
  audit_batch: {
    number: number
    sealed_at: Timestamp
    first_position: number
    last_position: number
    previous_hash: Buffer
    events_hash: Buffer
    hash: Buffer
  }
  audit_entry: {
    position: number
    at: Timestamp
    action: string
    status: string
    type: string
    target_type: string
    actor_id: number | null
    actor: string
    request_id: string | null
    about: string[]
  }
  audit_key: { id: GeneratedAlways<number>; public_key: string; created_at: DefaultNow }
  audit_key_secret: { key_id: number; sealed: ColumnType<Sealed, string, string> }
  audit_checkpoint: {
    id: GeneratedAlways<number>
    batch_number: number
    last_position: number
    at: Timestamp
    key_id: number
    statement: string
    signature: Buffer
  }
  audit_pruned_actor: { actor_id: number }
  audit_export: {
    id: number
    interval_hours: number
    enabled: Generated<boolean>
    exported_through: Generated<number>
    next_at: DefaultNow
    busy_until: OptionalTimestamp
  }
  audit_export_range: {
    id: GeneratedAlways<number>
    export_id: number
    first_position: number
    last_position: number
    chosen_at: DefaultNow
    attempts: Generated<number>
    finished_at: OptionalTimestamp
    bytes: number | null
    sha256: Buffer | null
    error: string | null
  }
  node: { id: GeneratedAlways<number>; name: string; started_at: DefaultNow; seen_at: DefaultNow }
  leadership: {
    integration_id: number
    node_id: number | null
    epoch: Generated<number>
    released: Generated<boolean>
    checkpoint: Generated<number>
    settled_at: OptionalTimestamp
  }
  run: {
    id: GeneratedAlways<number>
    integration_id: number
    epoch: number
    sequence: number
    to_create: number
    to_revoke: number
    created: Generated<number>
    revoked: Generated<number>
    failed: Generated<number>
    started_at: DefaultNow
    finished_at: OptionalTimestamp
    held: Generated<number>
    released: Generated<number>
  }
  ledger: {
    id: GeneratedAlways<number>
    intent: Generated<string>
    integration_id: number
    data_source_id: number
    person_id: number
    grantee_type: 'IAM' | 'DIRECTORY_USER'
    grantee_id: string
    bucket: string
    key: string
    kind: ScopeKind
    permission: 'READ' | 'READWRITE'
    state: Generated<GrantState>
    aws_grant_id: string | null
    because: Json<object>
    cause: string
    run_id: number | null
    epoch: number
    attempts: Generated<number>
    next_try_at: OptionalTimestamp
    error_code: string | null
    error_text: string | null
    created_at: DefaultNow
    active_at: OptionalTimestamp
    revoking_at: OptionalTimestamp
    revoked_at: OptionalTimestamp
    updated_at: DefaultNow
    held: HeldBy | null
    held_at: OptionalTimestamp
    held_run_id: number | null
    released_at: OptionalTimestamp
    revoke_run_id: number | null
    counted: Generated<boolean>
    unanswered: Generated<boolean>
  }
  capacity: {
    account_id: string
    region: string
    grants_quota: Generated<number>
    locations_quota: Generated<number>
    locations_seen: number | null
    full_since: OptionalTimestamp
  }
  capacity_sample: {
    account_id: string
    region: string
    hour: Timestamp
    grants: number
    locations: number
  }
  drift_scan: {
    id: GeneratedAlways<number>
    account_id: string
    region: string
    requested_at: DefaultNow
    requested_by: number | null
    started_at: OptionalTimestamp
    finished_at: OptionalTimestamp
    listed: Generated<number>
    outside: Generated<number>
    error: string | null
  }
  drift_report: {
    id: GeneratedAlways<number>
    scan_id: number
    integration_id: number
    started_at: Timestamp
    finished_at: OptionalTimestamp
    checked: Generated<number>
    equal: Generated<number>
    missing: Generated<number>
    changed: Generated<number>
    orphans: Generated<number>
    foreign: Generated<number>
    unjudged: Generated<number>
    location: LocationDrift
    identity_center: IdentityCenterDrift
    identity_center_arn: string | null
  }
  drift_finding: {
    id: GeneratedAlways<number>
    report_id: number
    kind: DriftKind
    aws_grant_id: string | null
    ledger_id: number | null
    grantee: string | null
    scope: string | null
    permission: string | null
    done: DriftDone
    detail: string
  }
  stray_grant: {
    integration_id: number
    aws_grant_id: string
    kind: 'foreign' | 'orphan'
    grantee_type: string
    grantee_id: string
    scope: string
    permission: string
    first_seen_at: DefaultNow
    last_seen_at: DefaultNow
    gone_at: OptionalTimestamp
    removal_ordered_at: OptionalTimestamp
    removal_ordered_by: number | null
    removed_at: OptionalTimestamp
    error_code: string | null
    error_text: string | null
  }
  scim_user: {
    person_id: number
    provider: string
    user_name_key: string
    external_id: string | null
    resource: Json<UserResource>
    email_keys: Generated<string[]>
    version: Generated<number>
    read_by: Generated<number>
    created_at: DefaultNow
    updated_at: DefaultNow
  }
  scim_group: {
    group_id: number
    provider: string
    name_key: string
    version: Generated<number>
    created_at: DefaultNow
    updated_at: DefaultNow
  }
  scim_token: {
    hash: Buffer
    provider: string
    created_at: DefaultNow
    expires_at: OptionalTimestamp
    last_used_at: OptionalTimestamp
  }
  notice: {
    id: GeneratedAlways<number>
    kind: NoticeKind
    about_type: NoticeSubject
    about_id: string
    facts: Json<NoticeFacts>
    mark: string | null
    at: DefaultNow
  }
  inbox: { person_id: number; notice_id: number; read_at: OptionalTimestamp }
  notification_preference: { person_id: number; kind: NoticeKind; inbox: boolean; email: boolean }
  email_settings: {
    only_row: GeneratedAlways<boolean>
    version: Generated<number>
    enabled: Generated<boolean>
    host: string | null
    port: Generated<number>
    security: Generated<EmailSecurity>
    username: string | null
    password: ColumnType<Sealed | null, string | null | undefined, string | null>
    sender: string | null
    ca_certificate: string | null
    most_per_minute: Generated<number>
  }
  mail: {
    id: GeneratedAlways<number>
    person_id: number
    message_id: string
    state: Generated<'due' | 'sent' | 'failed' | 'dropped'>
    attempts: Generated<number>
    next_try_at: DefaultNow
    problem: string | null
    created_at: DefaultNow
    tried_at: OptionalTimestamp
    sent_at: OptionalTimestamp
  }
  mail_item: { person_id: number; notice_id: number; mail_id: number | null }
  webhook: {
    id: GeneratedAlways<number>
    version: Generated<number>
    name: string
    url: string
    kinds: NoticeKind[]
    state: Generated<WebhookState>
    problem: string | null
    secret: ColumnType<Sealed, string, string>
    old_secret: ColumnType<Sealed | null, string | null | undefined, string | null>
    old_secret_until: OptionalTimestamp
    failing_since: OptionalTimestamp
    created_by: number | null
    created_at: DefaultNow
  }
  webhook_delivery: {
    id: GeneratedAlways<number>
    webhook_id: number
    message_id: Generated<string>
    notice_id: number | null
    state: Generated<DeliveryState>
    attempts: Generated<number>
    next_try_at: DefaultNow
    created_at: DefaultNow
  }
  webhook_attempt: {
    id: GeneratedAlways<number>
    delivery_id: number
    at: DefaultNow
    took_ms: number
    status: number | null
    response: string | null
    problem: string | null
  }
  export_target: {
    id: GeneratedAlways<number>
    intent: string
    purpose: 'accessSummary' | 'audit'
    bucket: string
    region: string
    path: string
    authentication_type: ExportAuthenticationType
    access_key_id: string | null
    secret_access_key: ColumnType<Sealed | null, string | null, string | null>
    role_arn: string | null
    kms_key_arn: string | null
    version: Generated<number>
    created_by: number | null
    created_at: DefaultNow
    updated_at: DefaultNow
    deleted_at: OptionalTimestamp
  }
  access_export: {
    id: number
    format: ExportFormat
    schedule: string | null
    time_zone: string | null
    due_at: OptionalTimestamp
  }
  access_export_run: {
    id: GeneratedAlways<number>
    export_id: number
    cause: ExportCause
    asked_by: number | null
    due_at: OptionalTimestamp
    as_of: OptionalTimestamp
    state: Generated<ExportRunState>
    attempts: Generated<number>
    next_at: DefaultNow
    holder: string | null
    created_at: DefaultNow
    started_at: OptionalTimestamp
    finished_at: OptionalTimestamp
    export_date: string | null
    place: string | null
    sequence: number | null
    files: number | null
    rows: number | null
    bytes: number | null
    tables: ColumnType<readonly ExportedTable[] | null, string | null | undefined, string | null>
    error: string | null
    warnings: Generated<string[]>
  }
}
