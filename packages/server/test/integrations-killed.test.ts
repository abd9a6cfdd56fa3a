/** The process killed in the middle of creating, editing and deleting: the next start ends what was begun. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import { listLocations } from '../src/aws/access-grants.ts'
import { findIntegration } from '../src/db/integration.ts'
import type { LifeBoundary } from '../src/integrations/life-boundary.ts'
import { resumeIntegrations } from '../src/integrations/lifecycle.ts'
import { trust } from './support/aws-account.ts'
import { clearLocations, connected, create, limitController, settled } from './support/integrations.ts'
import type { TestServer } from './support/server.ts'

const boundaries: readonly LifeBoundary[] = ['before call', 'after call', 'before outcome', 'after outcome']

test('killed at every boundary of an edit, restarted: the new role is bound and in force', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const roles = [account.locationRole, await makeRole(account.owner.iam, 'second')]
  for (const [at, boundary] of boundaries.entries()) {
    const role = roles[(at + 1) % 2] ?? ''
    await beginEdit(server, id, role)
    await startAndDie(server, boundary)
    await resumeIntegrations(server.world)
    assert.equal((await settled(server, id, 'enabled')).config.awsLocationRole, role, boundary)
    assert.deepEqual(await rolesInAws(account.owner), [role], boundary)
  }
})

test('killed while an edit is rolled back, restarted: AWS and the row tell the same role', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  const second = await makeRole(account.owner.iam, 'second')
  await limitController(account, ['s3:UpdateAccessGrantsLocation'])
  await beginEdit(server, id, second)
  // The first is that of the call that is refused, the second that of taking it back.
  await startAndDie(server, 'before call', 2)
  await resumeIntegrations(server.world)
  const failed = await settled(server, id, 'editError')
  assert.match(failed.statusMessage ?? '', /AWS is as it was before/)
  assert.deepEqual(await rolesInAws(account.owner), [account.locationRole])
})

test('killed while creating and while deleting, right after AWS was called, restarted: one location, then none', async t => {
  const { server, account } = await connected(t)
  const { id } = await create(server, account)
  await clearLocations(server, account)
  await server.db.kysely.updateTable('integration').set({ status: 'creating', aws_location_id: null }).execute()
  await startAndDie(server, 'after call')
  await resumeIntegrations(server.world)
  await settled(server, id, 'enabled')
  const [location, ...more] = await listLocations(account.owner)
  assert.deepEqual(more, [])
  assert.equal((await findIntegration(server.db.kysely, Number(id)))?.aws_location_id, location?.id)

  await server.db.kysely.updateTable('integration').set({ status: 'deleting' }).execute()
  await startAndDie(server, 'after call')
  assert.deepEqual(await listLocations(account.owner), [])
  await resumeIntegrations(server.world)
  await settled(server, id, 'deleted')
})

const program = fileURLToPath(new URL('support/life-process.ts', import.meta.url))

async function startAndDie(server: TestServer, boundary: LifeBoundary, times = 1): Promise<void> {
  const child = spawn(process.execPath, [program, server.databaseUrl, server.sandbox.url, boundary, String(times)], {
    stdio: 'inherit',
  })
  const [code, signal] = await once(child, 'exit')
  assert.deepEqual([code, signal], [null, 'SIGKILL'], `it reached \`${boundary}\``)
}

async function beginEdit(server: TestServer, id: string, locationRole: string): Promise<void> {
  const row = await findIntegration(server.db.kysely, Number(id))
  assert.ok(row)
  const { name, authentication_type: authenticationType, access_key_id: accessKeyId } = row
  const { secret_access_key: secretAccessKey } = row
  const edit = { name, locationRole, authenticationType, accessKeyId, secretAccessKey, assumedRole: null }
  await server.db.kysely
    .updateTable('integration')
    .set({ status: 'editing', edit: JSON.stringify(edit) })
    .execute()
}

type Owner = Parameters<typeof listLocations>[0]

async function makeRole(iam: Owner['iam'], RoleName: string): Promise<string> {
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }))
  return Role?.Arn ?? ''
}

async function rolesInAws(owner: Owner): Promise<string[]> {
  return (await listLocations(owner)).map(({ roleArn }) => roleArn)
}
