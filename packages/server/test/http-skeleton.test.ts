import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testServer } from './support/server.ts'

test('the first admin is let in, with the key bare or as a bearer', async t => {
  const server = await testServer()
  t.after(server.close)
  const { id } = await server.admin.deployment.tenant()
  assert.match(id, /^[0-9a-f-]{36}$/)
  const bearer = { authorization: `Bearer ${server.admin.key}` }
  assert.equal((await fetch(`${server.url}/deployment/tenant`, { headers: bearer })).status, 200)
})
