/** Reads the audit trail for a caller: a page, or all of it as lines, a piece at a time. */
import type { AuditEventAnswer, AuditFilter } from '@headgate/core/api'
import { readLinks } from '../db/audit-chain.ts'
import { listCheckpoints } from '../db/audit-checkpoint.ts'
import { type AuditQuery, readEvents } from '../db/audit-list.ts'
import { sealAll } from '../db/audit-seal.ts'
import type { Db } from '../db/open.ts'
import { printCursor, readCursor, readNumber } from '../db/page.ts'
import type { Caller } from '../http/serve.ts'
import { printLink, printSigned } from './trail-file.ts'
import { asSeen, keysInSight, type Sight, sightOf } from './visible.ts'

/** What somebody has just done is there to be read: it is sealed first. */
export async function readPage(
  db: Db,
  caller: Caller,
  { cursor, limit, ...filter }: AuditFilter & { readonly cursor?: string | undefined; readonly limit: number },
): Promise<{ items: AuditEventAnswer[]; next?: string }> {
  const below = readNumber(readCursor(cursor))
  if (below === undefined) await sealAll(db)
  return db.snapshot(async tx => {
    const sight = await sightOf(tx, caller)
    const { events, next } = await readEvents(tx, queryOf(filter, sight), {
      limit,
      ...(below !== undefined && { below }),
    })
    const items = events.map(one => asSeen(sight, one)).filter(one => says(one, filter, sight))
    return next === undefined ? { items } : { items, next: printCursor(String(next)) }
  })
}

/** Oldest first; rights are looked up again with each piece. Holds no more than a piece in memory, and no transaction open. */
export async function* streamLines(db: Db, caller: Caller, filter: AuditFilter): AsyncGenerator<string> {
  await sealAll(db)
  for (let above: number | undefined = 0; above !== undefined; ) {
    const from: number = above
    const { sight, events, next } = await db.snapshot(async tx => {
      const sight = await sightOf(tx, caller)
      return { sight, ...(await readEvents(tx, queryOf(filter, sight), { above: from, limit: piece })) }
    })
    const lines = events.map(one => asSeen(sight, one)).filter(one => says(one, filter, sight))
    if (lines.length > 0) yield lines.map(one => `${JSON.stringify(one)}\n`).join('')
    above = next
  }
}

const piece = 1000

/** Batches with their events, then the checkpoints. What is appended meanwhile may be in it or not. */
export async function* trailLines(db: Db, fromBatch: number): AsyncGenerator<string> {
  await sealAll(db)
  for await (const link of readLinks(db.kysely, { fromBatch, entries: false })) yield printLink(link)
  for (const one of (await listCheckpoints(db.kysely, Number.MAX_SAFE_INTEGER)).reverse()) yield printSigned(one)
}

function queryOf({ from, to, ...rest }: AuditFilter, sight: Sight | undefined): AuditQuery {
  return {
    ...rest,
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
    about: keysInSight(sight),
  }
}

/** What is left out of an event for a reader must not tell of itself by being found. */
function says(event: AuditEventAnswer, { text, target }: AuditFilter, sight: Sight | undefined): boolean {
  if (!sight) return true
  if (text !== undefined && !JSON.stringify(event).toLowerCase().includes(text.toLowerCase())) return false
  const shown = [...event.targets, ...event.relatedResources].map(({ type, id }) => `${type}/${id}`)
  return target === undefined || shown.includes(target)
}
