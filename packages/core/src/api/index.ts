/** The public names of the HTTP contract, in reading order. */

export { type ErrorCode, type ErrorDetail, errors, Problem } from '../errors.ts'
export type { AccessRow, Grant, GrantState } from './access.ts'
export type { ApiKey } from './api-keys.ts'
export { ApiError, type Caller, caller } from './caller.ts'
export { api } from './contract.ts'
export type { DataSource, Health, Member } from './data-sources.ts'
export { type Domain, type DomainDetail, type DomainRight, domainRights } from './domains.ts'
export * from './endpoint.ts'
export type { Explained, ExplainedRule } from './explain.ts'
export {
  type AuthenticationType,
  type Integration,
  type IntegrationStatus,
  type SetupDocuments,
  type SetupFeature,
  type ValidationResults,
  type ValidationTest,
  validationTestNames,
} from './integrations.ts'
export { type Policy, type PolicyInput, type PolicyVersion, policyContent } from './policies.ts'
export type { HypotheticalChange } from './preview.ts'
export type { Found, Subscription } from './subscriptions.ts'
export type { Tag } from './tags.ts'
export type { Group, Principal, User } from './users.ts'
