/** The public names of the HTTP contract, in reading order. */

export { type ErrorCode, type ErrorDetail, errors, Problem } from '../errors.ts'
export type { AccessRow, Grant, GrantState } from './access.ts'
export type { ApiKey } from './api-keys.ts'
export { ApiError, type Caller, caller } from './caller.ts'
export { api } from './contract.ts'
export type { DataSource, Member } from './data-sources.ts'
export * from './endpoint.ts'
export type { Explained, ExplainedRule } from './explain.ts'
export {
  type Integration,
  type IntegrationStatus,
  type ValidationResults,
  type ValidationTest,
  validationTestNames,
} from './integrations.ts'
export type { Policy, PolicyInput, PolicyVersion } from './policies.ts'
export type { HypotheticalChange } from './preview.ts'
export type { Tag } from './tags.ts'
export type { Group, Principal, User } from './users.ts'
