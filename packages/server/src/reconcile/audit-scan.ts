/**
 * One comparison of AWS with the ledger: one listing, page by page, for all integrations of an account and region, and
 * what it calls for. Safe to be cut off anywhere, and to be done twice.
 *
 * Makes no grant and deletes none that the ledger has a live row of: it marks rows, and the change loop does the rest as
 * ever. Deletes orphans and what an order names. Foreign grants are told, and never touched.
 */
import { isMissing, type ListedGrant, type Mode, printScope } from '@headgate/core'
import { type AwsGrant, deleteGrant, tagsOf } from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import { grantPage } from '../aws/grant-listing.ts'
import { act, system } from '../db/act.ts'
import { noteLocations } from '../db/capacity.ts'
import { tenantId } from '../db/deployment.ts'
import { countDirectoryGrants, lastIdentityCenter } from '../db/drift.ts'
import {
  activeRows,
  type LedgerGrant,
  markChanged,
  markMissing,
  noteGone,
  noteNotRemoved,
  noteRemoved,
  noteStrays,
  readRemovals,
  sayAudited,
} from '../db/drift-repair.ts'
import { beginReport, endReport, type Finding, insertFindings, readEpochs, type Scan } from '../db/drift-scan.ts'
import { type IntegrationRow, lockIntegration } from '../db/integration.ts'
import { recordFindings } from '../db/integration-fault.ts'
import type { World } from '../world.ts'
import { type Judged, judgePage, type PageContext } from './audit-page.ts'
import { judgePlace, lookAtPlace, type PlaceFault, placeTests } from './audit-place.ts'
import type { AtBoundary } from './boundary.ts'
import type { Pace } from './pace.ts'
import { createSeenRows, type SeenRows } from './seen-rows.ts'

export interface ScanHow {
  readonly pace: Pace
  readonly signal: AbortSignal
  readonly atBoundary: AtBoundary
  readonly listLagMs: number
}

export interface Scanned {
  /** Grants that AWS listed: all locations, ours or not. */
  readonly listed: number
  readonly outside: number
}

/** Of each kind, in one report. */
const mostFindings = 1000
/** In one scan; those that are known as foreign are not read again, so the next one gets further. */
const mostTagsRead = 500

/** @param integrations those of the place that are compared. Throws AwsFailure, or the signal's reason. */
export async function scanPlace(
  world: World,
  scan: Scan,
  integrations: readonly IntegrationRow[],
  how: ScanHow,
): Promise<Scanned> {
  const { signal, pace, atBoundary } = how
  const pass = <T>(call: () => Promise<T>) => pace.pass({ again: ['lostAnswer'], signal }, call)
  const aws = world.aws.of(integrations[0] as IntegrationRow)
  const compared = await beginComparing(world, scan, integrations, aws, pass)
  const seen = createSeenRows()
  const context = contextOf(world, compared, how, await tenantId(world.db.kysely), grant => {
    return pass(() => tagsOrGone(aws, grant))
  })

  let [listed, outside] = [0, 0]
  for (let token: string | undefined, isLast = false; !isLast; ) {
    const page = await pass(() => grantPage(aws, token))
    const { judged, ...rest } = await judgePage(page.grants, context)
    listed += page.grants.length
    outside += rest.outside
    await atBoundary('before page')
    for (const one of compared.values()) {
      const own = judged.filter(({ integration }) => integration === one.row.id)
      await storePage(world, one, own, seen, rest.now - how.listLagMs)
    }
    await atBoundary('after page')
    token = page.next
    isLast = token === undefined
  }
  for (const one of compared.values()) await findMissing(world, one, seen, scan, how)
  await noteGone(world.db, [...compared.keys()], scan.startedAt)
  for (const one of compared.values()) await removeStrays(world, one, how)
  await atBoundary('before scan end')
  for (const { report, row, counts } of compared.values()) await endReport(world.db, report, row.id, counts)
  return { listed, outside }
}

/** An integration while it is compared. */
interface Compared {
  readonly row: IntegrationRow
  readonly report: number
  /** Undefined: nobody leads it, so nothing is marked. */
  readonly epoch: number | undefined
  /** Its location is as it was; else nothing that is missing is made again. */
  readonly isSound: boolean
  readonly counts: { -readonly [K in keyof Parameters<typeof endReport>[3]]: number }
  readonly found: Map<Finding['kind'], number>
}

async function beginComparing(
  world: World,
  scan: Scan,
  integrations: readonly IntegrationRow[],
  aws: AwsClients,
  pass: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<ReadonlyMap<number, Compared>> {
  const { db } = world
  const there = await lookAtPlace(aws, pass)
  // All of one place: any of them names it.
  const [any] = integrations
  if (any) await noteLocations(db, { accountId: any.account_id, region: any.region }, there.locations.size)
  const epochs = await readEpochs(
    db,
    integrations.map(({ id }) => id),
  )
  const compared = new Map<number, Compared>()
  for (const row of integrations) {
    const before = await lastIdentityCenter(db.kysely, row.id)
    const { faults, ...places } = judgePlace(row, there, before, (await countDirectoryGrants(db.kysely, row.id)) > 0)
    const report = await beginReport(db, scan, row.id, places)
    await tellFaults(world, row, report, faults)
    compared.set(row.id, {
      row,
      report,
      epoch: epochs.get(row.id),
      isSound: places.location === 'equal',
      counts: { checked: 0, equal: 0, missing: 0, changed: 0, orphans: 0, foreign: 0, unjudged: 0 },
      found: new Map(),
    })
  }
  return compared
}

/** Into `recurringValidationError`, and out of it again once all is as it was. */
async function tellFaults(
  { db }: World,
  { id, version }: IntegrationRow,
  report: number,
  faults: readonly PlaceFault[],
): Promise<void> {
  await act(db, system, async done => {
    await recordFindings(done, id, { tests: Object.values(placeTests), faults, version })
    const findings = faults.map(({ test, message }): Finding => {
      const kind = test === placeTests.location ? 'location' : 'identityCenter'
      return { kind, done: 'stop', detail: message }
    })
    await insertFindings(done.tx, report, findings)
  })
}

function contextOf(
  world: World,
  compared: ReadonlyMap<number, Compared>,
  { listLagMs }: ScanHow,
  tenant: string,
  tags: PageContext['tagsOf'],
): PageContext {
  const all = [...compared.values()]
  const located = all.flatMap(({ row }) => (row.aws_location_id ? [[row.aws_location_id, row.id] as const] : []))
  return {
    db: world.db,
    byLocation: new Map(located),
    integrations: all.map(({ row }) => row.id),
    locationOf: integration => compared.get(integration)?.row.aws_location_id ?? undefined,
    tenantId: tenant,
    listLagMs,
    tagsOf: tags,
    budget: { left: mostTagsRead },
  }
}

async function tagsOrGone(aws: AwsClients, { arn }: { readonly arn: string }) {
  try {
    return await tagsOf(aws, arn)
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'notFound') return undefined
    throw error
  }
}

async function storePage(
  world: World,
  one: Compared,
  judged: readonly Judged[],
  seen: SeenRows,
  judgedBefore: number,
): Promise<void> {
  const { counts, row } = one
  const changed: Extract<Judged, { is: 'changed' }>[] = []
  const strays: Record<'foreign' | 'orphan', ListedGrant[]> = { foreign: [], orphan: [] }
  const findings: Finding[] = []
  for (const each of judged) {
    // A listing may show one twice when others come and go.
    if (each.ledgerId !== undefined && !seen.add(each.ledgerId)) continue
    counts.checked += 1
    if (each.is === 'equal') counts.equal += 1
    else if (each.is === 'changed') {
      counts.changed += 1
      changed.push(each)
    } else {
      counts[each.is === 'orphan' ? 'orphans' : each.is] += 1
      if (each.is !== 'unjudged') strays[each.is].push(each.grant)
      const done = each.is === 'orphan' && mayTakeAway(row) ? 'remove' : 'report'
      findings.push(findingOf(each.is, done, each.detail, each.grant, each.ledgerId))
    }
  }
  if (changed.length + findings.length === 0) return
  await repair(world, one, async (tx, guard, mode) => {
    await noteStrays(tx, row.id, 'foreign', strays.foreign)
    await noteStrays(tx, row.id, 'orphan', strays.orphan)
    const actual = changed.flatMap(each => each.actual ?? [])
    const marked = guard && mode === 'enforce' ? await markChanged(tx, { ...guard, judgedBefore }, actual) : []
    for (const { ledgerId, grant, detail } of changed) {
      findings.push(findingOf('changed', marked.includes(ledgerId) ? 'replace' : 'report', detail, grant, ledgerId))
    }
    await insertFindings(tx, one.report, capped(one, findings))
    return marked.length
  })
}

/** Rows that should have been listed and were not. */
async function findMissing(world: World, one: Compared, seen: SeenRows, scan: Scan, how: ScanHow): Promise<void> {
  const { row, counts } = one
  const comparison = { locationId: undefined, now: scan.startedAt, listLagMs: how.listLagMs }
  for (let after = 0, isLast = false; !isLast; ) {
    const rows = await activeRows(world.db, row.id, after)
    isLast = rows.length === 0
    after = rows.at(-1)?.ledgerId ?? after
    const missing = rows.filter(each => !seen.has(each.ledgerId) && isMissing(each, comparison))
    counts.unjudged += rows.filter(each => !seen.has(each.ledgerId) && !isMissing(each, comparison)).length
    if (missing.length === 0) continue
    counts.checked += missing.length
    counts.missing += missing.length
    await how.atBoundary('before repair')
    await repair(world, one, async (tx, guard, mode) => {
      const judgedBefore = scan.startedAt - how.listLagMs
      const mayMark = guard !== undefined && one.isSound && mode !== 'observe'
      const ids = missing.map(({ ledgerId }) => ledgerId)
      const marked = new Set(mayMark ? await markMissing(tx, { ...guard, judgedBefore }, ids) : [])
      const why = one.isSound ? 'AWS does not list it' : 'AWS does not list it, nor its location'
      const findings = missing.map(each =>
        findingOf('missing', marked.has(each.ledgerId) ? 'recreate' : 'report', why, listedAs(each), each.ledgerId),
      )
      await insertFindings(tx, one.report, capped(one, findings))
      return marked.size
    })
    await how.atBoundary('after repair')
  }
}

/** In one transaction: what was found, what was marked, and word to the change loop that there is something to do. */
async function repair(
  { db }: World,
  { row, epoch }: Compared,
  work: (
    tx: Parameters<typeof insertFindings>[0],
    guard: { readonly integration: number; readonly epoch: number } | undefined,
    mode: Mode,
  ) => Promise<number>,
): Promise<void> {
  const guard = epoch === undefined ? undefined : { integration: row.id, epoch }
  await act(db, system, async done => {
    // As it is by now: a scan may last for minutes.
    const { mode } = (await lockIntegration(done.tx, row.id)) ?? row
    const marked = await work(done.tx, guard, mode)
    if (marked > 0) await sayAudited(done, row.id, marked)
  })
}

async function removeStrays(world: World, { row }: Compared, how: ScanHow): Promise<void> {
  const { signal, pace, atBoundary, listLagMs } = how
  const removals = await readRemovals(world.db, row.id, listLagMs)
  if (removals.length === 0) return
  const aws = world.aws.of(row)
  for (const removal of removals) {
    await atBoundary('before remove')
    try {
      await pace.pass({ isUrgent: true, again: ['lostAnswer'], signal }, () => deleteGrant(aws, removal.awsGrantId))
      await atBoundary('after remove')
      await act(world.db, system, done => noteRemoved(done, removal))
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      await noteNotRemoved(world.db.kysely, removal, error)
      world.log.warn({ err: error, integration: row.id, grant: removal.awsGrantId }, 'a stray grant was not removed')
      if (error.kind === 'unreachable') return
    }
  }
}

/** `observe` and `add` delete nothing by themselves. */
function mayTakeAway({ mode }: IntegrationRow): boolean {
  return mode === 'enforce'
}

function capped({ found }: Compared, findings: readonly Finding[]): Finding[] {
  return findings.filter(({ kind }) => {
    const count = (found.get(kind) ?? 0) + 1
    found.set(kind, count)
    return count <= mostFindings
  })
}

function findingOf(
  kind: Finding['kind'],
  done: Finding['done'],
  detail: string,
  { id, grantee, grantScope, permission }: Pick<AwsGrant, 'id' | 'grantee' | 'grantScope' | 'permission'>,
  ledgerId: number | undefined,
): Finding {
  const ledger = ledgerId === undefined ? {} : { ledgerId }
  return { kind, done, detail, awsGrantId: id, grantee: grantee.identifier, scope: grantScope, permission, ...ledger }
}

function listedAs({ awsGrantId, grantee, scope, permission }: LedgerGrant) {
  return { id: awsGrantId, grantee, grantScope: printScope(scope), permission }
}
