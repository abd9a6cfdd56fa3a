/** What a provider says, down to AWS: who is in comes in, who is out goes, and what takes too much away waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crowd, inAws, lake, quiet, register, until } from '../reconcile/reconcile-world.ts'
import { coreGroup, coreUser, patchOp, provider, type TestProvider } from './scim-world.ts'

const patch = (...Operations: readonly object[]) => ({ schemas: [patchOp], Operations })

async function made(from: TestProvider, path: '/Users' | '/Groups', body: object): Promise<string> {
  const answer = await from.send(`POST ${path}`, body)
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return String(answer.body.id)
}

test('a group that is pushed gets its people in, active: false takes one back at once, an emptied group waits for the brake or a release', async t => {
  const here = await lake(t)
  await here.start()
  const { admin } = here.server
  const params = { id: here.integration }
  await register(here, 's3://research-data/finance/*')
  // IAM users in AWS; the people of the same names stay without a group.
  await crowd(here, 12)
  await admin.restraint.setBrake({ params, body: { revocations: 2, percent: 20 } })
  const [who, appliesTo] = [{ when: "@isInGroups('Finance')" }, { everything: true as const }]
  await admin.policies.create({
    body: { name: 'finance', kind: 'grant', level: 'READ', who, appliesTo, state: 'active' },
  })
  const idp = await provider(here.server, 'idp', {
    mapping: { attributes: [], principal: { path: 'entitlements.value', kind: 'iamUser' } },
  })
  // Theirs are other principals than the crowd's: each belongs to one person.
  const users = here.server.sandbox.state.accounts.get(here.account.accountId)?.users ?? assert.fail('no account')
  const ids: string[] = []
  for (let n = 0; n < 10; n += 1) {
    const some = users.get(`crowd-${n}`) ?? assert.fail('no user')
    const arn = some.arn.replace('crowd-', 'synced-')
    users.set(`synced-${n}`, { ...some, userName: `synced-${n}`, arn, userId: `AIDASYNCED${n}` })
    ids.push(
      await made(idp, '/Users', { schemas: [coreUser], userName: `synced-${n}`, entitlements: [{ value: arn }] }),
    )
  }
  assert.equal(inAws(here).length, 0)
  const members = ids.map(value => ({ value }))
  const group = await made(idp, '/Groups', { schemas: [coreGroup], displayName: 'Finance', members })
  await until('every grant', () => inAws(here).length === 10)
  await quiet(here)

  const first = ids[0] ?? assert.fail('nobody')
  await idp.send(`PATCH /Users/${first}`, patch({ op: 'Replace', path: 'active', value: 'False' }))
  await until('the revocation', () => inAws(here).length === 9)
  assert.ok(!inAws(here).some(grant => grant.includes(' synced-0 ')))
  await quiet(here)

  const emptied = await idp.send(`PATCH /Groups/${group}`, patch({ op: 'replace', path: 'members', value: [] }))
  assert.equal(emptied.status, 204, 'answered normally')
  const held = async () => (await admin.restraint.get({ params })).held.byBrake
  await until('the brake', async () => (await held()) > 0)
  await quiet(here)
  assert.deepEqual([inAws(here).length, await held()], [8, 8], 'two an hour, the leaver among them')

  await idp.send(`PATCH /Groups/${group}`, patch({ op: 'add', path: 'members', value: members }))
  await until('all again, but who left', () => inAws(here).length === 9)
  await quiet(here)
  assert.equal(await held(), 0)

  await idp.send(`PATCH /Groups/${group}`, patch({ op: 'replace', path: 'members', value: [] }))
  await until('the brake again', async () => (await held()) > 0)
  await quiet(here)
  const { runs } = (await admin.restraint.get({ params })).held
  for (const { id } of runs) await admin.runs.release({ params: { id } })
  await until('what was meant after all', () => inAws(here).length === 0)
})
