/** Webhooks: signed, tried again, never lost, and never a way into the network. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ApiError, NoticeKind } from '@headgate/core/api'
import { sql } from 'kysely'
import { Webhook } from 'standardwebhooks'
import { act, system } from '../src/db/act.ts'
import { openDatabase } from '../src/db/open.ts'
import { retryInMs, startDeliveries } from '../src/notify/deliver.ts'
import { notify } from '../src/notify/notify.ts'
import { rewrapWebhooks } from '../src/notify/webhooks.ts'
import { createVault } from '../src/secrets.ts'
import { type Received, type Receiver, startReceiver } from './support/receiver.ts'
import { type TestServer, testKey, testServer } from './support/server.ts'

interface Payload {
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

describe('webhooks', () => {
  let server: TestServer
  before(async () => {
    server = await testServer({ environment: { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8' } })
  })
  after(() => server.close())

  const kinds: NoticeKind[] = ['product.published']

  /** Somebody who listens, gone with the test. */
  async function hook(t: TestContext, answer?: Receiver['answer']) {
    const receiver = await startReceiver()
    if (answer) receiver.answer = answer
    const made = await server.admin.webhooks.create({ body: { name: 'hook', url: receiver.url, kinds } })
    t.after(async () => {
      await server.admin.webhooks.remove({ params: { id: made.id } })
      await receiver.close()
    })
    const history = async () => (await server.admin.webhooks.deliveries({ params: { id: made.id } })).items
    return { ...made, receiver, history, params: { id: made.id } }
  }

  async function tell(count = 1): Promise<void> {
    await act(server.db, system, async doing => {
      for (let at = 0; at < count; at++) {
        await notify(doing, {
          kind: 'product.published',
          to: {},
          about: { type: 'dataProduct', id: 'c1' },
          facts: { of: { id: 'c1', name: 'Sales' }, reason: 'the password is 1234' },
        })
      }
    })
  }

  function deliver(t: TestContext, options: Parameters<typeof startDeliveries>[1] = {}) {
    const deliveries = startDeliveries(server.world, { turnMs: 10, ...options })
    t.after(() => deliveries.stop())
    return deliveries
  }

  /** Waits for what is told, not for a time. */
  async function eventually<T>(look: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
    for (;;) {
      const found = await look()
      if (isSo(found)) return found
      await sleep(10)
    }
  }

  const dueNow = () =>
    sql`update webhook_delivery set next_try_at = now() where state = 'due'`.execute(server.db.kysely)
  const read = (secret: string, { body, headers }: Received) =>
    new Webhook(secret).verify(body, headers as Record<string, string>) as Payload

  test('a delivery is signed, says what happened, and keeps what people wrote inside', async t => {
    const { secret, receiver, history } = await hook(t)
    deliver(t)
    await tell()
    await receiver.until(1)
    const [got] = receiver.received as [Received]
    const { type, data } = read(secret, got)
    assert.equal(type, 'product.published')
    assert.equal(data.title, 'Sales was published')
    assert.deepEqual(data.about, { type: 'dataProduct', id: 'c1' })
    assert.doesNotMatch(got.body, /1234/)
    assert.throws(() => read(secret, { ...got, body: got.body.replace('Sales', 'Wages') }))
    const [one] = await eventually(history, ([first]) => first?.state === 'delivered')
    assert.equal(one?.messageId, got.headers['webhook-id'])
    assert.equal(one?.attempts[0]?.status, 204)
  })

  test('after a rotation both secrets sign for a while, then the new one alone', async t => {
    const made = await hook(t)
    const { secret: fresh } = await server.admin.webhooks.rotateSecret({ params: made.params, body: {} })
    await server.admin.webhooks.test({ params: made.params })
    const [both] = made.receiver.received as [Received]
    for (const secret of [made.secret, fresh]) assert.equal(read(secret, both).type, 'webhook.test')
    await sql`update webhook set old_secret_until = now()`.execute(server.db.kysely)
    await server.admin.webhooks.test({ params: made.params })
    const [, one] = made.receiver.received as [Received, Received]
    assert.equal(read(fresh, one).type, 'webhook.test')
    assert.throws(() => read(made.secret, one))
  })

  test('a secret is sealed, shown once, and wrapped anew when the key changes', async t => {
    const { id, secret, receiver, params } = await hook(t)
    const { rows } = await sql<{ text: string }>`select row_to_json(webhook)::text || (
      select string_agg(event, '') from audit_event) as text from webhook where id = ${id}`.execute(server.db.kysely)
    assert.ok(!rows[0]?.text.includes(secret.slice(6)))
    assert.ok(!JSON.stringify(await server.admin.webhooks.get({ params })).includes('whsec'))
    const vault = createVault([Buffer.alloc(32, 8), testKey])
    assert.equal(await rewrapWebhooks({ db: server.db, vault }, assert.fail), 1)
    await rewrapWebhooks({ db: server.db, vault: createVault([testKey, Buffer.alloc(32, 8)]) }, assert.fail)
    await server.admin.webhooks.test({ params })
    assert.equal(read(secret, receiver.received[0] as Received).type, 'webhook.test')
  })

  test('what fails is tried again with the same id, on the schedule of the standard', async t => {
    const failing: Receiver['answer'][] = [
      response => response.writeHead(500).end('x'.repeat(100_000)),
      response => response.writeHead(302, { location: 'http://127.0.0.1/elsewhere' }).end(),
      response => response.destroy(),
      () => {},
    ]
    let turn = 0
    const { receiver, history } = await hook(t, response =>
      (failing[turn++] ?? (() => response.writeHead(200).end('ok\0')))(response, {} as Received),
    )
    deliver(t, { callMs: 300 })
    await tell()
    for (let count = 1; count <= failing.length; count++) {
      const [one] = await eventually(history, ([first]) => first?.attempts.length === count)
      assert.equal(one?.state, 'due')
      await dueNow()
    }
    const [one] = await eventually(history, ([first]) => first?.state === 'delivered')
    assert.deepEqual(
      one?.attempts.map(({ status }) => status),
      [500, 302, undefined, undefined, 200],
    )
    assert.equal(one?.attempts[0]?.response?.length, 2_000)
    assert.match(one?.attempts[1]?.problem ?? '', /not followed/)
    assert.match(one?.attempts[3]?.problem ?? '', /in time/)
    assert.equal(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1)
    assert.equal(new Set(receiver.received.map(({ body }) => body)).size, 1)
    assert.deepEqual(
      [1, 2, 9, 10].map(attempts => retryInMs(attempts, 0)),
      [5_000, 300_000, 86_400_000, undefined],
    )
  })

  test('a receiver that is gone, or takes nothing for days, is called no more, and admins are told', async t => {
    const { receiver, history, params } = await hook(t, response => response.writeHead(410).end())
    deliver(t)
    await tell()
    const state = () => server.admin.webhooks.get({ params })
    assert.match((await eventually(state, ({ state }) => state === 'disabled')).problem ?? '', /410/)
    await tell()
    assert.equal((await history()).length, 1)
    const { items } = await server.admin.notifications.list({ query: {} })
    assert.equal(items[0]?.title, 'Webhook hook was disabled')

    receiver.answer = response => response.writeHead(500).end()
    await server.admin.webhooks.resume({ params })
    await dueNow()
    await eventually(history, ([first]) => first?.attempts.length === 2)
    await sql`update webhook set failing_since = now() - interval '4 days'`.execute(server.db.kysely)
    await sql`update webhook_delivery set attempts = 9, next_try_at = now() where state = 'due'`.execute(
      server.db.kysely,
    )
    assert.match((await eventually(state, ({ state }) => state === 'disabled')).problem ?? '', /for days/)
    assert.equal((await history())[0]?.state, 'failed')

    receiver.answer = response => response.writeHead(200).end()
    await server.admin.webhooks.resume({ params })
    const [failed] = await history()
    const deliveryId = failed?.id ?? 0
    await server.admin.webhooks.redeliver({ params: { ...params, deliveryId } })
    const [again] = await eventually(history, ([first]) => first?.state === 'delivered')
    assert.equal(again?.messageId, failed?.messageId)
    assert.equal((await state()).failingSince, undefined)
  })

  test('a paused webhook catches up, and a slow one keeps no other waiting', async t => {
    const slow = await hook(t, () => {})
    const paused = await hook(t)
    const quick = await hook(t)
    await server.admin.webhooks.pause({ params: paused.params })
    const deliveries = deliver(t)
    await tell(3)
    await Promise.all([quick.receiver.until(3), slow.receiver.until(3)])
    assert.equal(paused.receiver.received.length, 0)
    await server.admin.webhooks.resume({ params: paused.params })
    await paused.receiver.until(3)
    // What is broken off by a stop is as if it had not been taken.
    await deliveries.stop()
    const left = await slow.history()
    assert.deepEqual(
      left.map(({ state, attempts }) => [state, attempts.length]),
      Array(3).fill(['due', 0]),
    )
  })

  test('two nodes deliver each once', async t => {
    const { receiver } = await hook(t)
    const other = openDatabase(server.databaseUrl, { maxConnections: 3 })
    const nodes = [server.world, { ...server.world, db: other }].map(world => startDeliveries(world, { turnMs: 1 }))
    await tell(200)
    await receiver.until(200)
    await Promise.all(nodes.map(node => node.stop()))
    await other.close()
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    assert.deepEqual([ids.length, new Set(ids).size], [200, 200])
  })

  test('what a killed node had taken is delivered by the next, with the same id', async t => {
    const { receiver, history } = await hook(t, () => {})
    await tell(6)
    const program = fileURLToPath(new URL('support/delivery-process.ts', import.meta.url))
    const child = spawn(process.execPath, [program, server.databaseUrl, '300'], { stdio: 'inherit' })
    const ended = new Promise(resolve => child.on('exit', resolve))
    await receiver.until(4)
    child.kill('SIGKILL')
    await ended
    receiver.answer = response => response.writeHead(204).end()
    deliver(t)
    const all = await eventually(history, found => found.every(({ state }) => state === 'delivered'))
    const ids = new Set(receiver.received.map(({ headers }) => headers['webhook-id']))
    assert.deepEqual([...ids].sort(), all.map(({ messageId }) => messageId).sort())
    assert.equal(all.length, 6)
  })

  test('no address of the network within is called, however it is written or comes to be', async () => {
    const body = (url: string) => ({ name: 'inside', url, kinds })
    const refused = [
      'http://10.0.0.1/',
      'https://169.254.169.254/latest',
      'https://[::1]/',
      'http://8.8.8.8/',
      'https://0x0a000001/',
    ]
    for (const url of refused) {
      await assert.rejects(
        server.admin.webhooks.create({ body: body(url) }),
        (error: ApiError) => error.code === 'address-refused',
        url,
      )
    }
    for (const url of ['ftp://example.com/', 'https://ann:pw@example.com/', 'nowhere']) {
      await assert.rejects(
        server.admin.webhooks.create({ body: body(url) }),
        (error: ApiError) => error.code === 'request-invalid',
      )
    }
    const { id } = await server.admin.webhooks.create({ body: body('https://8.8.8.8/') })
    await sql`update webhook set url = 'https://169.254.169.254/'`.execute(server.db.kysely)
    const { attempts } = await server.admin.webhooks.test({ params: { id } })
    assert.match(attempts[0]?.problem ?? '', /is not public/)
  })
})
