/** Releasing what the brake holds, when much else happens at the same time. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { DeleteAccessGrantCommand } from '@aws-sdk/client-s3-control'
import { sql } from 'kysely'
import { grants, inAws, lake, person, quiet, register, until } from './reconcile-world.ts'

/** Two people whose grants are held, since their principals are gone. */
async function held(t: TestContext) {
  const here = await lake(t)
  const loop = await here.start()
  const { admin } = here.server
  const source = await register(here, 's3://research-data/one/*')
  const people = [await person(here, 'ann'), await person(here, 'ben')]
  const { integration: id } = here
  await admin.restraint.setBrake({ params: { id }, body: { revocations: 0, percent: 0 } })
  for (const userId of people) {
    const body = { level: 'READ' as const, reason: 'a project' }
    await admin.dataSources.setMember({ params: { id: source, userId }, body })
  }
  await until('both', () => inAws(here).length === 2)
  await quiet(here)
  for (const one of people) await admin.users.setPrincipals({ params: { id: one }, body: [] })
  const restraint = () => admin.restraint.get({ params: { id } })
  await until('both held', async () => (await restraint()).held.byBrake === 2)
  await quiet(here)
  const runs = (await restraint()).held.runs.map(({ id: run }) => run)
  return { ...here, loop, source, restraint, runs }
}

test('two governors who release at once release each grant once', async t => {
  const here = await held(t)
  const other = await here.server.as(['GOVERNANCE'])
  const both = await Promise.all(
    here.runs.flatMap(id => [here.server.admin, other].map(who => who.runs.release({ params: { id } }))),
  )
  assert.equal(
    both.reduce((sum, { released }) => sum + released, 0),
    2,
  )
  await until('none', () => inAws(here).length === 0)
  await quiet(here)
  const told = await here.server.db.kysely
    .selectFrom('audit_event')
    .where('action', '=', 'RELEASE')
    .selectAll()
    .execute()
  assert.equal(told.length, here.runs.length)
})

test('what somebody deleted in AWS while it was held is done with after its release', async t => {
  const here = await held(t)
  const { account, server } = here
  for (const { awsGrantId } of await grants(here)) {
    await account.owner.s3Control.send(
      new DeleteAccessGrantCommand({ AccountId: account.accountId, AccessGrantId: awsGrantId }),
    )
  }
  for (const id of here.runs) await server.admin.runs.release({ params: { id } })
  await quiet(here)
  await until('both revoked', async () => (await grants(here, { state: 'revoked' })).length === 2)
  assert.equal((await here.restraint()).held.byBrake, 0)
})

// Once its runs said for ever that something waits, and released what nobody leads any more.
test('of an integration that was given up nothing is held, and nothing released', async t => {
  const here = await held(t)
  const { admin } = here.server
  await admin.integrations.remove({
    params: { id: here.integration },
    query: { force: 'true', dataSources: 'disable' },
  })
  for (const id of here.runs) {
    assert.equal((await admin.runs.get({ params: { id } })).waiting, 0)
    assert.deepEqual(await admin.runs.release({ params: { id } }), { released: 0 })
  }
  assert.equal((await admin.runs.list({ query: { held: 'true' } })).total, 0)
  assert.equal((await here.restraint()).held.byBrake, 0)
})

test('deleting an integration takes what is held, in whatever mode', async t => {
  const here = await held(t)
  const { admin } = here.server
  const { integration: id } = here
  await admin.restraint.setMode({ params: { id }, body: { mode: 'observe' } })
  await admin.integrations.remove({ params: { id }, query: { dataSources: 'disable' } })
  await until('deleted', async () => {
    const { rows } = await sql<{ status: string }>`select status from integration`.execute(here.server.db.kysely)
    return rows[0]?.status === 'deleted'
  })
  assert.equal(inAws(here).length, 0)
  for (const run of here.runs) {
    assert.deepEqual(await admin.runs.release({ params: { id: run } }), { released: 0 })
  }
})

test('whoever disables a data source is told that the mode keeps its grants; held ones have a figure of their own', async t => {
  const here = await held(t)
  const { admin } = here.server
  const { grants: byState, heldGrants } = await admin.dataSources.get({ params: { id: here.source } })
  assert.deepEqual([byState, heldGrants], [{ active: 2 }, 2])
  await admin.restraint.setMode({ params: { id: here.integration }, body: { mode: 'add' } })
  const { message } = (await admin.dataSources.remove({ params: { id: here.source } })) as { message?: string }
  assert.match(message ?? '', /2 grants stay in AWS: the mode of the integration is `add`/)
})
