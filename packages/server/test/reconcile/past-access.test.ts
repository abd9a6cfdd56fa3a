/** Who had what, asked later: from the facts of then and from what AWS held then. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { PastAccessRow } from '@headgate/core/api'
import { runDueExports } from '../../src/export/run-exports.ts'
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
  await admin.dataSources.update({ params: { id: finance }, body: { name: 'money' } })

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

  await t.test('as files, which hold what was so then and leave the days alone', async () => {
    const { account, server } = here
    const { s3 } = account.owner
    const Bucket = 'then'
    await s3.send(new CreateBucketCommand({ Bucket }))
    const object = async (Key: string) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
      return (await Body?.transformToString()) ?? ''
    }
    const place = { bucketName: Bucket, region: account.region, path: 'x', format: 'jsonl' as const }
    const { id } = await admin.accessExports.create({
      body: { ...place, authenticationType: 'accessKey', ...account.controller },
    })
    const ask = (asOf: string) => admin.accessExports.run({ params: { id }, body: { asOf } })
    await refuses(ask('2999-01-01T00:00:00Z'), 'request-invalid')
    await refuses(ask('1999-01-01T00:00:00Z'), 'request-invalid')
    const asked = await ask(given)
    assert.deepEqual([asked.cause, asked.asOf], ['asked', given])
    assert.equal((await ask(given)).id, asked.id, 'the same is asked for once')
    await refuses(ask(taken), 'export-running')
    await runDueExports(server.world)
    const { items } = await admin.accessExports.runs({ params: { id } })
    assert.deepEqual(
      items.map(run => [run.cause, run.state, run.asOf, run.tables?.length]),
      [
        ['asked', 'succeeded', given, 2],
        ['created', 'succeeded', undefined, 12],
      ],
    )

    const folder = `as_of=${given.replaceAll(':', '-')}/`
    assert.equal(items[0]?.place, `s3://${Bucket}/x/${folder}`)
    const manifest = JSON.parse(await object(`x/${folder}_manifest.json`))
    assert.deepEqual([manifest.complete, manifest.asOf, manifest.exportDate], [true, given, undefined])
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `x/${folder}` }))
    assert.equal(Contents.length, 3)
    const rowsOf = async (name: string): Promise<Record<string, unknown>[]> => {
      const { files } = manifest.tables.find((table: { name: string }) => table.name === name)
      const text = await object(`x/${files[0].key}`)
      assert.equal(hash('sha256', text), files[0].sha256)
      return text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line))
    }
    const [fin, pay] = ['s3://research-data/finance/*', 's3://research-data/finance/payroll/*']
    const outcomes = await rowsOf('policy-outcomes')
    assert.deepEqual(
      outcomes.map(row => [row.userid, row.data_source, row.permission, row.self_given]),
      [
        ['admin', fin, 'READ', true],
        ['ann', fin, 'READ', false],
        ['ben', fin, 'READ', false],
        ['admin', pay, 'READ', true],
        ['ann', pay, 'READ', false],
        ['ben', pay, 'WRITE', false],
      ],
    )
    const [ofBen] = outcomes.filter(row => row.permission === 'WRITE')
    assert.match(String(ofBen?.because), /"kind":"policy".*"name":"all".*"kind":"member"/)
    assert.deepEqual(
      (await rowsOf('grants'))
        .map(row => [row.userid, row.scope, row.permission, row.state, row.revoked_at !== null])
        .sort(),
      [
        ['ann', fin, 'READ', 'active', true],
        ['ben', fin, 'READ', 'active', true],
        ['ben', pay, 'READWRITE', 'active', true],
      ],
    )
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
