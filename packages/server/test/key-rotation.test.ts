import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { secretContext } from '../src/aws/clients.ts'
import { findIntegration } from '../src/db/integration.ts'
import { rewrapSecrets } from '../src/db/integration-edit.ts'
import { createVault } from '../src/secrets.ts'
import { storedIntegration } from './support/lake.ts'
import { type TestServer, testKey, testServer } from './support/server.ts'

test('a start with a new key wraps every stored secret with it, an edit’s too, whichever node does it first', async t => {
  const server = await testServer()
  t.after(server.close)
  const ids = [await storedIntegration(server), await storedIntegration(server, '444455556666')]
  await addEdit(server, ids[0] ?? 0, 'a secret to be')
  const newest = randomBytes(32)
  const node = () =>
    rewrapSecrets(server.db, createVault([newest, testKey]), secretContext, id => assert.fail(`integration ${id}`))
  const wrapped = await Promise.all([node(), node()])
  assert.equal(wrapped[0] + wrapped[1], 3, 'each once')
  assert.equal(await node(), 0)

  const rotated = createVault([newest])
  for (const id of ids) {
    const row = await findIntegration(server.db.kysely, id)
    assert.ok(row?.secret_access_key)
    assert.equal(rotated.open(row.secret_access_key, secretContext(row.intent)), 'not a real secret')
    if (row.edit?.secretAccessKey) {
      assert.equal(rotated.open(row.edit.secretAccessKey, secretContext(row.intent)), 'a secret to be')
    }
  }
})

test('a secret of a key that is not configured is told, stays as it is, and hinders no other', async t => {
  const server = await testServer()
  t.after(server.close)
  const [lost, found] = [await storedIntegration(server), await storedIntegration(server, '444455556666')]
  const row = await findIntegration(server.db.kysely, lost)
  assert.ok(row)
  const sealed = createVault([randomBytes(32)]).seal('of another key', secretContext(row.intent))
  const secret_access_key = JSON.stringify(sealed)
  await server.db.kysely.updateTable('integration').set({ secret_access_key }).where('id', '=', lost).execute()
  const failures: number[] = []
  const vault = createVault([randomBytes(32), testKey])
  assert.equal(await rewrapSecrets(server.db, vault, secretContext, id => failures.push(id)), 1)
  assert.deepEqual(failures, [lost])
  assert.deepEqual((await findIntegration(server.db.kysely, lost))?.secret_access_key, sealed)
  assert.notDeepEqual((await findIntegration(server.db.kysely, found))?.secret_access_key?.key, sealed.key)
})

async function addEdit(server: TestServer, id: number, secret: string): Promise<void> {
  const row = await findIntegration(server.db.kysely, id)
  assert.ok(row)
  const edit = {
    name: row.name,
    locationRole: row.location_role,
    authenticationType: 'accessKey',
    accessKeyId: 'AKIA',
    secretAccessKey: server.world.vault.seal(secret, secretContext(row.intent)),
    assumedRole: null,
  }
  await server.db.kysely
    .updateTable('integration')
    .set({ status: 'editing', edit: JSON.stringify(edit) })
    .where('id', '=', id)
    .execute()
}
