/**
 * Where an access stands in AWS, in words that the person concerned understands: what is so, why, what to do next.
 *
 * Pure. Says `active` only of a grant that the ledger knows to be in AWS with just this scope, grantee and permission.
 */
import { type DataSourceId, type DesiredGrant, grantKey, type Mode, printScope } from '@headgate/core'
import type { AccessRow, IntegrationStatus } from '@headgate/core/api'
import { type LiveGrant, whyHeld } from '../db/grant-list.ts'
import { isServing } from '../db/integration.ts'
import type { Standing } from './reach.ts'

export type Provisioning = AccessRow['provisioning']

/** What the words need to know beside the standing. */
export interface Surroundings {
  /** Live ledger rows by `grantKeyOf`. */
  readonly ledger: ReadonlyMap<string, LiveGrant>
  readonly nameOf: (dataSource: DataSourceId) => string
  /** The integration of the data source, by name, state and mode. */
  readonly integration: { readonly name: string; readonly status: IntegrationStatus; readonly mode: Mode }
}

/** Identifies a grant among the live rows. */
export function ledgerKey(row: LiveGrant): string {
  return grantKey({
    grantee: { type: row.granteeType, identifier: row.granteeId },
    scope: row.scope,
    permission: row.permission,
  })
}

export function provisioningOf(standing: Standing, around: Surroundings): Provisioning {
  switch (standing.is) {
    case 'via':
      return { status: 'via', message: `opened by the grant on \`${around.nameOf(standing.by)}\`, which covers this` }
    case 'unmapped':
      return { status: 'unmapped', message: whyUnmapped[standing.why](around.integration.name) }
    case 'granted':
      return grantState(standing.grant, around)
    case 'covered':
      return coveredState(standing.by, around)
  }
}

const whyUnmapped = {
  noPrincipal: (integration: string) =>
    `entitled, but without an AWS principal for integration \`${integration}\`: a user admin adds one`,
  severalPrincipals: (integration: string) =>
    `entitled, but with several AWS principals for integration \`${integration}\`: a user admin removes all but one`,
  otherAccount: (integration: string) =>
    `entitled, but the AWS principal is in another account, which the Access Grants instance of integration \`${integration}\` does not let vend: its resource policy has to allow \`s3:GetDataAccess\``,
  anotherPrincipal: (integration: string) =>
    `entitled, but for integration \`${integration}\` AWS has another principal under the name that was mapped: a user admin confirms it, or maps another one`,
  outsideLocation: (integration: string) =>
    `entitled, but the scope lies outside the location of integration \`${integration}\``,
} as const

function coveredState(by: DesiredGrant, around: Surroundings): Provisioning {
  const state = grantState(by, around)
  const outer = `the grant on \`${around.nameOf(by.dataSource)}\` (${printScope(by.scope)})`
  if (state.status !== 'active') return { ...state, message: `to be covered by ${outer}: ${state.message}` }
  return { ...state, status: 'covered', message: `covered by ${outer}: ask AWS for credentials to either` }
}

function grantState(grant: DesiredGrant, { ledger, integration }: Surroundings): Provisioning {
  const row = ledger.get(grantKey(grant))
  const lowered = row ? undefined : ledger.get(grantKey({ ...grant, permission: 'READWRITE' }))
  // Never a pair: the READ comes once the READWRITE is gone.
  if (lowered?.held)
    return { status: 'held', message: `AWS still gives READWRITE; ${whyHeld({ ...lowered, held: lowered.held })}` }
  switch (row?.state) {
    case 'active': {
      const since = row.activeAt === null ? {} : { since: new Date(row.activeAt).toISOString() }
      return { status: 'active', message: 'AWS vends credentials when asked', ...since }
    }
    case 'createFailed':
      return { status: 'failed', message: `AWS refused the grant: ${errorOf(row)}${nextTry(row)}` }
    case 'waitingForPrincipal': {
      const advice = 'create it there, or correct the principal'
      return { status: 'failed', message: `AWS does not know \`${row.granteeId}\` yet: ${advice}${nextTry(row)}` }
    }
    case 'revoking':
    case 'revokeFailed':
      return { status: 'onItsWay', message: 'an older grant of the same kind is being removed first' }
    default:
      if (integration.mode === 'observe') {
        const message = `waiting: integration \`${integration.name}\` is in mode \`observe\`, which carries nothing out`
        return { status: 'waiting', message }
      }
      return isServing(integration)
        ? { status: 'onItsWay', message: 'the grant is on its way to AWS' }
        : {
            status: 'onItsWay',
            message: `integration \`${integration.name}\` is \`${integration.status}\`: the grant waits until it is enabled`,
          }
  }
}

function errorOf({ errorCode, errorText }: LiveGrant): string {
  return [errorCode, errorText].filter(part => part !== null && part !== '').join(': ') || 'no reason was given'
}

function nextTry({ nextTryAt }: LiveGrant): string {
  return nextTryAt === null ? '' : `; tried again at ${new Date(nextTryAt).toISOString()}`
}
