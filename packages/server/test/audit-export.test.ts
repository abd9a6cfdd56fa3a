import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DeleteUserPolicyCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { sql } from 'kysely'
import { ensureSigningKey } from '../src/audit/checkpoint.ts'
import { exportDue, exportNow } from '../src/audit/export.ts'
import type { SignedCheckpoint } from '../src/audit/statement.ts'
import { readTrail } from '../src/audit/trail-file.ts'
import { verifyChain } from '../src/audit/verify.ts'
import { act, system } from '../src/db/act.ts'
import { sealAll } from '../src/db/audit-seal.ts'
import type { World } from '../src/world.ts'
import { prepareAccount, type TestAccount } from './support/aws-account.ts'
import { type TestServer, testServer } from './support/server.ts'

let server: TestServer
let account: TestAccount
let id: number
before(async () => {
  server = await testServer({ sandbox: true })
  account = await prepareAccount(server.sandbox)
  await ensureSigningKey(server.world)
  await happen(30)
})
after(() => server.close())

const place = () => ({ bucketName: account.bucket, region: account.region, path: '/trail/' })
const withKey = () => ({ ...place(), authenticationType: 'accessKey', ...account.controller }) as const

/** Each in a batch of its own. */
async function happen(count: number) {
  for (let at = 0; at < count; at++) {
    await act(server.db, system, async ({ audit }) =>
      audit({ action: 'CREATE', targetType: 'TAG', targets: [], payload: { type: 'TagCreated', text: `é ${at}` } }),
    )
    if (at % 7 === 0) await sealAll(server.db)
  }
}

async function bucket(prefix: string): Promise<Map<string, string>> {
  const { Contents = [] } = await account.owner.s3.send(
    new ListObjectsV2Command({ Bucket: account.bucket, Prefix: prefix }),
  )
  const texts = Contents.map(async ({ Key = '' }) => {
    const { Body } = await account.owner.s3.send(new GetObjectCommand({ Bucket: account.bucket, Key }))
    return [Key, (await Body?.transformToString()) ?? ''] as const
  })
  return new Map(await Promise.all(texts))
}

/** What lies in the bucket: a chain without a gap or a double. */
async function exported() {
  const objects = [...(await bucket('trail/audit/date='))]
  const outside = [...(await bucket('trail/audit/checkpoints/')).values()].map(
    (text): SignedCheckpoint => JSON.parse(text),
  )
  const lines = objects.flatMap(([, text]) => text.split('\n'))
  async function* each() {
    yield* lines
  }
  const ids = lines.filter(line => line.startsWith('{"id":')).map((line): string => JSON.parse(line).id)
  assert.equal(new Set(ids).size, ids.length, 'no double')
  const report = await verifyChain(readTrail(each()).links, { inside: [], outside, isPart: true })
  assert.equal(report.firstBreak, undefined)
  assert.equal(report.from, 1)
  assert.equal(ids.length, report.to)
  return { ...report, names: objects.map(([key]) => key) }
}

test('a target that lets nothing in is refused by name, and nothing is stored', async () => {
  const nowhere = { ...withKey(), bucketName: 'no-such-bucket-here' }
  await assert.rejects(server.admin.auditExports.create({ body: nowhere }), {
    status: 422,
    code: 'export-target-failed',
  })
  assert.deepEqual(await server.admin.auditExports.list(), [])
})

test('a new export begins with the oldest event; objects say which events they hold, a checkpoint follows', async () => {
  const made = await server.admin.auditExports.create({ body: { ...withKey(), intervalHours: 6 } })
  id = made.id
  assert.ok(!JSON.stringify(made).includes(account.controller.secretAccessKey))
  await server.world.background.idle()
  const { names, covered, to } = await exported()
  assert.match(names[0] ?? '', /^trail\/audit\/date=\d{4}-\d\d-\d\d\/events-000000000001-0{10}\d\d\.ndjson$/)
  assert.ok(covered && covered.position >= to)
  const now = await server.admin.auditExports.get({ params: { id } })
  assert.deepEqual([now.exportedThrough, now.intervalHours, now.lastObject?.state], [to, 6, 'done'])
  assert.ok(Date.parse(now.nextRunAt) > Date.now() + 5 * 3_600_000)
  await assert.rejects(server.admin.auditExports.create({ body: withKey() }), { code: 'export-target-taken' })
})

test('cut off at every step, with answers lost and by two nodes at once: no gap, no double', async () => {
  for (let step = 1; step <= 6; step++) {
    await happen(3)
    let left = step
    const transaction: World['db']['transaction'] = work => {
      left -= 1
      if (left === 0) throw new Error('cut off')
      return server.db.transaction(work)
    }
    await exportNow({ ...server.world, db: { ...server.db, transaction } }, id).catch(() => {})
    await free()
    if (step % 2 === 0)
      server.sandbox.faults.set({ rules: [{ kind: 'lost-answer', operation: 'PutObject', times: 1 }] })
    // Two that both believe to be alone.
    const one = exportNow(server.world, id)
    await free()
    await Promise.all([one, exportNow(server.world, id)])
    server.sandbox.faults.set({ rules: [] })
    await free()
    await exportNow(server.world, id)
  }
  const { to } = await exported()
  assert.equal((await server.admin.auditExports.get({ params: { id } })).exportedThrough, to)
})

/** As if the lease of whoever was cut off had ended. */
async function free() {
  await sql`update audit_export set busy_until = null, next_at = now()`.execute(server.db.kysely)
}

test('what fails is told in the history and to who may look after it, and caught up with later', async () => {
  const UserName = 'headgate-controller'
  await account.owner.iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName: 'controller' }))
  await happen(2)
  await free()
  await exportDue(server.world)
  const failed = await server.admin.auditExports.objects({ params: { id } })
  assert.deepEqual([failed.items[0]?.state, failed.items[0]?.attempts], ['failed', 1])
  assert.match(failed.items[0]?.error ?? '', /PutObject.*AccessDenied/)
  const { rows } = await sql`select 1 from notice where kind = 'export.failed'`.execute(server.db.kysely)
  assert.equal(rows.length, 1)
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  })
  await account.owner.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'controller', PolicyDocument }))
  await server.admin.auditExports.run({ params: { id } })
  await server.world.background.idle()
  const { items } = await server.admin.auditExports.objects({ params: { id } })
  const again = items.find(one => one.id === failed.items[0]?.id)
  assert.deepEqual([again?.state, again?.attempts, again?.error], ['done', 2, undefined])
  await exported()
})

test('an export that is ended writes no more, and no other goes where its events lie', async () => {
  await server.admin.auditExports.remove({ params: { id } })
  await exportDue(server.world)
  assert.deepEqual(await server.admin.auditExports.list(), [])
  await assert.rejects(server.admin.auditExports.run({ params: { id } }), { code: 'export-not-found' })
  const refused = { code: 'export-target-failed', message: /exported there before/ }
  await assert.rejects(server.admin.auditExports.create({ body: withKey() }), refused)
  const elsewhere = { ...withKey(), path: 'elsewhere', enabled: false }
  const other = await server.admin.auditExports.create({ body: elsewhere })
  const replace = (body: typeof elsewhere) =>
    server.admin.auditExports.replace({ params: { id: other.id }, ifMatch: String(other.version), body })
  await assert.rejects(replace({ ...elsewhere, path: 'trail' }), refused)
  await replace(elsewhere)
})
