/** The chain as it is stored, link by link, for whoever verifies or copies it. Only reads, and believes nothing. */
import { type Kysely, sql } from 'kysely'
import { type Entry, entryOf } from '../audit/entry.ts'
import type { Link, LinkedEvent } from '../audit/verify.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

/** Rows asked for at once. */
const mostAtOnce = 5000

export interface Part {
  /** Of the first link; default 1. */
  readonly fromBatch?: number
  /** Position of the last event; default: to the end. */
  readonly through?: number
  /** Whether to hold what events are found by against their texts; default true. */
  readonly entries?: boolean
}

/** Reads ahead: while one part is worked on, the database makes the next one ready. */
export async function* readLinks(db: Reader, part: Part = {}): AsyncGenerator<Link> {
  const { fromBatch = 1, through = Number.MAX_SAFE_INTEGER, entries = true } = part
  let next = readSome(db, fromBatch, through, entries)
  for (;;) {
    const links = await next
    const last = links.at(-1)
    if (!last) return
    next = readSome(db, last.number + 1, through, entries)
    // Told where it is awaited.
    next.catch(() => {})
    yield* links
  }
}

async function readSome(db: Reader, fromBatch: number, through: number, entries: boolean): Promise<Link[]> {
  const { rows: batches } = await sql<BatchRow>`
    with first as (select first_position as start from audit_batch
      where number >= ${fromBatch} and last_position <= ${through} order by number limit 1)
    select number, sealed_at, first_position, last_position, previous_hash, events_hash, hash from audit_batch, first
    where number >= ${fromBatch} and last_position <= ${through} and first_position < start + ${mostAtOnce}
    order by number`.execute(db)
  const [first, last] = [batches[0], batches.at(-1)]
  if (!first || !last) return []
  const events = await readEvents(db, first.first_position, last.last_position, entries)
  let at = 0
  return batches.map(row => {
    const mine: LinkedEvent[] = []
    for (; at < events.length && (events[at] as LinkedEvent).position <= row.last_position; at++) {
      mine.push(events[at] as LinkedEvent)
    }
    return {
      number: row.number,
      sealedAt: row.sealed_at,
      firstPosition: row.first_position,
      lastPosition: row.last_position,
      previousHash: row.previous_hash,
      eventsHash: row.events_hash,
      hash: row.hash,
      events: mine,
    }
  })
}

interface BatchRow {
  readonly number: number
  readonly sealed_at: number
  readonly first_position: number
  readonly last_position: number
  readonly previous_hash: Buffer
  readonly events_hash: Buffer
  readonly hash: Buffer
}

async function readEvents(db: Reader, from: number, to: number, entries: boolean): Promise<LinkedEvent[]> {
  // `offset 0` keeps PostgreSQL from reading whole tables for each part, as it would believe to be cheaper.
  const { rows } = await sql<{
    position: number
    hash: Buffer
    text: string | null
    id: string | null
    entry: string | null
  }>`select seal.position, seal.hash, told.event as text, told.id::text as id,
      ${entries ? entryText : sql`null`} as entry
    from audit_seal seal
    left join lateral (select * from audit_event where sequence = seal.sequence offset 0) told on true
    ${entries ? sql`left join lateral (select * from audit_entry where position = seal.position offset 0) entry on true` : sql``}
    where seal.position between ${from} and ${to} order by seal.position`.execute(db)
  return rows.map(({ position, hash, text, id, entry }) => {
    if (text === null || !entries) return { position, hash, text }
    return { position, hash, text, isIndexed: isAsTold(text, id, entry) }
  })
}

/** All of it as one text: a column less is a column not parsed, a hundred thousand times. */
const entryText = sql`concat_ws(chr(31), (date_part('epoch', entry.at) * 1000)::bigint, entry.action, entry.status,
  entry.type, entry.target_type, coalesce(entry.actor_id::text, ''), entry.actor, coalesce(entry.request_id, ''),
  array_to_string(entry.about, chr(30)))`

function isAsTold(text: string, id: string | null, entry: string | null): boolean {
  try {
    const event = JSON.parse(text)
    return event.id === id && printEntry(entryOf(event)) === entry
  } catch {
    // Then its hash does not fit either.
    return false
  }
}

function printEntry({ at, action, status, type, targetType, actorId, actor, requestId, about }: Entry): string {
  return [at, action, status, type, targetType, actorId ?? '', actor, requestId ?? '', about.join('\x1e')].join('\x1f')
}

export interface Stray {
  /** Sequences of events that no batch holds and that do not wait to be sealed; the first few. */
  readonly inserted: readonly number[]
  /** Sequences that wait to be sealed and are not there. */
  readonly lost: readonly number[]
  /** Positions that no batch has. */
  readonly beyond: readonly number[]
  /** Events that wait to be sealed, and the oldest of them. */
  readonly waiting: number
  readonly waitingSince: number | null
}

/** What stands beside the chain. */
/** @param sealedThere how many of the events that batches hold are there */
export async function readStray(db: Reader, sealedThere: number): Promise<Stray> {
  // Counting is a fraction of the work of looking for each, which is done only when one is too many.
  const { rows } = await sql<{
    inserted: number[]
    lost: number[]
    beyond: number[]
    waiting: number
    since: number | null
  }>`with known as (
      select (select count(*) from audit_event) <> ${sealedThere} + (select count(*) from audit_unsealed) as differs
    ) select
      array(select sequence from audit_event told, known
        where differs and not exists (select from audit_seal where sequence = told.sequence)
          and not exists (select from audit_unsealed where sequence = told.sequence) limit 10) as inserted,
      array(select sequence from audit_unsealed waits
        where not exists (select from audit_event where sequence = waits.sequence) limit 10) as lost,
      array(select position from audit_seal
        where position > (select coalesce(max(last_position), 0) from audit_batch) limit 10) as beyond,
      (select count(*) from audit_unsealed) as waiting,
      (select min(event_timestamp) from audit_unsealed join audit_event using (sequence)) as since`.execute(db)
  const { since = null, ...rest } = rows[0] ?? { inserted: [], lost: [], beyond: [], waiting: 0 }
  return { ...rest, waitingSince: since }
}
