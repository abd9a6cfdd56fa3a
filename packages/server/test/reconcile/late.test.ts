/** What AWS carries out long after it was given up: found, taken back, and in nobody's way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateAccessGrantCommand } from '@aws-sdk/client-s3-control'
import { tenantId } from '../../src/db/deployment.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { crowd, grants, inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

const finance = 's3://research-data/finance/*'

async function letIn({ server }: Lake, userid: string): Promise<() => Promise<unknown>> {
  const { id } = await server.admin.policies.create({
    body: {
      name: `for ${userid} ${Math.random()}`,
      kind: 'grant',
      level: 'READ',
      who: { when: `@isUser('${userid}')` },
      appliesTo: { everything: true },
      state: 'active',
    },
  })
  return () => server.admin.policies.remove({ params: { id }, ifMatch: '"1"' })
}

/** AWS does at last what Headgate asked for when it made its latest row. */
async function carryOutLate({ server, account }: Lake, userid: string): Promise<void> {
  const row = await server.db.kysely.selectFrom('ledger').selectAll().orderBy('id', 'desc').executeTakeFirstOrThrow()
  const { aws_location_id: location } = await server.db.kysely
    .selectFrom('integration')
    .select('aws_location_id')
    .executeTakeFirstOrThrow()
  await account.owner.s3Control.send(
    new CreateAccessGrantCommand({
      AccountId: account.accountId,
      AccessGrantsLocationId: location ?? '',
      AccessGrantsLocationConfiguration: { S3SubPrefix: 'finance/*' },
      Grantee: { GranteeType: 'IAM', GranteeIdentifier: `arn:aws:iam::${account.accountId}:user/${userid}` },
      Permission: 'READ',
      Tags: [
        { Key: 'headgate:tenant', Value: await tenantId(server.db.kysely) },
        { Key: 'headgate:intent', Value: row.intent },
      ],
    }),
  )
}

// Once the row was dropped for `createFailed`, though its first call had never been answered, and the grant stayed.
test('a create that was never answered is looked for before its row is given up, whatever the next call said', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  await person(here, 'ann')
  const operation = 'CreateAccessGrant'
  here.server.sandbox.faults.set({ rules: [{ kind: 'error', status: 500, operation }] })
  const takeAway = await letIn(here, 'ann')
  await until('no answer', async () => (await grants(here, { state: 'creating' }))[0]?.error?.code === 'InternalError')
  here.server.sandbox.faults.set({ rules: [{ kind: 'error', status: 403, code: 'AccessDenied', operation }] })
  await until('refused', async () => (await grants(here, { state: 'createFailed' })).length === 1)
  here.server.sandbox.faults.set({ rules: [] })
  await carryOutLate(here, 'ann')
  assert.equal(inAws(here).length, 1)
  await takeAway()
  await until('taken back', () => inAws(here).length === 0)
  await until('over', async () => (await grants(here, { live: 'true' })).length === 0)
})

// Once it was taken for somebody else's, and the person waited for an hour behind it.
test('a grant that AWS makes for a row that is over is taken back, and the new one takes its place', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  await person(here, 'ann')
  const takeAway = await letIn(here, 'ann')
  await until('the grant', () => inAws(here).length === 1)
  await takeAway()
  await until('gone', async () => (await grants(here, { live: 'true' })).length === 0)
  await carryOutLate(here, 'ann')
  await letIn(here, 'ann')
  const row = await until('the new grant', async () => (await grants(here, { state: 'active' }))[0])
  await quiet(here)
  const instance = here.server.sandbox.state.accounts.get(here.account.accountId)?.accessGrants.get(here.account.region)
  assert.deepEqual([...(instance?.grants.keys() ?? [])], [row.awsGrantId])
})

const noLag = { grant: 0, principal: 0, role: 0, revocation: 0 }

test('lists show grants late, and every answer to a create is lost: everybody gets one grant, and loses it', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  await crowd(here, 10)
  const rules = [{ kind: 'lost-answer', operation: 'CreateAccessGrant' }]
  here.server.sandbox.faults.set({ rules, propagation: { ...noLag, grant: 1500 } })
  const { id } = await here.server.admin.policies.create({
    body: {
      name: 'crowd',
      kind: 'grant',
      level: 'READ',
      who: { when: "@hasAttribute('crowd', 'yes')" },
      appliesTo: { everything: true },
      state: 'active',
    },
  })
  await until('every outcome', async () => (await grants(here, { state: 'active' })).length === 10)
  await quiet(here)
  await assertAsEntitled(here)
  here.server.sandbox.faults.set({ rules: [] })
  await here.server.admin.policies.remove({ params: { id }, ifMatch: '"1"' })
  await until('no grant', () => inAws(here).length === 0)
  await quiet(here)
  await assertAsEntitled(here)
})

test('a revocation that AWS is slow to carry out everywhere: given again and taken again at once, one grant or none', async t => {
  const here = await lake(t)
  await here.start()
  const id = await register(here, finance)
  const ann = await person(here, 'ann')
  here.server.sandbox.faults.set({
    rules: [{ kind: 'lost-answer', operation: 'DeleteAccessGrant', probability: 0.5 }],
    propagation: { ...noLag, revocation: 5000, grant: 300 },
  })
  const params = { id, userId: ann }
  for (let times = 0; times < 4; times += 1) {
    await here.server.admin.dataSources.setMember({ params, body: { level: 'READ', reason: 'needed' } })
    await until('given', () => inAws(here).length === 1)
    await here.server.admin.dataSources.removeMember({ params })
    await until('taken', () => inAws(here).length === 0)
  }
  await here.server.admin.dataSources.setMember({ params, body: { level: 'WRITE', reason: 'needed' } })
  await until('given', () => inAws(here).join() === `READWRITE ann ${finance}`)
  await quiet(here)
  await assertAsEntitled(here)
})
