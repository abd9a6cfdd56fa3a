/** The states of things as people read them: a word, a tone, one colour for each tone everywhere. */
import type { AccessRow, Grant, GrantState, Health, IntegrationStatus, ValidationTest } from '@headgate/core/api'

export type Tone = 'active' | 'onItsWay' | 'held' | 'failed' | 'unmapped'

export interface StateWords {
  readonly tone: Tone
  readonly word: string
}

export const grantWords: Readonly<Record<GrantState, StateWords>> = {
  intended: { tone: 'onItsWay', word: 'Intended' },
  creating: { tone: 'onItsWay', word: 'Being created' },
  active: { tone: 'active', word: 'Active' },
  revoking: { tone: 'onItsWay', word: 'Being revoked' },
  revoked: { tone: 'unmapped', word: 'Revoked' },
  createFailed: { tone: 'failed', word: 'Creation failed' },
  revokeFailed: { tone: 'failed', word: 'Revocation failed' },
  waitingForPrincipal: { tone: 'held', word: 'Waiting for principal' },
  abandoned: { tone: 'unmapped', word: 'Abandoned' },
}

export const integrationWords: Readonly<Record<IntegrationStatus, StateWords>> = {
  creating: { tone: 'onItsWay', word: 'Being created' },
  createError: { tone: 'failed', word: 'Creation failed' },
  enabled: { tone: 'active', word: 'Enabled' },
  editing: { tone: 'onItsWay', word: 'Being edited' },
  editError: { tone: 'failed', word: 'Edit failed' },
  deleting: { tone: 'onItsWay', word: 'Being deleted' },
  deleteError: { tone: 'failed', word: 'Deletion failed' },
  recurringValidationError: { tone: 'failed', word: 'No longer valid' },
  disabled: { tone: 'unmapped', word: 'Forced out of use' },
  deleted: { tone: 'unmapped', word: 'Deleted' },
}

export const testWords: Readonly<Record<ValidationTest['status'], StateWords>> = {
  passed: { tone: 'active', word: 'Passed' },
  failed: { tone: 'failed', word: 'Failed' },
  warning: { tone: 'held', word: 'Warning' },
  skipped: { tone: 'unmapped', word: 'Skipped' },
}

export const accessWords: Readonly<Record<AccessRow['provisioning']['status'], StateWords>> = {
  active: { tone: 'active', word: 'Active' },
  onItsWay: { tone: 'onItsWay', word: 'On its way' },
  unmapped: { tone: 'unmapped', word: 'Unmapped' },
  failed: { tone: 'failed', word: 'Failed' },
  covered: { tone: 'active', word: 'Covered' },
  via: { tone: 'active', word: 'Via another' },
  held: { tone: 'held', word: 'Held' },
  waiting: { tone: 'held', word: 'Waiting' },
}

export const policyStateWords = {
  active: { tone: 'active', word: 'Active' },
  staged: { tone: 'held', word: 'Staged' },
  archived: { tone: 'unmapped', word: 'Archived' },
} as const satisfies Readonly<Record<string, StateWords>>

export const dataSourceStateWords = {
  active: { tone: 'active', word: 'Active' },
  disabled: { tone: 'unmapped', word: 'Disabled' },
} as const satisfies Readonly<Record<string, StateWords>>

export const healthWords: Readonly<Record<Health['status'], StateWords>> = {
  healthy: { tone: 'active', word: 'Healthy' },
  'path-missing': { tone: 'held', word: 'Path missing' },
  'bucket-unreachable': { tone: 'failed', word: 'Bucket unreachable' },
  'provisioning-error': { tone: 'failed', word: 'Provisioning error' },
}

/** What a grant lets its holder do, in AWS's terms. */
export const grantPermissionWords: Readonly<Record<Grant['permission'], string>> = {
  READ: 'Read',
  READWRITE: 'Read and write',
}

/** Of a grant that AWS holds, whoever made it: there are more kinds than Headgate makes. */
export function foundPermissionWords(permission: string): string {
  const words: Readonly<Record<string, string>> = { ...grantPermissionWords, WRITE: 'Write' }
  return words[permission] ?? permission
}

/** Nothing that is wrong with it is known, for nobody has looked. */
export function healthState({ status, checkedAt }: Health): StateWords {
  if (status === 'healthy' && checkedAt === undefined) return { tone: 'unmapped', word: 'Unchecked' }
  return healthWords[status]
}

export const permissionWords = {
  APPLICATION_ADMIN: 'Application admin: connects AWS accounts',
  USER_ADMIN: 'User admin: people, attributes, principals',
  GOVERNANCE: 'Governance: policies, tags, every data source',
  CREATE_S3_DATASOURCE: 'Data owner: registers data sources',
  AUDIT: 'Audit: reads everything',
} as const

export function isPermission(text: string): text is keyof typeof permissionWords {
  return Object.hasOwn(permissionWords, text)
}

/** What a permission is called, without what it is for. */
export function permissionName(permission: keyof typeof permissionWords): string {
  return permissionWords[permission].split(':')[0] ?? permission
}

/** Who says a fact: Headgate's own people, or an identity provider. */
export function sourceWords(source: string): string {
  if (source === 'built-in') return 'everyone is in it'
  return source === 'local' ? 'entered by hand' : `from ${source}`
}

/** `1 person`, `31 people`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** A duration as the API writes it, said: `30d` is `30 days`. */
export function durationWords(written: string): string {
  const [, number, unit = ''] = /^(\d+)(min|h|d|w|mo|y)$/.exec(written) ?? []
  const word = durationUnits[unit]
  return word === undefined ? written : counted(Number(number), word)
}

const durationUnits: Readonly<Record<string, string>> = {
  min: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
}

/** Begins as a sentence does; what the server says begins in lower case. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export const policyKindWords = {
  grant: 'Grant policy: lets people in',
  guardrail: 'Guardrail: a minimum for everyone',
} as const

export const principalKindWords = {
  iamUser: 'IAM user',
  iamRole: 'IAM role',
  identityCenterUser: 'Identity Center user',
} as const
