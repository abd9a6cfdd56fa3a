/** Who had what, asked later: from the facts of then and from what AWS held then. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PastAccessRow } from '@headgate/core/api'
import { refuses } from '../support/refuses.ts'
import { grants, type Lake, lake, person, register, until } from './reconcile-world.ts'

type Question = NonNullable<NonNullable<Parameters<Lake['server']['admin']['pastAccess']['at']>[0]>['query']>

async function asked({ server }: Lake, query: Question): Promise<PastAccessRow[]> {
  const found: PastAccessRow[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await server.admin.pastAccess.at({ query: { ...query, limit: 1, ...(cursor ? { cursor } : {}) } })
    found.push(...page.items)
    if (page.next === undefined) return found
    cursor = page.next
  }
}

function told(rows: readonly PastAccessRow[]) {
  return rows.map(({ user, dataSource, level, because, grants: held }) => [
    user.userid,
    dataSource.name,
    level,
    because.map(({ kind, name }) => `${kind} ${name}`).join(),
    held.map(({ permission, revokedAt }) => `${permission}${revokedAt ? ' until later' : ''}`).join(),
  ])
}

test('what was given, held and taken is told as it was at each moment', async t => {
  const here = await lake(t)
  const { admin } = here.server
  const now = async () => (await admin.pastAccess.at()).at
  await here.start()
  const finance = await register(here, 's3://research-data/finance/*')
  const payroll = await register(here, 's3://research-data/finance/payroll/*')
  const [ann, ben] = [await person(here, 'ann'), await person(here, 'ben')]
  const atFirst = await now()

  const policy = await admin.policies.create({
    body: {
      name: 'all',
      kind: 'grant',
      level: 'READ',
      who: { everyone: true },
      appliesTo: { everything: true },
      state: 'active',
    },
  })
  await admin.dataSources.setMember({ params: { id: payroll, userId: ben }, body: { level: 'WRITE', reason: 'pays' } })
  await until('grants', async () => (await grants(here, { state: 'active' })).length === 3)
  const given = await now()

  await admin.policies.archive({ params: { id: policy.id }, ifMatch: String(policy.version) })
  await until('revoked', async () => (await grants(here, { live: 'true' })).length === 1)
  const taken = await now()

  await admin.users.remove({ params: { id: ben } })
  await admin.dataSources.remove({ params: { id: payroll } })
  await admin.dataSources.remove({ params: { id: payroll } })
  await until('all gone', async () => (await grants(here, { live: 'true' })).length === 0)
  const atLast = await now()

  await t.test('of everybody and everything', async () => {
    assert.deepEqual(await asked(here, { at: atFirst }), [])
    const all = 'policy all'
    const onGiven = told(await asked(here, { at: given })).filter(([who]) => who !== 'admin')
    assert.deepEqual(onGiven, [
      ['ann', 's3://research-data/finance/*', 'READ', all, 'READ until later'],
      ['ben', 's3://research-data/finance/*', 'READ', all, 'READ until later'],
      ['ann', 's3://research-data/finance/payroll/*', 'READ', `${all},overlap s3://research-data/finance/*`, ''],
      [
        'ben',
        's3://research-data/finance/payroll/*',
        'WRITE',
        `${all},member ,overlap s3://research-data/finance/*`,
        'READWRITE until later',
      ],
    ])
    assert.deepEqual(told(await asked(here, { at: taken })), [
      ['ben', 's3://research-data/finance/payroll/*', 'WRITE', 'member ', 'READWRITE until later'],
    ])
    assert.deepEqual(await asked(here, { at: atLast }), [])
  })

  await t.test('of a person who is gone, of a data source that is gone, of one on the other', async () => {
    const wrote = ['ben', 's3://research-data/finance/payroll/*', 'WRITE', 'member ', 'READWRITE until later']
    assert.deepEqual(told(await asked(here, { at: taken, user: ben })), [wrote])
    assert.deepEqual(told(await asked(here, { at: taken, dataSource: payroll })), [wrote])
    assert.deepEqual(told(await asked(here, { at: taken, user: ben, dataSource: payroll })), [wrote])
    assert.deepEqual(await asked(here, { at: taken, user: ann }), [])
    assert.deepEqual(await asked(here, { at: taken, dataSource: finance }), [])
    assert.equal((await asked(here, { at: given, user: ann })).length, 2)
  })

  await t.test('a moment to come is refused; one before anything is empty', async () => {
    await refuses(admin.pastAccess.at({ query: { at: '2999-01-01T00:00:00Z' } }), 'request-invalid')
    assert.deepEqual(await asked(here, { at: '1999-01-01T00:00:00+02:00' }), [])
  })

  await t.test('one asks about oneself, owners about what they own, and nobody else', async () => {
    const eve = await here.server.as([], 'eve')
    assert.deepEqual((await eve.pastAccess.at({ query: { user: eve.id, at: taken } })).items, [])
    await refuses(eve.pastAccess.at({ query: { user: ann } }), 'user-not-found')
    await refuses(eve.pastAccess.at({ query: { dataSource: finance } }), 'data-source-not-found')
    await refuses(eve.pastAccess.at({ query: { at: given } }), 'permission-missing')
  })
})
