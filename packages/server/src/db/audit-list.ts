/**
 * Audit events as they are read, by what they are found by. Only what is sealed is shown: what is shown stays.
 *
 * A page costs about the same however many events there are: filters that no index serves look at a window of the trail
 * at a time, and a page may end before it is full.
 */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import { containing } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface AuditQuery {
  readonly actor?: string | undefined
  readonly actorId?: number | undefined
  readonly action?: string | undefined
  readonly type?: string | undefined
  readonly targetType?: string | undefined
  readonly target?: string | undefined
  readonly status?: string | undefined
  readonly requestId?: string | undefined
  /** Milliseconds since 1970. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  readonly text?: string | undefined
  /** `TYPE/id`: only events about one of them; undefined: all. */
  readonly about?: readonly string[] | undefined
}

export interface SealedEvent {
  readonly position: number
  readonly text: string
}

/** The next ones above or below a position, nearest first; what they say is pruned perhaps, then they are left out. */
export async function readEvents(
  db: Reader,
  query: AuditQuery,
  { below, above, limit }: { readonly below?: number; readonly above?: number; readonly limit: number },
): Promise<{ readonly events: readonly SealedEvent[]; readonly next: number | undefined }> {
  const isDown = above === undefined
  const last = await lastPosition(db)
  const width = isIndexed(query) ? Number.MAX_SAFE_INTEGER : windowWidth
  const [start, end] = isDown ? [Math.min(below ?? last + 1, last + 1), 0] : [above, last]
  const edge = isDown ? Math.max(end, start - width) : Math.min(end, start + width)
  const far = isDown ? sql`entry.position >= ${edge}` : sql`entry.position <= ${edge}`
  const near = isDown ? sql`entry.position < ${start}` : sql`entry.position > ${start}`
  // Bounds that bound nothing would lead the planner astray.
  const range = edge === end ? near : sql`${near} and ${far}`
  const { rows } = await sql<SealedEvent>`
    select entry.position, told.event as text from audit_entry entry
    join audit_seal seal on seal.position = entry.position
    join audit_event told on told.sequence = seal.sequence
    where ${range} and ${matching(query)}
    order by entry.position ${isDown ? sql`desc` : sql`asc`} limit ${limit}`.execute(db)
  const furthest = rows.at(-1)
  if (rows.length === limit && furthest) return { events: rows, next: furthest.position }
  return { events: rows, next: edge === end ? undefined : edge }
}

/** Positions that one statement looks at without an index. */
const windowWidth = 50_000
/** Of more, an index helps less than it costs. */
const mostByIndex = 200

function isIndexed({ text, about }: AuditQuery): boolean {
  return text === undefined && (about === undefined || about.length <= mostByIndex)
}

function matching(query: AuditQuery): RawBuilder<unknown> {
  const { actor, actorId, action, type, targetType, target, status, requestId, from, to, text, about } = query
  const all = [
    actor === undefined ? undefined : sql`entry.actor = ${actor}`,
    actorId === undefined ? undefined : sql`entry.actor_id = ${actorId}`,
    action === undefined ? undefined : sql`entry.action = ${action}`,
    type === undefined ? undefined : sql`entry.type = ${type}`,
    targetType === undefined ? undefined : sql`entry.target_type = ${targetType}`,
    target === undefined ? undefined : sql`entry.about @> array[${target}::text]`,
    status === undefined ? undefined : sql`entry.status = ${status}`,
    requestId === undefined ? undefined : sql`entry.request_id = ${requestId}`,
    from === undefined ? undefined : sql`entry.at >= ${new Date(from)}`,
    to === undefined ? undefined : sql`entry.at < ${new Date(to)}`,
    text === undefined ? undefined : sql`told.event ilike ${containing(text)}`,
    about === undefined ? undefined : isAbout(about),
  ].filter(one => one !== undefined)
  return all.length === 0 ? sql`true` : sql.join(all, sql` and `)
}

function isAbout(keys: readonly string[]): RawBuilder<unknown> {
  if (keys.length <= mostByIndex) return sql`entry.about && ${[...keys]}::text[]`
  return sql`exists (select from unnest(entry.about) one (key) where key in (select unnest(${[...keys]}::text[])))`
}

/** Undefined: there is none, it is pruned, or not sealed yet. */
export async function findEvent(db: Reader, id: string): Promise<SealedEvent | undefined> {
  const { rows } = await sql<SealedEvent>`
    select seal.position, told.event as text from audit_event told
    join audit_seal seal on seal.sequence = told.sequence where told.id = ${id}::uuid`.execute(db)
  return rows[0]
}

async function lastPosition(db: Reader): Promise<number> {
  const { rows } = await sql<{ last: number | null }>`select max(position) as last from audit_seal`.execute(db)
  return rows[0]?.last ?? 0
}

/** `TYPE/id` of the data sources, the domains, and the policies of these. */
export async function keysOf(
  db: Reader,
  { dataSources, domains }: { readonly dataSources: readonly number[]; readonly domains: readonly string[] },
): Promise<string[]> {
  const policies = await db
    .selectFrom('policy')
    .where(({ or, eb }) =>
      or([
        eb('domain', '=', sql<string>`any(${[...domains]}::text[])`),
        eb('data_source_id', '=', sql<number>`any(${[...dataSources]}::bigint[])`),
      ]),
    )
    .select('id')
    .execute()
  return [
    ...dataSources.map(id => `DATASOURCE/${id}`),
    ...domains.map(name => `DOMAIN/${name}`),
    ...policies.map(({ id }) => `POLICY/${id}`),
  ]
}

export interface TrailState {
  readonly position: number
  readonly batch: number
  readonly waiting: number
  readonly waitingSince: number | null
  readonly prunedThrough: number
}

export async function readState(db: Reader): Promise<TrailState> {
  const { rows } = await sql<TrailState>`select
    coalesce((select max(last_position) from audit_batch), 0) as position,
    coalesce((select max(number) from audit_batch), 0) as batch,
    (select count(*) from audit_unsealed) as waiting,
    (select min(event_timestamp) from audit_unsealed join audit_event using (sequence)) as "waitingSince",
    coalesce((select max((event::jsonb #>> '{auditPayload,through}')::bigint) from audit_entry
      join audit_seal using (position) join audit_event using (sequence)
      where type = 'AuditPruned'), 0) as "prunedThrough"`.execute(db)
  return rows[0] ?? { position: 0, batch: 0, waiting: 0, waitingSince: null, prunedThrough: 0 }
}
