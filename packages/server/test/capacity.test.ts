/** Room in AWS: what is used, how it grows, and what is said when it runs out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noteLocations, recordSamples } from '../src/db/capacity.ts'
import { crowd, inAws, lake, quiet, register, until } from './reconcile/reconcile-world.ts'

test('grants and locations in use, of quotas that an admin sets, with others counted from a listing', async t => {
  const here = await lake(t)
  await here.start()
  const { admin, db } = here.server
  await register(here, 's3://research-data/finance/*')
  await crowd(here, 4)
  const policy = {
    name: 'crowd',
    kind: 'grant' as const,
    level: 'READ' as const,
    who: { when: "@hasAttribute('crowd', 'yes')" },
    appliesTo: { everything: true as const },
    state: 'active' as const,
  }
  await admin.policies.create({ body: policy })
  await until('every grant', () => inAws(here).length === 4)
  await quiet(here)
  const { accountId, region } = here.account
  const params = { awsAccountId: accountId, awsRegion: region }
  const [first] = await admin.capacity.list()
  assert.deepEqual([first?.awsAccountId, first?.grants.used, first?.grants.of], [accountId, 4, 100_000])
  assert.deepEqual([first?.locations.used, first?.locations.of, first?.listedAt], [1, 1000, undefined])

  // Others' grants are known from what the audit listed.
  await recordSamples(db)
  const scan = {
    account_id: accountId,
    region,
    started_at: new Date(),
    finished_at: new Date(),
    listed: 90,
    outside: 86,
  }
  await db.kysely.insertInto('drift_scan').values(scan).execute()
  await noteLocations(db, { accountId, region }, 7)
  await recordSamples(db)
  const [listed] = await admin.capacity.list()
  assert.deepEqual([listed?.grants.used, listed?.grants.ours, listed?.locations.used], [90, 4, 7])
  assert.ok(listed?.listedAt)

  const set = await admin.capacity.setQuotas({ params, body: { grants: 100, locations: 1000 } })
  assert.deepEqual([set.grants.percent, set.grants.warning], [90, 80])
  assert.match(set.message ?? '', /90 of 100 grants are in use: ask AWS to raise/)
  const unknown = { awsAccountId: '999999999999', awsRegion: region }
  await assert.rejects(
    admin.capacity.setQuotas({ params: unknown, body: { grants: 1, locations: 1 } }),
    /no integration uses account 999999999999/,
  )

  // Two days of growth, so that there is a trend.
  const samples = [1, 2].map(days => ({
    account_id: accountId,
    region,
    hour: new Date(Date.now() - days * 86_400_000),
    grants: 90 - days,
    locations: 7,
  }))
  await db.kysely.insertInto('capacity_sample').values(samples).execute()
  const [grown] = await admin.capacity.list()
  assert.ok(grown?.grants.perDay && Math.abs(grown.grants.perDay - 1) < 0.1)
  assert.ok(Math.abs(Date.parse(grown.grants.runsOutAt!) - Date.now() - 10 * 86_400_000) < 2 * 86_400_000)
})
