/** The whole line: facts go in over HTTP, grants come out in AWS, and people get bytes or are refused. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CreateAccessKeyCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { GetDataAccessCommand } from '@aws-sdk/client-s3-control'
import { createAwsAccess } from '../../src/aws/clients.ts'
import { createVault } from '../../src/secrets.ts'
import { allow } from '../support/aws-account.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { grants, inAws, type Lake, lake, mapTo, person, quiet, register, until } from './reconcile-world.ts'

const finance = 's3://research-data/finance/*'
const everyone = { appliesTo: { everything: true as const }, state: 'active' as const }

async function letIn(here: Lake, name: string, when: string, level: 'READ' | 'WRITE' = 'READ'): Promise<number> {
  const body = { name, kind: 'grant' as const, level, who: { when }, ...everyone }
  return (await here.server.admin.policies.create({ body })).id
}

const give = (here: Lake, id: number, value: string) =>
  here.server.admin.users.addAttribute({ params: { id, key: 'team', value } })
const take = (here: Lake, id: number, value: string) =>
  here.server.admin.users.removeAttribute({ params: { id, key: 'team', value } })

test('an attribute gives a grant and its loss takes it away, each with its cause', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  const ann = await person(here, 'ann')
  await letIn(here, 'finance', "@hasAttribute('team', 'finance')")
  await quiet(here)
  assert.deepEqual(inAws(here), [])

  await give(here, ann, 'finance')
  await until('the grant', () => inAws(here).length === 1)
  assert.deepEqual(inAws(here), [`READ ann ${finance}`])
  await quiet(here)
  const [grant] = await grants(here)
  assert.equal(grant?.state, 'active')
  assert.ok(grant.activeAt && grant.awsGrantId)

  const since = performance.now()
  await take(here, ann, 'finance')
  await until('the revocation', () => inAws(here).length === 0)
  t.diagnostic(`attribute change to revoked: ${Math.round(performance.now() - since)} ms`)
  await quiet(here)
  const row = await here.server.db.kysely.selectFrom('ledger').selectAll().executeTakeFirstOrThrow()
  assert.equal(row.state, 'revoked')
  assert.equal(row.cause, 'attribute-removed')
  assert.ok(row.revoked_at && row.revoking_at)
  await assertAsEntitled(here)
})

test('a change of reason alone calls nothing', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  const ann = await person(here, 'ann')
  await letIn(here, 'one', "@hasAttribute('team', 'finance')")
  await give(here, ann, 'finance')
  await until('the grant', () => inAws(here).length === 1)
  await quiet(here)
  const before = here.server.sandbox.calls()

  const two = await letIn(here, 'two', "@isUser('ann')")
  await quiet(here)
  assert.deepEqual(here.server.sandbox.calls(), before)
  const { because } = await here.server.db.kysely.selectFrom('ledger').select('because').executeTakeFirstOrThrow()
  assert.equal((because as { id: number }[]).at(-1)?.id, Number(two))
})

test('a raised permission is created before the old grant goes, a lowered one after; access is never lost on the way', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  const ann = await person(here, 'ann')
  await letIn(here, 'readers', "@hasAttribute('team', 'reader')")
  await letIn(here, 'writers', "@hasAttribute('team', 'writer')", 'WRITE')
  await give(here, ann, 'reader')
  await until('READ', () => inAws(here)[0] === `READ ann ${finance}`)
  const access = await clientOf(here, 'ann')

  const watch = watching(t, access)
  await give(here, ann, 'writer')
  await until('READWRITE alone', () => inAws(here).join() === `READWRITE ann ${finance}`)
  await quiet(here)
  assert.deepEqual(await watch.refusals(), [], 'reading went on all the while')

  await take(here, ann, 'writer')
  await until('READ alone', () => inAws(here).join() === `READ ann ${finance}`)
  await quiet(here)
  const rows = await here.server.db.kysely.selectFrom('ledger').selectAll().orderBy('id').execute()
  assert.deepEqual(
    rows.map(({ permission, state }) => `${permission} ${state}`),
    ['READ revoked', 'READWRITE revoked', 'READ active'],
  )
  const [first, second, third] = rows
  assert.ok(second!.active_at! <= first!.revoked_at!, 'raised: made, then revoked')
  assert.ok(second!.revoked_at! <= third!.active_at!, 'lowered: revoked, then made')
})

test('another principal gets its grant only after the old one lost its own', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  const ann = await person(here, 'ann')
  await person(here, 'spare')
  await here.server.admin.users.setPrincipals({ params: { id: await idOf(here, 'spare') }, body: [] })
  await letIn(here, 'ann', "@isUser('ann')")
  await until('the grant', () => inAws(here).join() === `READ ann ${finance}`)

  await mapTo(here, ann, 'spare')
  await until('the other grant', () => inAws(here).join() === `READ spare ${finance}`)
  await quiet(here)
  const [old, fresh] = await here.server.db.kysely.selectFrom('ledger').selectAll().orderBy('id').execute()
  assert.ok(old!.revoked_at! <= fresh!.active_at!)
  await assertAsEntitled(here)
})

test('a principal that goes from one person to another takes its grant along, and nobody has it twice', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  const [ann, ben] = [await person(here, 'ann'), await person(here, 'ben')]
  await letIn(here, 'finance', "@hasAttribute('team', 'finance')")
  await give(here, ann, 'finance')
  await give(here, ben, 'finance')
  await until('both grants', () => inAws(here).length === 2)
  await quiet(here)
  const { users } = here.server.admin
  await users.setPrincipals({ params: { id: ben }, body: [] })
  await users.setPrincipals({ params: { id: ann }, body: [] })
  await mapTo(here, ben, 'ann')
  await quiet(here)
  await until('one grant', () => inAws(here).length === 1)
  await quiet(here)
  const live = (await grants(here, { live: 'true' })).map(({ user, grantee }) => [
    user.id,
    grantee.identifier.split('/').at(-1),
  ])
  assert.deepEqual(live, [[ben, 'ann']])
  await assertAsEntitled(here)
})

test('a covering grant makes the inner one go only once it is settled; losing it brings the inner one back first', async t => {
  const here = await lake(t)
  await here.start()
  await register(here, finance)
  const wide = await register(here, 's3://research-data/*')
  const ann = await person(here, 'ann')
  const inner = (await here.server.admin.dataSources.list({ query: { search: finance } })).items[0]!.id
  const member = { level: 'READ' as const, reason: 'needed' }
  await here.server.admin.dataSources.setMember({ params: { id: inner, userId: ann }, body: member })
  await until('the inner grant', () => inAws(here).length === 1)

  await here.server.admin.dataSources.setMember({ params: { id: wide, userId: ann }, body: member })
  await until('both', () => inAws(here).length === 2)
  // Half a minute in AWS, told to the ledger.
  await here.server.db.kysely
    .updateTable('ledger')
    .set(({ fn, val }) => ({ active_at: fn('to_timestamp', [val(Date.now() / 1000 - 31)]) as never }))
    .execute()
  await give(here, ann, 'something') // any change makes it look again
  await until('the wide grant alone', () => inAws(here).join() === 'READ ann s3://research-data/*')

  const watch = watching(t, await clientOf(here, 'ann'))
  await here.server.admin.dataSources.removeMember({ params: { id: wide, userId: ann } })
  await until('the inner grant alone', () => inAws(here).join() === `READ ann ${finance}`)
  assert.deepEqual(await watch.refusals(), [], 'nothing that she keeps was lost on the way')
  await quiet(here)
  await assertAsEntitled(here)
})

test('a membership ends on time, though no fact changes', async t => {
  const here = await lake(t)
  await here.start()
  const id = await register(here, finance)
  const ann = await person(here, 'ann')
  const endsAt = new Date(Date.now() + 1500).toISOString()
  const body = { level: 'READ' as const, reason: 'for a moment', until: endsAt }
  await here.server.admin.dataSources.setMember({ params: { id, userId: ann }, body })
  await until('the grant', () => inAws(here).length === 1)
  await until('its end', () => inAws(here).length === 0)
  assert.ok(Date.now() >= Date.parse(endsAt))
  await quiet(here)
  const row = await here.server.db.kysely.selectFrom('ledger').selectAll().executeTakeFirstOrThrow()
  assert.deepEqual([row.state, row.cause], ['revoked', 'member-expired'])
})

test('a deleted integration loses every grant, then its location; the loop lets go of it', async t => {
  const here = await lake(t)
  await here.start()
  const id = await register(here, finance)
  await person(here, 'ann')
  await letIn(here, 'ann', "@isUser('ann')")
  await until('the grant', () => inAws(here).length === 1)

  await here.server.admin.dataSources.remove({ params: { id }, query: { hard: 'true' } })
  await here.server.admin.integrations.remove({ params: { id: here.integration } })
  await until('deleted', async () => {
    const { status } = await here.server.admin.integrations.get({ params: { id: here.integration } })
    return status === 'deleted'
  })
  assert.deepEqual(inAws(here), [])
  await until('released', async () => {
    const { released } = await here.server.db.kysely.selectFrom('leadership').selectAll().executeTakeFirstOrThrow()
    return released
  })
})

async function idOf({ server }: Lake, userid: string): Promise<number> {
  const { items } = await server.admin.users.list({ query: { search: userid } })
  return items[0]?.id ?? assert.fail(`no ${userid}`)
}

/** The person's own AWS identity, asking for data. */
async function clientOf({ server, account }: Lake, userName: string) {
  const { iam } = account.owner
  await iam.send(
    new PutUserPolicyCommand({ UserName: userName, PolicyName: 'ask', PolicyDocument: allow('s3:GetDataAccess') }),
  )
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: userName }))
  const vault = createVault([Buffer.alloc(32, 1)])
  return createAwsAccess({ vault, endpoint: server.sandbox.url, parallel: 10 }).of({
    id: 0,
    intent: userName,
    account_id: account.accountId,
    region: account.region,
    authentication_type: 'accessKey',
    access_key_id: AccessKey?.AccessKeyId ?? '',
    secret_access_key: vault.seal(AccessKey?.SecretAccessKey ?? '', `integration/${userName}/awsSecretAccessKey`),
    assumed_role: null,
  })
}

/** Asks for access again and again; `refusals` stops it and tells what was refused meanwhile. */
function watching(t: TestContext, { s3Control, accountId }: Awaited<ReturnType<typeof clientOf>>) {
  const refusals: string[] = []
  let asked = 0
  let isOver = false
  t.after(() => {
    isOver = true
  })
  const Target = 's3://research-data/finance/report.csv'
  const asking = (async () => {
    while (!isOver) {
      await s3Control
        .send(new GetDataAccessCommand({ AccountId: accountId, Target, Permission: 'READ' }))
        .catch(error => refusals.push(String(error)))
      asked += 1
    }
  })()
  return {
    async refusals() {
      isOver = true
      await asking
      assert.ok(asked > 1)
      return refusals
    },
  }
}
