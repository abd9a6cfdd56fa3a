/** Events to those who read them: from another node, for as long as they may, as fast as they can. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ApiError, type Endpoint, Problem, type RunEvent } from '@headgate/core/api'
import Fastify from 'fastify'
import { sql } from 'kysely'
import { z } from 'zod'
import { openDatabase } from '../src/db/open.ts'
import { createApp } from '../src/http/app.ts'
import { streamsOf } from '../src/http/event-stream.ts'
import { until } from './reconcile/reconcile-world.ts'
import { personAt, type TestServer, testServer } from './support/server.ts'

/** A run that nobody carries out, as its leader would write it; answers its id. */
async function run({ db }: TestServer): Promise<number> {
  await sql`insert into integration (name, account_id, region, location_role, location_path, authentication_type, status,
    validation) values ('i', '111122223333', 'us-east-1', 'r', 's3://', 'auto', 'enabled', '{}')
    on conflict do nothing`.execute(db.kysely)
  const { rows } = await sql<{ id: number }>`insert into run (integration_id, epoch, sequence, to_create, to_revoke)
    select max(id), 1, 1, 3, 0 from integration returning id`.execute(db.kysely)
  return rows[0]?.id ?? assert.fail('no run')
}

test('a run is told on a node that does not lead it', async t => {
  const server = await testServer()
  const db = openDatabase(server.databaseUrl, { maxConnections: 2 })
  const app = await createApp({ ...server.world, db })
  t.after(async () => {
    await app.close()
    await db.close()
    await server.close()
  })
  const { id: adminId, userid, key } = server.admin
  const admin = personAt(await app.listen({ host: '127.0.0.1', port: 0 }), { id: adminId, userid, key })
  const told: RunEvent[] = []
  const stream = await admin.runs.events()
  const reading = (async () => {
    for await (const event of stream) told.push(event)
  })()
  await until('the state', () => told.length === 1)
  const id = await run(server)
  await until('the run', () => told.some(event => event.event === 'run' && event.run.id === id))
  await sql`update run set created = 3, finished_at = now() where id = ${id}`.execute(server.db.kysely)
  await until('its end', () => told.some(event => event.event === 'run' && event.run.state === 'finished'))
  await app.close()
  await reading
})

test('nobody reads runs without a permission, nor goes on reading when it or the key is gone', async t => {
  const server = await testServer({ streamBeatMs: 50 })
  t.after(server.close)
  const nobody = await server.as([])
  await assert.rejects(nobody.runs.events(), (error: unknown) => error instanceof ApiError && error.status === 403)
  for (const end of [
    (id: number) => sql`delete from person_permission where person_id = ${id}`,
    (id: number) => sql`update api_key set revoked_at = now() where person_id = ${id}`,
    (id: number) => sql`update person set disabled_locally = true where id = ${id}`,
  ]) {
    const reader = await server.as(['AUDIT'])
    const stream = await reader.runs.events()
    const told: RunEvent[] = []
    const reading = (async () => {
      for await (const event of stream) told.push(event)
    })()
    await until('the state', () => told.length === 1)
    await end(reader.id).execute(server.db.kysely)
    await reading
  }
})

test('whoever does not read is cut off, before much waits for them', async t => {
  const app = Fastify()
  t.after(() => app.close())
  const stream = streamsOf(app)
  const endpoint = { status: 200, response: z.object({ text: z.string() }) } as unknown as Endpoint
  const text = 'x'.repeat(64 * 1024)
  let sent = 0
  const ended = new Promise<void>(resolve => {
    app.get('/', (_, reply) => {
      const tell = async (send: (event: unknown) => void, signal: AbortSignal) => {
        for (; !signal.aborted && sent < 4096; sent += 1) {
          send({ text })
          await turn()
        }
        resolve()
      }
      return stream(endpoint, tell, reply, { id: 1, isAllowed: async () => true })
    })
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const request = http.get({ host: '127.0.0.1', port })
  request.on('error', () => {})
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.on('error', () => {})
  response.pause()
  await ended
  assert.ok(sent < 1024, `${sent} events of 64 KiB`)
  request.destroy()
})

test('nobody keeps more streams open than they could look at', async t => {
  const app = Fastify()
  t.after(() => app.close())
  const stream = streamsOf(app)
  const endpoint = { status: 200, response: z.object({ text: z.string() }) } as unknown as Endpoint
  const forever = (_: unknown, signal: AbortSignal) => once(signal, 'abort').then(() => {})
  app.setErrorHandler((error, _, reply) => reply.code(error instanceof Problem ? 429 : 500).send())
  app.get<{ Params: { id: string } }>('/:id', ({ params }, reply) =>
    stream(endpoint, forever, reply, { id: Number(params.id), isAllowed: async () => true }),
  )
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const open = async (id: number) => {
    const request = http.get({ host: '127.0.0.1', port, path: `/${id}`, agent: false })
    request.on('error', () => {})
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.on('error', () => {})
    return { status: response.statusCode, end: () => request.destroy() }
  }
  const opened = await Promise.all(Array.from({ length: 51 }, () => open(1)))
  assert.deepEqual(opened.map(({ status }) => status).sort(), [...Array.from({ length: 50 }, () => 200), 429])
  const other = await open(2)
  assert.equal(other.status, 200)
  opened.find(({ status }) => status === 200)?.end()
  await until('the one that ended', async () => {
    const again = await open(1)
    return again.status === 200
  })
})
