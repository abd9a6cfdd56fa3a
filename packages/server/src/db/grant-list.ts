/** The ledger as it is read: what the API lists, and what stands behind each access. Never writes. */
import { printScope, type Scope } from '@headgate/core'
import type { Grant, GrantState, RecentlyRevoked } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import { type Page, type PageQuery, readCursor, readNumber, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface GrantQuery extends PageQuery {
  readonly integrationId?: number | undefined
  readonly dataSourceId?: number | undefined
  readonly userId?: number | undefined
  readonly state?: GrantState | undefined
  readonly live?: boolean | undefined
  readonly held?: boolean | undefined
  readonly lingering?: 'true' | undefined
}

/** Newest first. `visibleTo`: only those of that person. */
export async function listGrants(db: Reader, query: GrantQuery, visibleTo?: number): Promise<Page<Grant>> {
  const { integrationId, dataSourceId, userId, state, live, held, lingering } = query
  const matching = db
    .selectFrom('ledger')
    .$if(visibleTo !== undefined, chosen => chosen.where('ledger.person_id', '=', visibleTo as number))
    .$if(integrationId !== undefined, chosen => chosen.where('ledger.integration_id', '=', integrationId as number))
    .$if(dataSourceId !== undefined, chosen => chosen.where('ledger.data_source_id', '=', dataSourceId as number))
    .$if(userId !== undefined, chosen => chosen.where('ledger.person_id', '=', userId as number))
    .$if(state !== undefined, chosen => chosen.where('ledger.state', '=', state as GrantState))
    .$if(live === true, chosen => chosen.where('ledger.state', 'not in', over))
    .$if(live === false, chosen => chosen.where('ledger.state', 'in', over))
    .$if(held !== undefined, chosen => chosen.where('ledger.held', held ? 'is not' : 'is', null))
    .$if(lingering === 'true', chosen => chosen.where(isLingering))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const before = readNumber(readCursor(query.cursor))
  const rows = await withNames(matching.$if(before !== undefined, it => it.where('ledger.id', '<', before as number)))
    .orderBy('ledger.id', 'desc')
    .limit(query.limit + 1)
    .execute()
  const page = toPage(rows, query.limit, total, row => String(row.id))
  return { ...page, items: page.items.map(toGrant) }
}

/** By id. */
export async function namedGrants(db: Reader, ids: readonly number[]): Promise<Map<number, Grant>> {
  const rows = await withNames(ledger(db)).where('ledger.id', '=', sql<number>`any(${ids})`).execute()
  return new Map(rows.map(row => [row.id, toGrant(row)]))
}

/** How many are told of beside a list of access. */
const mostRecent = 100

/** Revoked ones under which credentials may still be alive; newest first. */
export async function recentlyRevoked(
  db: Reader,
  of: { readonly dataSource?: number; readonly user?: number },
): Promise<RecentlyRevoked[]> {
  const rows = await withNames(ledger(db))
    .where(isLingering)
    .$if(of.dataSource !== undefined, chosen => chosen.where('ledger.data_source_id', '=', of.dataSource as number))
    .$if(of.user !== undefined, chosen => chosen.where('ledger.person_id', '=', of.user as number))
    .orderBy('ledger.revoked_at', 'desc')
    .limit(mostRecent)
    .execute()
  return rows.flatMap(row => {
    const { user, dataSource, permission, revokedAt, credentialsEndBy } = toGrant(row)
    if (revokedAt === undefined || credentialsEndBy === undefined) return []
    const message = `no new credentials after about ${propagationSeconds} s; existing ones end by ${credentialsEndBy}`
    return [{ user, dataSource, permission, revokedAt, credentialsEndBy, message }]
  })
}

/** How many grants of a data source are in each state. */
export async function countGrants(db: Reader, dataSource: number): Promise<Partial<Record<GrantState, number>>> {
  const rows = await db
    .selectFrom('ledger')
    .where('data_source_id', '=', dataSource)
    .groupBy('state')
    .select(['state', sql<number>`count(*)`.as('count')])
    .execute()
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

/** How many grants of a data source stay in AWS though nobody wants them. */
export async function countHeld(db: Reader, dataSource: number): Promise<number> {
  const { count } = await db
    .selectFrom('ledger')
    .where('data_source_id', '=', dataSource)
    .where('held', 'is not', null)
    .where('state', 'not in', over)
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}

/** A row that AWS may hold something for. */
export interface LiveGrant {
  readonly person: number
  readonly dataSource: number
  readonly granteeType: 'IAM' | 'DIRECTORY_USER'
  readonly granteeId: string
  readonly scope: Scope
  readonly permission: 'READ' | 'READWRITE'
  readonly state: GrantState
  readonly activeAt: number | null
  readonly nextTryAt: number | null
  readonly errorCode: string | null
  readonly errorText: string | null
  readonly held: 'brake' | 'mode' | null
  readonly heldRun: number | null
}

/** The live rows of these people on these data sources. */
export async function liveGrants(
  db: Reader,
  people: readonly number[],
  dataSources: readonly number[],
): Promise<LiveGrant[]> {
  const rows = await db
    .selectFrom('ledger')
    .where('person_id', '=', sql<number>`any(${people})`)
    .where('data_source_id', '=', sql<number>`any(${dataSources})`)
    .where('state', 'not in', over)
    .select(['bucket', 'key', 'kind', 'permission', 'state'])
    .select(['person_id as person', 'data_source_id as dataSource'])
    .select(['grantee_type as granteeType', 'grantee_id as granteeId'])
    .select(['active_at as activeAt', 'next_try_at as nextTryAt'])
    .select(['error_code as errorCode', 'error_text as errorText', 'held', 'held_run_id as heldRun'])
    .orderBy('id')
    .execute()
  return rows.map(({ bucket, key, kind, ...row }) => ({ ...row, scope: { bucket, key, kind } }))
}

/** A grant that stays in AWS though nobody wants it. */
export interface HeldGrant {
  readonly person: number
  readonly dataSource: number
  readonly permission: 'READ' | 'READWRITE'
  readonly held: 'brake' | 'mode'
  readonly heldRun: number | null
}

/** Of a data source, or of a person. */
export async function heldGrants(
  db: Reader,
  of: { readonly dataSource?: number; readonly user?: number },
): Promise<HeldGrant[]> {
  const rows = await db
    .selectFrom('ledger')
    .where('held', 'is not', null)
    .where('state', 'not in', over)
    .$if(of.dataSource !== undefined, chosen => chosen.where('data_source_id', '=', of.dataSource as number))
    .$if(of.user !== undefined, chosen => chosen.where('person_id', '=', of.user as number))
    .select(['person_id as person', 'data_source_id as dataSource', 'permission', 'held', 'held_run_id as heldRun'])
    .orderBy('id')
    .execute()
  return rows.flatMap(({ held, ...row }) => (held === null ? [] : [{ ...row, held }]))
}

/** Why it stays, in words. */
export function whyHeld({ held, heldRun }: Pick<HeldGrant, 'held' | 'heldRun'>): string {
  if (held === 'mode') return 'kept in AWS by the mode of the integration: it goes once the mode is `enforce`'
  return `held by the brake: still in AWS until a governor releases run ${heldRun}`
}

/** A person's grants in AWS on one bucket. */
export async function activeGrants(db: Reader, person: number, bucket: string) {
  const rows = await db
    .selectFrom('ledger')
    .where('person_id', '=', person)
    .where('bucket', '=', bucket)
    .where('state', '=', 'active')
    .select(['id', 'bucket', 'key', 'kind', 'permission', 'grantee_id as grantee', 'aws_grant_id as awsGrantId'])
    .execute()
  return rows.map(({ bucket, key, kind, ...row }) => ({ ...row, scope: { bucket, key, kind } }))
}

/** AWS's highest `MaxSessionDuration`, assumed where the location role's own is not known. Seconds. */
const longestSession = 12 * 60 * 60
/** AWS may go on vending under a deleted grant for some seconds (05). */
const propagationSeconds = 30

/** When the last credentials vended under a grant end at the latest, if it is deleted at `deletedAt`. Milliseconds. */
export function credentialsEndBy(deletedAt: number, maxSessionSeconds: number | null): number {
  return deletedAt + (propagationSeconds + (maxSessionSeconds ?? longestSession)) * 1000
}

const over = ['revoked', 'abandoned'] as const

/** Nothing was ever vended under a grant that AWS never had. */
const isLingering = sql<boolean>`ledger.state = 'revoked'
  and (ledger.active_at is not null or ledger.aws_grant_id is not null)
  and ledger.revoked_at > now() - (${propagationSeconds}::int + ${longestSession}::int) * interval '1 second'
  and ledger.revoked_at > now() - (select ${propagationSeconds}::int
    + coalesce(integration.max_session_seconds, ${longestSession}::int) from integration
    where integration.id = ledger.integration_id) * interval '1 second'`

function withNames(query: ReturnType<typeof ledger>) {
  return query
    .innerJoin('data_source', 'data_source.id', 'ledger.data_source_id')
    .innerJoin('person', 'person.id', 'ledger.person_id')
    .innerJoin('integration', 'integration.id', 'ledger.integration_id')
    .selectAll('ledger')
    .select(['data_source.name as data_source_name', 'person.userid', 'integration.max_session_seconds'])
}

function ledger(db: Reader) {
  return db.selectFrom('ledger')
}

type NamedRow = Awaited<ReturnType<ReturnType<typeof withNames>['executeTakeFirstOrThrow']>>

function toGrant(row: NamedRow): Grant {
  return {
    id: row.id,
    integrationId: String(row.integration_id),
    dataSource: { id: row.data_source_id, name: row.data_source_name },
    user: { id: row.person_id, userid: row.userid },
    grantee: { type: row.grantee_type, identifier: row.grantee_id },
    scope: printScope(row),
    permission: row.permission,
    state: row.state,
    cause: row.cause,
    ...heldOf(row),
    ...(row.aws_grant_id === null ? {} : { awsGrantId: row.aws_grant_id }),
    ...(row.error_code === null ? {} : { error: errorOf(row, row.error_code) }),
    createdAt: printTime(row.created_at),
    ...(row.active_at === null ? {} : { activeAt: printTime(row.active_at) }),
    ...(row.revoked_at === null ? {} : { revokedAt: printTime(row.revoked_at) }),
    ...endOfCredentials(row),
  }
}

function heldOf(row: NamedRow): Pick<Grant, 'held'> {
  const { held, held_at: at, held_run_id: run } = row
  if (held === null || at === null) return {}
  const message = whyHeld({ held, heldRun: run })
  return { held: { by: held, since: printTime(at), ...(run === null ? {} : { run }), message } }
}

function errorOf(row: NamedRow, code: string): NonNullable<Grant['error']> {
  const next = row.next_try_at === null ? {} : { nextTryAt: printTime(row.next_try_at) }
  return { code, message: row.error_text ?? '', ...next }
}

/** Nothing was ever vended under a grant that AWS never had. */
function endOfCredentials(row: NamedRow): { credentialsEndBy?: string } {
  if (row.revoked_at === null || (row.active_at === null && row.aws_grant_id === null)) return {}
  return { credentialsEndBy: printTime(credentialsEndBy(row.revoked_at, row.max_session_seconds)) }
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
