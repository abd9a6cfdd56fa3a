/**
 * Looking at principals in AWS again and again: whether they are there and still the same, who can assume a role, whom of
 * other accounts an instance lets vend, and how much room an account has for roles.
 *
 * Each node takes what is due, so each is asked for by one of them; the work is spread over the whole time between two
 * looks. What AWS does not answer changes nothing. Only a unique id that is another one takes anything from anybody.
 */
import { accountOf } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { type Breadth, whoCanAssume } from '@headgate/iam'
import { countRoles, readResourcePolicy } from '../aws/account.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { PrincipalLookUp } from '../aws/principals.ts'
import { act, system } from '../db/act.ts'
import { assertedWithProblem } from '../db/asserted-principal.ts'
import { comparedStatuses, findIntegration, type IntegrationRow, listIntegrations } from '../db/integration.ts'
import { lockPrincipals, type NewPrincipal, storeAnswer } from '../db/principal.ts'
import {
  breadthsOf,
  countPrincipals,
  lockPrincipal,
  markChecked,
  type PrincipalRow,
  principalsOf,
  storeAccount,
  storeRole,
  takeDueAccounts,
  takeDuePrincipals,
  takeDueVending,
} from '../db/principal-check.ts'
import { storeVendingPolicy } from '../db/vending.ts'
import { every, type Recurring } from '../every.ts'
import { storeAsserted } from './assert-principal.ts'
import { type Asks, lookUpPrincipal, warningOf } from './principal-look-up.ts'

/** All principals of one person, now, with what their accounts say of them. */
export async function checkPerson(world: Asks, person: number): Promise<void> {
  await tryAsserted(world, person - 1, 1)
  await checkPrincipals(world, await principalsOf(world.db.kysely, person))
  await checkVending(world, 0)
}

/** @returns how many were looked at */
export async function checkPrincipals(world: Asks, rows: readonly PrincipalRow[]): Promise<number> {
  const integrations = await listIntegrations(world.db.kysely)
  let looked = 0
  for (const row of rows) {
    const named = integrations.filter(({ id }) => row.integration_id === null || id === row.integration_id)
    const lookUp = await lookUpPrincipal(world, row, row.kind === 'identityCenterUser' ? named : integrations)
    if ('unknown' in lookUp && lookUp.later) {
      world.log.info({ principal: row.id, reason: lookUp.unknown }, 'AWS did not answer for a principal')
      continue
    }
    await record(world, row, lookUp)
    if (row.kind === 'iamRole') await recordRole(world, row.identifier, lookUp)
    looked++
  }
  return looked
}

async function record({ db }: Asks, row: PrincipalRow, lookUp: PrincipalLookUp): Promise<void> {
  const uniqueId = ('found' in lookUp && lookUp.found && lookUp.uniqueId) || null
  const answer = { uniqueId, warning: warningOf(row, lookUp) }
  const isNews = (uniqueId !== null && uniqueId !== row.unique_id) || row.found_id !== null
  if (isNews || answer.warning !== row.warning) {
    await act(db, system, async doing => {
      await lockPrincipals(doing.tx)
      const now = await lockPrincipal(doing.tx, row)
      if (now) await storeAnswer(doing, now, answer, 'checked')
    })
  }
  await markChecked(db.kysely, row.id)
}

/** What AWS does not let be read any more is unknown, whatever was read before. */
async function recordRole({ db }: Asks, arn: string, lookUp: PrincipalLookUp): Promise<void> {
  if (!('found' in lookUp) || !lookUp.found || lookUp.trustPolicy === undefined) {
    const problem = 'found' in lookUp ? 'AWS does not know the role' : (lookUp as { unknown: string }).unknown
    return storeRole(db.kysely, { arn, trustPolicy: null, breadth: 'unknown', problem })
  }
  const { trustPolicy } = lookUp
  const { ways, problem } = whoCanAssume(trustPolicy)
  const arns = ways.flatMap(way => (way.who === 'role' ? [way.arn] : []))
  const known: ReadonlyMap<string, Breadth> = await breadthsOf(db.kysely, arns)
  const { breadth } = whoCanAssume(trustPolicy, other => (other === arn ? 'nobody' : known.get(other)))
  await storeRole(db.kysely, { arn, trustPolicy, breadth, problem: problem ?? null })
}

/** Resource policies that were not read for that long. */
export async function checkVending(world: Asks, olderThanMs: number): Promise<void> {
  const { db } = world
  for (const id of await takeDueVending(db.kysely, olderThanMs)) {
    const row = await findIntegration(db.kysely, id)
    if (row) await readVendingOf(world, row)
  }
}

/** Before principals are stored: what the instances that they are foreign to allow, where that was never read. */
export async function readVending(world: Asks, principals: readonly NewPrincipal[]): Promise<void> {
  const accounts = new Set(principals.flatMap(({ identifier }) => accountOf(identifier) ?? []))
  if (accounts.size === 0) return
  for (const row of await listIntegrations(world.db.kysely)) {
    const isForeign = accounts.size > 1 || !accounts.has(row.account_id)
    if (!isForeign || row.vending_read_at !== null || !comparedStatuses.includes(row.status)) continue
    await readVendingOf(world, row)
  }
}

async function readVendingOf(world: Asks, row: IntegrationRow): Promise<void> {
  const answer = await answered(world, async () => ({ policy: await readResourcePolicy(world.aws.of(row)) }))
  if (answer) await act(world.db, system, doing => storeVendingPolicy(doing, row.id, answer))
}

async function checkAccounts(world: Asks, olderThanMs: number): Promise<void> {
  const { db } = world
  const integrations = await listIntegrations(db.kysely)
  for (const accountId of await takeDueAccounts(db.kysely, olderThanMs)) {
    const row = integrations.find(one => one.account_id === accountId && one.status !== 'createError')
    if (!row) continue
    const answer = await answered(world, async () => countRoles(world.aws.of(row)))
    if (answer) await storeAccount(db.kysely, { accountId, ...answer })
  }
}

/** Undefined where AWS did not answer at all. */
async function answered<T>(world: Asks, ask: () => Promise<T>): Promise<T | { readonly problem: string } | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    if (error.kind === 'throttled' || error.kind === 'unreachable' || error.kind === 'lostAnswer') {
      world.log.info({ err: error }, 'AWS did not answer')
      return undefined
    }
    return { problem: `AWS answered ${error.operation} with ${error.code}` }
  }
}

/** What identity providers said and could not be stored then: perhaps it can by now. */
async function tryAsserted(world: Asks, after: number, most: number): Promise<number> {
  const { db } = world
  const waiting = await assertedWithProblem(db.kysely, most, after)
  if (waiting.length === 0) return 0
  const integrations = await listIntegrations(db.kysely)
  for (const one of waiting) {
    const lookUp = await lookUpPrincipal(world, one, integrations).catch(unlessOfForm)
    const found = lookUp && 'found' in lookUp && lookUp.found ? lookUp : undefined
    const isName = one.kind === 'identityCenterUser' && !found
    if (!lookUp || isName) continue
    const told = {
      identifier: found?.identifier ?? one.identifier,
      uniqueId: found?.uniqueId ?? null,
      warning: warningOf(one, lookUp),
    }
    await act(db, system, async doing => {
      await lockPrincipals(doing.tx)
      await storeAsserted(doing, one, told)
    })
  }
  return waiting.at(-1)?.person_id ?? 0
}

/** What has no form of a principal stays what it is. */
function unlessOfForm(error: unknown): undefined {
  if (error instanceof Problem && error.code === 'principal-invalid') return undefined
  throw error
}

/** The recurring check. `stop` waits for the look under way. */
export function startPrincipalChecks(world: Asks): Recurring {
  const interval = world.config.HEADGATE_PRINCIPAL_CHECK_MINUTES * 60_000
  if (interval === 0) return { stop: async () => {} }
  const turnMs = Math.min(longestTurnMs, interval / turnsBetween)
  let asserted = 0
  async function look(): Promise<void> {
    const { kysely } = world.db
    const share = Math.ceil(((await countPrincipals(kysely)) * turnMs) / interval)
    await checkPrincipals(world, await takeDuePrincipals(kysely, Math.min(mostPerTurn, share + fewAtOnce), interval))
    await checkVending(world, Math.min(interval, vendingEveryMs))
    await checkAccounts(world, interval)
    asserted = await tryAsserted(world, asserted, fewAtOnce)
  }
  return every({
    everyMs: turnMs,
    look,
    onFailure: err => world.log.warn({ err }, 'principals could not be looked at'),
  })
}

const longestTurnMs = 10_000
const turnsBetween = 10
/** At one turn in ten seconds no more than 10 calls a second, whatever has piled up: IAM is slow, and is the account's. */
const mostPerTurn = 100
/** New ones are looked at soon, however few there are. */
const fewAtOnce = 20
/** Whoever was let in is not to wait an hour. */
const vendingEveryMs = 300_000
