/** What goes wrong between us and AWS: after each, AWS holds exactly what people are entitled to, and the ledger knows. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { CreateUserCommand, DeleteUserCommand } from '@aws-sdk/client-iam'
import { CreateAccessGrantCommand } from '@aws-sdk/client-s3-control'
import { sql } from 'kysely'
import { secretContext } from '../../src/aws/clients.ts'
import { act, system } from '../../src/db/act.ts'
import { insertIntegration, moveIntegration } from '../../src/db/integration.ts'
import { tellFailures } from '../../src/notify/tell-trouble.ts'
import { startChangeLoop } from '../../src/reconcile/change-loop.ts'
import { limitController } from '../support/integrations.ts'
import { type TestServer, testServer } from '../support/server.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { crowd, grants, inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

const finance = 's3://research-data/finance/*'
// No more than the brake lets through within an hour.
const size = 50

/** A crowd that one policy lets in as soon as it is there. */
async function crowded(here: Lake, people = size): Promise<void> {
  await register(here, finance)
  await crowd(here, people)
  const who = { when: "@hasAttribute('crowd', 'yes')" }
  const appliesTo = { everything: true as const }
  await here.server.admin.policies.create({
    body: { name: 'crowd', kind: 'grant', level: 'READ', who, appliesTo, state: 'active' },
  })
}

async function whole(here: Lake, people = size): Promise<void> {
  await until('every grant', () => inAws(here).length === people)
  await until('every outcome', async () => (await grants(here, { state: 'active' })).length === people)
  await assertAsEntitled(here)
  assert.equal(new Set(inAws(here)).size, people)
}

async function emptied(here: Lake): Promise<void> {
  const policy = (await here.server.admin.policies.list()).items.find(one => !one.protected)
  await here.server.admin.policies.remove({ params: { id: policy!.id }, ifMatch: `"${policy!.version}"` })
  await until('no grant', () => inAws(here).length === 0)
  await until('every revocation', async () => (await grants(here, { live: 'true' })).length === 0)
}

const faults: readonly { readonly name: string; readonly rules: readonly object[] }[] = [
  { name: 'a throttle of 100 calls a second', rules: [{ kind: 'throttle', perSecond: 100, burst: 10 }] },
  { name: 'every answer to a create lost', rules: [{ kind: 'lost-answer', operation: 'CreateAccessGrant' }] },
  { name: 'every answer to a delete lost', rules: [{ kind: 'lost-answer', operation: 'DeleteAccessGrant' }] },
  { name: 'a quarter of all answers lost', rules: [{ kind: 'lost-answer', service: 's3control', probability: 0.25 }] },
  { name: 'half-failures', rules: [{ kind: 'half-failure', service: 's3control', probability: 0.3 }] },
  { name: 'a burst of 500s', rules: [{ kind: 'error', service: 's3control', times: 30 }] },
  {
    name: 'a burst of 503s',
    rules: [{ kind: 'error', status: 503, service: 's3control', code: 'ServiceUnavailable', times: 25 }],
  },
  { name: 'latency', rules: [{ kind: 'latency', ms: 20, jitterMs: 30 }] },
]

for (const { name, rules } of faults) {
  test(`${name}: everybody gets one grant, and loses it`, async t => {
    const here = await lake(t)
    await here.start()
    here.server.sandbox.faults.set({ seed: 7, rules })
    await crowded(here)
    await whole(here)
    await emptied(here)
    assert.deepEqual(await ledgerStates(here), { revoked: await ledgerCount(here) })
  })
}

test('AWS away: grants fail with a reason and a retry, the server answers, and all is well once AWS is back', async t => {
  const here = await lake(t)
  await here.start()
  here.server.sandbox.faults.set({ rules: [{ kind: 'error', status: 500, service: 's3control' }] })
  await crowded(here)
  await until('a reason', async () => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from ledger where error_code = 'InternalError' and next_try_at is not null`.execute(
      here.server.db.kysely,
    )
    return rows[0]!.n > 0
  })
  assert.equal(inAws(here).length, 0)
  here.server.sandbox.faults.set({ rules: [] })
  await whole(here)
})

test('nobody listens at AWS: grants fail with a reason and a retry, and the server goes on', async t => {
  const server = await testServer()
  const id = await enabledWithoutAws(server)
  await personWithoutAws(server, id)
  const loop = await startChangeLoop(server.world)
  t.after(async () => {
    await loop.stop()
    await server.close()
  })
  const failed = await until('failed', async () => {
    const { items } = await server.admin.grants.list({ query: { state: 'createFailed' } })
    return items[0]
  })
  assert.equal(failed.error?.code, 'ECONNREFUSED')
  assert.ok(failed.error.nextTryAt)
  assert.equal(loop.ready(), true)
  await tellFailures(server.world)
  assert.equal((await server.admin.notifications.unread()).unread, 0, 'what passes in minutes is told to nobody')
  await sql`update ledger set created_at = now() - interval '6 minutes'`.execute(server.db.kysely)
  for (let at = 0; at < 2; at++) await tellFailures(server.world)
  const { items } = await server.admin.notifications.list()
  assert.deepEqual(
    items.map(({ kind, facts }) => [kind, facts.count]),
    [['provisioning.failed', 1]],
  )
  assert.match(items[0]?.text ?? '', /access is missing: ECONNREFUSED/)
})

test('a principal that AWS does not know yet is tried again until it does', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  here.server.sandbox.faults.set({ propagation: { principal: 1500 } })
  const ann = await person(here, 'ann')
  await here.server.admin.policies.create({
    body: {
      name: 'ann',
      kind: 'grant',
      level: 'READ',
      who: { when: "@isUser('ann')" },
      appliesTo: { everything: true },
      state: 'active',
    },
  })
  await until('a failure first', async () => (await grants(here, { state: 'createFailed', userId: ann })).length > 0)
  await until('the grant', () => inAws(here).join() === `READ ann ${finance}`)
  await quiet(here)
  await assertAsEntitled(here)
})

test('a principal that stays unknown waits, hourly, and the others get their grants; said anew, it is tried at once', async t => {
  const here = await lake(t)
  await here.start()
  const id = await register(here, finance)
  const ann = await person(here, 'ann')
  const bob = await person(here, 'bob')
  await here.account.owner.iam.send(new DeleteUserCommand({ UserName: 'ann' }))
  for (const userId of [ann, bob]) {
    await here.server.admin.dataSources.setMember({ params: { id, userId }, body: { level: 'READ', reason: 'needed' } })
  }
  await until('the other grant', () => inAws(here).join() === `READ bob ${finance}`)
  // The quick retries, told to the ledger.
  await until('waiting', async () => {
    await sql`update ledger set attempts = greatest(attempts, 4), next_try_at = now() where state = 'createFailed'`.execute(
      here.server.db.kysely,
    )
    await sql`select pg_notify('fact_change', '')`.execute(here.server.db.kysely)
    return (await grants(here, { state: 'waitingForPrincipal' })).length === 1
  })
  await quiet(here)
  const [waiting] = await grants(here, { state: 'waitingForPrincipal' })
  assert.match(waiting?.error?.message ?? '', /Invalid Grantee/)
  assert.ok(Date.parse(waiting?.error?.nextTryAt ?? '') > Date.now() + 50 * 60_000)

  await here.account.owner.iam.send(new CreateUserCommand({ UserName: 'ann' }))
  const identifier = `arn:aws:iam::${here.account.accountId}:user/ann`
  await here.server.admin.users.setPrincipals({ params: { id: ann }, body: [] })
  await here.server.admin.users.setPrincipals({ params: { id: ann }, body: [{ kind: 'iamUser', identifier }] })
  await until('both', () => inAws(here).length === 2)
  await quiet(here)
  await assertAsEntitled(here)
})

test('a grant that Headgate did not make is reported and never touched', async t => {
  const here = await lake(t)
  await here.start()
  const id = await register(here, finance)
  const ann = await person(here, 'ann')
  const { accountId, region, owner } = here.account
  const instance = here.server.sandbox.state.accounts.get(accountId)!.accessGrants.get(region)!
  const made = await owner.s3Control.send(
    new CreateAccessGrantCommand({
      AccountId: accountId,
      AccessGrantsLocationId: [...instance.locations.keys()][0],
      AccessGrantsLocationConfiguration: { S3SubPrefix: 'finance/*' },
      Grantee: { GranteeType: 'IAM', GranteeIdentifier: `arn:aws:iam::${accountId}:user/ann` },
      Permission: 'READ',
    }),
  )
  await here.server.admin.dataSources.setMember({
    params: { id, userId: ann },
    body: { level: 'READ', reason: 'needed' },
  })
  const failed = await until('reported', async () => (await grants(here, { state: 'createFailed' }))[0])
  assert.equal(failed.error?.code, 'foreign-grant')
  await here.server.admin.dataSources.removeMember({ params: { id, userId: ann } })
  await until('given up', async () => (await grants(here, { live: 'true' })).length === 0)
  assert.deepEqual([...instance.grants.keys()], [made.AccessGrantId])
})

test('a quota pauses creations; revocations go on, and make room', async t => {
  const here = await lake(t)
  await here.start()
  here.server.sandbox.limits.grantsPerInstance = 5
  await crowded(here, 8)
  await until('five', () => inAws(here).length === 5)
  await until('the alarm', async () => {
    const failed = await grants(here, { state: 'createFailed' })
    return failed.some(({ error }) => error?.code === 'AccessGrantsQuotaExceededError')
  })
  const room = async () => (await here.server.admin.capacity.list())[0]
  await until('the alarm for all to see', async () => (await room())?.fullSince !== undefined)
  assert.match((await room())?.message ?? '', /new ones wait, revocations go on/)
  await emptied(here)
  await until('the end of the alarm', async () => (await room())?.fullSince === undefined)
  await quiet(here)
  await assertAsEntitled(here)
})

// Once they waited for up to ten minutes, whatever was revoked meanwhile.
test('a quota is reached, and a revocation makes room again: those who wait come in at once', async t => {
  const here = await lake(t)
  await here.start()
  here.server.sandbox.limits.grantsPerInstance = 5
  await crowded(here, 8)
  await until('five', () => inAws(here).length === 5)
  await until('the alarm', async () => (await grants(here, { state: 'createFailed' })).length > 0)
  const inside = await grants(here, { state: 'active' })
  for (const { user } of inside.slice(0, 3)) {
    await here.server.admin.users.update({ params: { id: user.id }, body: { disabled: true } })
  }
  await until('the other three', async () => (await grants(here, { live: 'true', state: 'active' })).length === 5)
  await until('nobody waits', async () => (await grants(here, { live: 'true' })).length === 5)
  await quiet(here)
  await assertAsEntitled(here)
})

test('credentials that may not create: createFailed with what AWS said, and revocations still work', async t => {
  const here = await lake(t)
  await here.start()
  const id = await register(here, finance)
  const ann = await person(here, 'ann')
  const bob = await person(here, 'bob')
  const member = { level: 'READ' as const, reason: 'needed' }
  await here.server.admin.dataSources.setMember({ params: { id, userId: ann }, body: member })
  await until('the grant', () => inAws(here).length === 1)
  await limitController(here.account, ['s3:CreateAccessGrant'])
  await here.server.admin.dataSources.setMember({ params: { id, userId: bob }, body: member })
  const failed = await until('refused', async () => (await grants(here, { state: 'createFailed' }))[0])
  assert.equal(failed.error?.code, 'AccessDenied')
  await here.server.admin.dataSources.removeMember({ params: { id, userId: ann } })
  await until('revoked', () => inAws(here).length === 0)
})

/** An integration as it was left when AWS was last there. */
async function enabledWithoutAws(server: TestServer): Promise<number> {
  const intent = randomUUID()
  const secretAccessKey = server.world.vault.seal('secret', secretContext(intent))
  const config = {
    name: 'S3 integration',
    accountId: '111122223333',
    region: 'us-east-1',
    locationRole: 'arn:aws:iam::111122223333:role/access-grants-location',
    locationPath: 's3://research-data/',
    authenticationType: 'accessKey' as const,
    accessKeyId: 'AKIA00000000',
    secretAccessKey,
    assumedRole: null,
  }
  const { result } = await act(server.db, system, async act => {
    const { id } = await insertIntegration(act, intent, config, [] as never)
    const event = 'IntegrationEnabled'
    const also = { aws_location_id: 'location' }
    await moveIntegration(act, id, { from: ['creating'], to: 'enabled', event, also })
    return id
  })
  return result
}

async function personWithoutAws(server: TestServer, integration: number): Promise<void> {
  const { id } = await server.admin.users.create({ body: { userid: 'ann', name: 'Ann' } })
  const db = server.db.kysely
  await sql`insert into data_source (name, integration_id, account_id, region, prefix, bucket, key, kind, created_by)
    values ('finance', ${integration}, '111122223333', 'us-east-1', 'finance/*', 'research-data', 'finance/', 'prefix',
      ${id})`.execute(db)
  await sql`insert into principal (person_id, kind, identifier)
    values (${id}, 'iamUser', 'arn:aws:iam::111122223333:user/ann')`.execute(db)
  const [who, appliesTo] = [{ when: "@isUser('ann')" }, { everything: true as const }]
  await server.admin.policies.create({
    body: { name: 'ann', kind: 'grant', level: 'READ', who, appliesTo, state: 'active' },
  })
}

async function ledgerCount({ server }: Lake): Promise<number> {
  const { n } = await server.db.kysely
    .selectFrom('ledger')
    .select(sql<number>`count(*)::int`.as('n'))
    .executeTakeFirstOrThrow()
  return n
}

async function ledgerStates({ server }: Lake): Promise<Record<string, number>> {
  const rows = await server.db.kysely
    .selectFrom('ledger')
    .select(['state', sql<number>`count(*)::int`.as('n')])
    .groupBy('state')
    .execute()
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]))
}

/** From now on AWS puts every grant below another prefix. */
function misunderstandScopes({ server, account }: Lake): void {
  const instance = server.sandbox.state.accounts.get(account.accountId)!.accessGrants.get(account.region)!
  for (const [key, location] of instance.locations) {
    instance.locations.set(key, { ...location, scope: 's3://research-data/elsewhere/' })
  }
}

test('a grant that AWS made on another scope than meant is taken back, and both are told', async t => {
  const here = await lake(t)
  await here.start()
  const id = await register(here, finance)
  const ann = await person(here, 'ann')
  misunderstandScopes(here)
  const body = { level: 'READ' as const, reason: 'needed' }
  await here.server.admin.dataSources.setMember({ params: { id, userId: ann }, body })
  const failed = await until('failed', async () => (await grants(here, { state: 'createFailed' }))[0])
  assert.equal(failed.error?.code, 'scope-mismatch')
  assert.match(failed.error.message, /s3:\/\/research-data\/elsewhere\/finance\/\*.*s3:\/\/research-data\/finance\/\*/)
  assert.deepEqual(inAws(here), [])
})

test('an integration that fails its validation revokes and does not create; a failed deletion does nothing', async t => {
  const here = await lake(t)
  await here.start()
  const id = await register(here, finance)
  const [ann, bob] = [await person(here, 'ann'), await person(here, 'bob')]
  const set = (userId: number) =>
    here.server.admin.dataSources.setMember({ params: { id, userId }, body: { level: 'READ', reason: 'needed' } })
  const move = async (status: string) => {
    await sql`update integration set status = ${status}`.execute(here.server.db.kysely)
    await sql`select pg_notify('fact_change', '')`.execute(here.server.db.kysely)
  }
  await set(ann)
  await until('the grant', () => inAws(here).length === 1)
  await quiet(here)
  await move('recurringValidationError')
  await set(bob)
  await here.server.admin.dataSources.removeMember({ params: { id, userId: ann } })
  await until('revoked', () => inAws(here).length === 0)
  await move('enabled')
  await until('created after all', () => inAws(here).join() === `READ bob ${finance}`)
  await quiet(here)

  await move('deleteError')
  await until('let go', async () => {
    const { released } = await here.server.db.kysely.selectFrom('leadership').selectAll().executeTakeFirstOrThrow()
    return released
  })
  assert.equal(inAws(here).length, 1)
})

// Once taken for never made: the row went back to `intended`, the next plan dropped it, and the grant stayed in AWS.
test('a create whose answer is lost while the loop stops is looked for later, not forgotten', async t => {
  const here = await lake(t)
  const loop = await here.start()
  here.server.sandbox.faults.set({
    rules: [
      { kind: 'latency', ms: 300, operation: 'CreateAccessGrant' },
      { kind: 'lost-answer', operation: 'CreateAccessGrant' },
    ],
  })
  await crowded(here, 10)
  await until('calls in flight', async () => (await grants(here, { state: 'creating' })).length === 10)
  await loop.stop()
  assert.equal(inAws(here).length, 10, 'they were made all the same')
  assert.deepEqual(await ledgerStates(here), { creating: 10 })

  here.server.sandbox.faults.set({ rules: [] })
  await here.start()
  await emptied(here)
})

test('a grant on another scope than meant, made while the loop stops, is taken back later', async t => {
  const here = await lake(t)
  const loop = await here.start()
  here.server.sandbox.faults.set({ rules: [{ kind: 'latency', ms: 300, operation: 'CreateAccessGrant' }] })
  await crowded(here, 10)
  await until('calls in flight', async () => (await grants(here, { state: 'creating' })).length === 10)
  misunderstandScopes(here)
  await loop.stop()
  assert.equal(inAws(here).length, 10, 'they were made all the same')

  here.server.sandbox.faults.set({ rules: [] })
  await here.start()
  await emptied(here)
})
