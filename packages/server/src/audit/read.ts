/** Reads the audit trail for a caller: a page, or all of it as lines, a piece at a time. */
import type { AuditEventAnswer, AuditFilter } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { readLinks } from '../db/audit-chain.ts'
import { listCheckpoints } from '../db/audit-checkpoint.ts'
import { type AuditQuery, readEvents } from '../db/audit-list.ts'
import { sealAll } from '../db/audit-seal.ts'
import type { Db } from '../db/open.ts'
import { printCursor, readCursor, readNumber } from '../db/page.ts'
import { namesOf } from '../db/resource-names.ts'
import type { Caller } from '../http/serve.ts'
import { keyOf } from './entry.ts'
import { printLink, printSigned } from './trail-file.ts'
import { asSeen, isPerson, keysInSight, mayBeShown, type Sight, sightOf } from './visible.ts'

/** What somebody has just done is there to be read: it is sealed first. */
export async function readPage(
  db: Db,
  caller: Caller,
  { cursor, limit, ...filter }: AuditFilter & { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: AuditEventAnswer[]; names: Record<string, string>; next?: string }> {
  const below = readNumber(readCursor(cursor))
  if (below === undefined) await sealAll(db)
  return db.snapshot(async tx => {
    const sight = await sightOf(tx, caller)
    const from = below === undefined ? {} : { below }
    const { items, next } = sight
      ? await readSeen(tx, filter, sight, limit, from)
      : await readAll(tx, filter, limit, from)
    const names = await namesOf(
      tx,
      items.flatMap(one => [...one.targets, ...one.relatedResources]),
    )
    return { items, names, ...(next !== undefined && { next: printCursor(String(next)) }) }
  })
}

interface Page {
  readonly items: AuditEventAnswer[]
  /** Position that the next page goes on from. */
  readonly next: number | undefined
}

interface From {
  readonly below?: number
}

async function readAll(tx: Tx, filter: AuditFilter, limit: number, from: From): Promise<Page> {
  const { events, next } = await readEvents(tx, queryOf(filter, undefined), { limit, ...from })
  return { items: events.map(one => asSeen(undefined, one)), next }
}

/**
 * What is left out of an event for a reader must not tell of itself by being found, nor by where a page ends: what is
 * shown alone is searched.
 */
async function readSeen(tx: Tx, filter: AuditFilter, sight: Sight, limit: number, from: From): Promise<Page> {
  if (isNeverShown(filter, sight)) return { items: [], next: undefined }
  const items: AuditEventAnswer[] = []
  const isSearched = filter.text !== undefined || asksForPerson(filter)
  const [turns, size] = isSearched ? [mostSearched, piece] : [1, limit]
  let next = from.below
  for (let turn = 0; turn < turns; turn++) {
    const page = await readEvents(tx, queryOf(filter, sight), {
      limit: size,
      ...(next !== undefined && { below: next }),
    })
    for (const event of page.events) {
      const seen = asSeen(sight, event)
      if (!says(seen, filter)) continue
      items.push(seen)
      if (items.length === limit) return { items, next: event.position }
    }
    next = page.next
    if (next === undefined) break
  }
  return { items, next }
}

/** Oldest first; rights are looked up again with each piece. Holds no more than a piece in memory, and no transaction open. */
export async function* streamLines(db: Db, caller: Caller, filter: AuditFilter): AsyncGenerator<string> {
  await sealAll(db)
  for (let above: number | undefined = 0; above !== undefined; ) {
    const from: number = above
    const { sight, events, next } = await db.snapshot(async tx => {
      const sight = await sightOf(tx, caller)
      if (sight && isNeverShown(filter, sight)) return { sight, events: [], next: undefined }
      return { sight, ...(await readEvents(tx, queryOf(filter, sight), { above: from, limit: piece })) }
    })
    const lines = events.map(one => asSeen(sight, one)).filter(one => !sight || says(one, filter))
    if (lines.length > 0) yield lines.map(one => `${JSON.stringify(one)}\n`).join('')
    above = next
  }
}

const piece = 1000
/** Of these, what one page looks at for a text, for who is not shown everything. */
const mostSearched = 5

/** Batches with their events, then the checkpoints. What is appended meanwhile may be in it or not. */
export async function* trailLines(db: Db, fromBatch: number): AsyncGenerator<string> {
  await sealAll(db)
  for await (const link of readLinks(db.kysely, { fromBatch, entries: false })) yield printLink(link)
  for (const one of (await listCheckpoints(db.kysely, Number.MAX_SAFE_INTEGER)).reverse()) yield printSigned(one)
}

/** @param sight with one, what events may leave out is looked for in what is shown rather than in what is stored */
function queryOf(filter: AuditFilter, sight: Sight | undefined): AuditQuery {
  const { from, to, text, target, ...rest } = filter
  return {
    ...rest,
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
    text: sight ? undefined : text,
    target: sight && asksForPerson(filter) ? undefined : target,
    about: keysInSight(sight),
  }
}

/** Whether they look for what they are shown of no event. */
function isNeverShown({ target }: AuditFilter, sight: Sight): boolean {
  return target !== undefined && !mayBeShown(sight, namedBy(target))
}

function asksForPerson({ target }: AuditFilter): boolean {
  return target !== undefined && isPerson(namedBy(target))
}

function namedBy(target: string): { readonly type: string; readonly id: string } {
  const slash = target.indexOf('/')
  return { type: target.slice(0, slash), id: target.slice(slash + 1) }
}

function says(seen: AuditEventAnswer, { text, target }: AuditFilter): boolean {
  if (text !== undefined && !JSON.stringify(seen).toLowerCase().includes(text.toLowerCase())) return false
  return target === undefined || [...seen.targets, ...seen.relatedResources].some(one => keyOf(one) === target)
}
