import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lake } from './reconcile-world.ts'

test('everybody signed in sees which integrations do not carry everything out, and nothing once they do', async t => {
  const here = await lake(t)
  const { admin } = here.server
  const anybody = await here.server.as([])
  assert.deepEqual(await anybody.restraint.list(), [])
  await admin.restraint.setMode({ params: { id: here.integration }, body: { mode: 'add' } })
  const { config } = await admin.integrations.get({ params: { id: here.integration } })
  const held = { byBrake: 0, byMode: 0, runs: [] }
  assert.deepEqual(await anybody.restraint.list(), [
    { integrationId: here.integration, name: config.name, mode: 'add', held },
  ])
  await admin.restraint.setMode({ params: { id: here.integration }, body: { mode: 'enforce' } })
  assert.deepEqual(await anybody.restraint.list(), [])
})
