/** The public names of the HTTP contract, in reading order. */

export { type ErrorCode, type ErrorDetail, errors, Problem } from '../errors.ts'
export type { AccessRow, Grant, GrantState, RecentlyRevoked } from './access.ts'
export {
  type AccessExport,
  type ExportCause,
  type ExportedTable,
  type ExportFormat,
  type ExportRun,
  type ExportRunState,
  exportFormats,
} from './access-exports.ts'
export type { ApiKey } from './api-keys.ts'
export type { AuditEventAnswer, AuditFilter } from './audit.ts'
export { type AuditExport, type AuditExportRange, auditIntervals } from './audit-exports.ts'
export { ApiError, type Caller, caller } from './caller.ts'
export type { CapacityOfPlace } from './capacity.ts'
export { api } from './contract.ts'
export type { DataProduct, ProductContent, ProductVersion } from './data-products.ts'
export type { DataSource, Health, Member } from './data-sources.ts'
export type { AskedSignIn } from './device-sign-ins.ts'
export { type Domain, type DomainDetail, type DomainRight, domainRights } from './domains.ts'
export type { Drift, DriftDone, DriftKind, DriftReport, IdentityCenterDrift, LocationDrift } from './drift.ts'
export type { EmailSettings, WantedEmailSettings } from './email-settings.ts'
export * from './endpoint.ts'
export { type Explained, type ExplainedRule, guardrailsInTheWay } from './explain.ts'
export {
  type ExportAuthenticationType,
  type ExportTargetInput,
  type TargetCheck,
  type TargetSetup,
  type TargetTest,
  targetAnswer,
  targetEdit,
  targetInput,
  targetSetup,
  targetTest,
} from './export-target.ts'
export type { IdentityCenterAssociation } from './identity-center.ts'
export type { CheckStep, ClaimMapping, IdentityProvider, OidcSettings } from './identity-providers.ts'
export type { Notification, NotificationPreference } from './inbox.ts'
export {
  type AuthenticationType,
  type Integration,
  type IntegrationStatus,
  type SetupDocuments,
  type SetupFeature,
  type TrialEvent,
  type ValidationResults,
  type ValidationTest,
  validationTestNames,
} from './integrations.ts'
export type { OfferedProduct } from './marketplace.ts'
export {
  isRule,
  type Needs,
  permissionsNeeded,
  type Relation,
  type Rule,
  type RuleAbout,
  rules,
  type Subject,
  whoMay,
} from './needs.ts'
export {
  type DeliveryState,
  type EmailSecurity,
  type FactsOf,
  type NoticeFacts,
  type NoticeKind,
  type NoticeSubject,
  noticeKindNames,
  noticeKinds,
  type WebhookState,
} from './notifications.ts'
export type { PastAccessRow } from './past-access.ts'
export { type Policy, type PolicyInput, type PolicyVersion, policyContent } from './policies.ts'
export type { HypotheticalChange } from './preview.ts'
export type { PrincipalAdvice, PrincipalsOfUser, RoomOfAccount } from './principals.ts'
export {
  type ReportCell,
  type ReportColumn,
  type ReportName,
  type ReportParameters,
  reportDefinitions,
  reportNames,
} from './reports.ts'
export type { RequestFormInput } from './request-forms.ts'
export type { AccessRequest, AccessRequestDetail, AccessStatus } from './requests.ts'
export type { ReviewFlowInput } from './review-flows.ts'
export type { Run, RunEvent } from './runs.ts'
export { type ScimEndpoint, scim } from './scim.ts'
export type { ScimMapping } from './scim-settings.ts'
export type { CurrentSession, ListedSession } from './session.ts'
export type { Settings } from './settings.ts'
export type { Found, Subscription } from './subscriptions.ts'
export type { Tag } from './tags.ts'
export { type Group, type Principal, type User, userKinds } from './users.ts'
export type { WantedWebhook, Webhook, WebhookDelivery } from './webhooks.ts'
