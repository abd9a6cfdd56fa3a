/**
 * A server on which nothing lasts: every call that is let through runs in a transaction of the real database, is asked
 * what it stored, and is taken back. So thousands of calls can be made of one world, each as if it were the first.
 */
import type { FastifyInstance } from 'fastify'
import { type Kysely, sql } from 'kysely'
import type { Tx } from '../../src/db/act.ts'
import type { Db } from '../../src/db/open.ts'
import type { Database } from '../../src/db/schema.ts'
import { createApp } from '../../src/http/app.ts'
import type { TestServer } from './server.ts'

export interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly payload?: string
}

export interface Answered {
  readonly status: number
  /** Of an error. */
  readonly code: string | undefined
  readonly text: string
}

/** What the call left in the audit trail and among the changes of facts. */
export interface Stored {
  readonly events: readonly AuditEvent[]
  readonly facts: number
}

export interface AuditEvent {
  readonly actor: { readonly id: number | null; readonly name: string }
  readonly targets: readonly { readonly type: string; readonly id: string }[]
  readonly requestId: string | null
  readonly auditPayload: { readonly type: string }
}

export interface TakenBack {
  readonly app: FastifyInstance
  /** Committed as usual: for calls that should store nothing. */
  send(call: Sent): Promise<Answered>
  /** One at a time. */
  tryOut(call: Sent): Promise<Answered & { readonly stored: Stored; readonly requestId: string }>
  close(): Promise<void>
}

export async function takenBack(server: TestServer): Promise<TakenBack> {
  const { world } = server
  let tx: Tx | undefined
  const db = withinAny(world.db, () => tx)
  // Nobody waits for an index to see what is never committed, and nothing goes on after the answer.
  const index = { ...world.index, current: () => undefined }
  const background = { run: () => {}, idle: async () => {}, close: async () => {} }
  const app = await createApp({ ...world, db, index, background })
  const over = new Error('taken back')

  async function send(call: Sent): Promise<Answered & { readonly requestId: string }> {
    const answer = await app.inject({ ...call, payloadAsStream: true })
    const requestId = String(answer.headers['x-request-id'])
    const status = answer.statusCode
    // A stream of events has no end to be read to.
    if (String(answer.headers['content-type']).startsWith('text/event-stream')) {
      answer.stream().destroy()
      return { status, code: undefined, text: '', requestId }
    }
    const parts: Buffer[] = []
    for await (const part of answer.stream()) parts.push(Buffer.from(part))
    const text = Buffer.concat(parts).toString()
    const code = status >= 400 ? (JSON.parse(text) as { code: string }).code : undefined
    return { status, code, text, requestId }
  }

  return {
    app,
    send,
    async tryOut(call) {
      let result: (Answered & { stored: Stored; requestId: string }) | undefined
      await world.db
        .transaction(async outer => {
          tx = outer
          const before = await newest(outer)
          const answer = await send(call)
          result = { ...answer, stored: await storedSince(outer, before) }
          throw over
        })
        .catch(error => {
          if (error !== over) throw error
        })
        .finally(() => {
          tx = undefined
        })
      if (!result) throw over
      return result
    },
    close: () => app.close(),
  }
}

async function newest(tx: Tx): Promise<{ event: number; fact: number }> {
  const { rows } = await sql<{ event: number; fact: number }>`select
    (select coalesce(max(sequence), 0) from audit_event) as event,
    (select coalesce(max(id), 0) from fact_change) as fact`.execute(tx)
  return rows[0] as { event: number; fact: number }
}

async function storedSince(tx: Tx, before: { event: number; fact: number }): Promise<Stored> {
  const events = await sql<{ event: AuditEvent }>`
    select event::jsonb as event from audit_event where sequence > ${before.event} order by sequence`.execute(tx)
  const facts = await sql<{ count: number }>`
    select count(*) as count from fact_change where id > ${before.fact}`.execute(tx)
  return { events: events.rows.map(({ event }) => event), facts: Number(facts.rows[0]?.count ?? 0) }
}

/** While there is a transaction, every other one is a part of it. */
function withinAny(db: Db, current: () => Tx | undefined): Db {
  const kysely = new Proxy(db.kysely, {
    get(target, property) {
      const at: Kysely<Database> = current() ?? target
      const value: unknown = Reflect.get(at, property, at)
      return typeof value === 'function' ? value.bind(at) : value
    },
  })
  let savepoints = 0
  return {
    ...db,
    kysely,
    async transaction(work) {
      const tx = current()
      if (!tx) return db.transaction(work)
      savepoints += 1
      const name = sql.raw(`part_${savepoints}`)
      await sql`savepoint ${name}`.execute(tx)
      try {
        const result = await work(tx)
        await sql`release savepoint ${name}`.execute(tx)
        return result
      } catch (error) {
        await sql`rollback to savepoint ${name}`.execute(tx)
        throw error
      }
    },
    snapshot(work) {
      const tx = current()
      return tx ? work(tx) : db.snapshot(work)
    },
  }
}
