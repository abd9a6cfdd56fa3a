import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { collectRefusedCalls, type RefusedCalls } from '../src/audit/refused-calls.ts'
import { type TestServer, testServer } from './support/server.ts'

test('refused calls are told once a minute for each caller and address, however many there are', async t => {
  let calls: RefusedCalls | undefined
  const server: TestServer = await testServer({ refusedCalls: { note: call => calls?.note(call) } })
  t.after(server.close)
  calls = collectRefusedCalls({ db: server.db, log: pino({ level: 'silent' }) })
  t.after(() => calls?.stop())
  const ann = await server.as([], 'ann')
  for (let at = 0; at < 30; at++) {
    await fetch(`${server.url}/users?search=secret-${at}`, { headers: { authorization: `hg_guess_${at}` } })
  }
  for (const path of ['/users', '/users', '/settings']) await ann.send(path)
  await ann.send('/domains/unknown')
  await fetch(`${server.url}/scim/v2/Users`, { headers: { authorization: 'Bearer hg_guess' } })
  await calls.tell()

  const { items } = await server.admin.audit.list({ query: { type: 'CallsRefused' } })
  const told = items.map(({ actor, actorIp, actionStatus, auditPayload: { type: _, version: __, ...payload } }) => {
    return { actor: actor.name, actorIp, actionStatus, ...payload }
  })
  const status = { actorIp: '127.0.0.1', actionStatus: 'FAILURE' }
  assert.deepEqual(told, [
    {
      actor: 'ann',
      ...status,
      count: 3,
      calls: [
        { method: 'GET', route: '/users', code: 'permission-missing', count: 2 },
        { method: 'GET', route: '/settings', code: 'permission-missing', count: 1 },
      ],
    },
    {
      actor: 'nobody',
      ...status,
      count: 31,
      calls: [
        { method: 'GET', route: '/users', code: 'key-invalid', count: 30 },
        { method: 'GET', route: '/scim/v2/Users', code: 'scim-token-invalid', count: 1 },
      ],
    },
  ])
  assert.ok(!JSON.stringify(items).includes('guess'), 'never what was tried')
})

test('a flood from ever new addresses leaves a bounded number of events', async t => {
  const server = await testServer()
  t.after(server.close)
  const calls = collectRefusedCalls({ db: server.db, log: pino({ level: 'silent' }) })
  for (let at = 0; at < 3000; at++) {
    const ip = `2001:db8::${at.toString(16)}`
    calls.note({ ip, requestId: 'x', method: 'GET', route: `/route-${at}`, code: 'key-missing' })
  }
  await calls.stop()
  const { items } = await server.admin.audit.list({ query: { type: 'CallsRefused', limit: 1000 } })
  const rest = await server.admin.audit.list({
    query: { type: 'CallsRefused', actor: 'nobody', text: '"actorIp":"many"' },
  })
  assert.equal(items.length, 1000)
  assert.deepEqual([rest.items[0]?.auditPayload.count, rest.items[0]?.targets.length], [2000, 20])
})
