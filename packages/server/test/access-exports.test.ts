import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { CreateKeyCommand, DisableKeyCommand, EnableKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import { ApiError, type ExportFormat } from '@headgate/core/api'
import { parquetReadObjects } from 'hyparquet'
import { sql } from 'kysely'
import papaparse from 'papaparse'
import { takeRun } from '../src/db/access-export.ts'
import { policyOutcomes } from '../src/export/outcomes.ts'
import { runDueExports } from '../src/export/run-exports.ts'
import { openTarget } from '../src/export/target.ts'
import { writeSummary } from '../src/export/write-summary.ts'
import { integrationBody, prepareAccount, type TestAccount } from './support/aws-account.ts'
import { setEnvironment } from './support/environment.ts'
import { type TestPerson, type TestServer, testKey, testServer } from './support/server.ts'

type Key = TestAccount['controller']
const times = { leaseMs: 60_000, waitsMs: [0, 0] }
const puts = ['s3:PutObject', 's3:ListBucket']

let server: TestServer
let account: TestAccount
let governor: TestPerson
let kms: KMSClient
let buckets = 0

before(async () => {
  server = await testServer({ sandbox: true })
  account = await prepareAccount(server.sandbox)
  governor = await server.as(['GOVERNANCE'])
  const credentials = account.controller
  kms = new KMSClient({ region: account.region, endpoint: server.sandbox.url, credentials })
  await world()
})
after(async () => {
  kms.destroy()
  await server.close()
})

/** Ann reaches a data source by a policy and one below it by hand; her name is a formula to a spreadsheet. */
async function world(): Promise<void> {
  const { admin } = server
  const { id: integrationId } = await admin.integrations.create({ body: integrationBody(account) })
  await server.world.background.idle()
  const dataSources = ['public/*', 'public/deep/*'].map(prefix => ({
    dataSourceName: prefix,
    prefix,
    allowOverlap: true,
  }))
  const made = await admin.nativeS3.register({
    body: { type: 'Native S3', integrationId, dataSources },
  })
  const { id: userId } = await admin.users.create({ body: { userid: 'ann', name: '=Ann, "the" first' } })
  const policy = {
    name: 'everyone reads',
    kind: 'grant',
    level: 'READ',
    who: { everyone: true },
    state: 'active',
  } as const
  await governor.policies.create({ body: { ...policy, appliesTo: { any: [{ name: 'public/*' }] } } as never })
  const id = made[1]?.dataSourceId ?? 0
  await admin.dataSources.setMember({ params: { id, userId }, body: { level: 'WRITE', reason: 'writes there' } })
}

async function bucket(): Promise<string> {
  const Bucket = `exports-${++buckets}`
  await account.owner.s3.send(new CreateBucketCommand({ Bucket }))
  return Bucket
}

async function userWith(actions: readonly string[]): Promise<Key> {
  const UserName = `exporter-${++buckets}`
  const { iam } = account.owner
  await iam.send(new CreateUserCommand({ UserName }))
  const Statement = [{ Effect: 'Allow', Action: actions, Resource: '*' }]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  if (actions.length > 0) await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'export', PolicyDocument }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }
}

async function bodyWith(
  actions: readonly string[] = [...puts, 's3:DeleteObject', 's3:ListBucketMultipartUploads', 's3:AbortMultipartUpload'],
) {
  const [bucketName, key] = [await bucket(), await userWith(actions)]
  return { bucketName, region: account.region, path: 'summary', authenticationType: 'accessKey' as const, ...key }
}

async function object(Bucket: string, Key: string): Promise<Uint8Array> {
  const { Body } = await account.owner.s3.send(new GetObjectCommand({ Bucket, Key }))
  return (await Body?.transformToByteArray()) ?? new Uint8Array()
}

async function keysIn(Bucket: string): Promise<string[]> {
  const { Contents = [] } = await account.owner.s3.send(new ListObjectsV2Command({ Bucket }))
  return Contents.map(({ Key = '' }) => Key)
}

async function hasUploads(Bucket: string): Promise<boolean> {
  const { Uploads = [] } = await account.owner.s3.send(new ListMultipartUploadsCommand({ Bucket }))
  return Uploads.length > 0
}

/** Ann has so many values of so many characters meanwhile. */
async function withAttributes<T>(count: number, length: number, work: () => Promise<T>): Promise<T> {
  await sql`insert into person_attribute (person_id, key, value)
    select person.id, 'badge', lpad(n::text, ${length}, 'B') from person, generate_series(1, ${count}::int) n
    where userid = 'ann'`.execute(server.db.kysely)
  try {
    return await work()
  } finally {
    await sql`delete from person_attribute where key = 'badge'`.execute(server.db.kysely)
  }
}

const lastRun = async (id: number) => (await governor.accessExports.get({ params: { id } })).lastRun
const refused = async (call: Promise<unknown>): Promise<ApiError> => {
  const error = await call.then(
    () => undefined,
    reason => reason,
  )
  assert.ok(error instanceof ApiError, `refused: ${error}`)
  return error
}

const readers: {
  readonly [F in ExportFormat]: (bytes: Uint8Array) => Promise<Record<string, unknown>[]> | Record<string, unknown>[]
} = {
  csv: bytes =>
    papaparse.parse<Record<string, unknown>>(Buffer.from(bytes).toString(), { header: true, skipEmptyLines: true })
      .data,
  jsonl: bytes =>
    Buffer.from(bytes)
      .toString()
      .trimEnd()
      .split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line)),
  parquet: bytes => parquetReadObjects({ file: bytes.slice().buffer }) as Promise<Record<string, unknown>[]>,
}

/** The rows of each table, held against what the manifest says of them. */
async function wholeSummary(bucketName: string, folder: string, format: ExportFormat) {
  const manifest = JSON.parse(Buffer.from(await object(bucketName, `${folder}_manifest.json`)).toString())
  assert.equal(manifest.complete, true)
  assert.equal(manifest.tables.length, 12)
  const rowsOf = new Map<string, Record<string, unknown>[]>()
  for (const table of manifest.tables) {
    for (const file of table.files) {
      const bytes = await object(bucketName, `summary/${file.key}`)
      assert.equal(hash('sha256', bytes, 'hex'), file.sha256)
      const rows = await readers[format](bytes)
      assert.equal(rows.length, file.rows, table.name)
      rowsOf.set(table.name, rows)
    }
  }
  return rowsOf
}

describe('a summary', () => {
  for (const format of ['csv', 'jsonl', 'parquet'] as const) {
    test(`of ${format} holds every table, and a manifest with their sums`, async () => {
      const body = await bodyWith()
      const made = await governor.accessExports.create({ body: { ...body, format } })
      assert.equal(made.lastRun?.state, 'waiting')
      assert.ok(!JSON.stringify(made).includes(body.secretAccessKey), 'the secret is not answered')
      await runDueExports(server.world, times)
      const run = await lastRun(made.id)
      assert.equal(run?.state, 'succeeded', run?.error)

      const folder = `summary/export_date=${run.exportDate}/`
      const rowsOf = await wholeSummary(body.bucketName, folder, format)
      assert.deepEqual((await keysIn(body.bucketName)).length, 13, 'nothing besides')

      const outcomes = (rowsOf.get('policy-outcomes') ?? []).filter(({ userid }) => userid === 'ann')
      const because = outcomes.map(row => JSON.parse(String(row.because)).map((one: { kind: string }) => one.kind))
      assert.deepEqual(
        outcomes.map(row => row.permission),
        ['READ', 'WRITE'],
      )
      assert.deepEqual(because, [['policy'], ['policy', 'member', 'overlap']])
      const [policy] = (rowsOf.get('policy-metadata') ?? []).filter(row => row.policy_name === 'everyone reads')
      assert.equal(policy?.access_type, 'GRANT')
      assert.equal(policy?.owner, governor.userid)
      const [ann] = (rowsOf.get('user-metadata') ?? []).filter(({ userid }) => userid === 'ann')
      const name = '=Ann, "the" first'
      assert.equal(ann?.name, format === 'csv' ? `'${name}` : name, 'a spreadsheet is told that it is no formula')
    })
  }

  test('is done again on the same day in place of the one before, leftovers of a killed one cleared away', async () => {
    const body = await bodyWith()
    const { id } = await governor.accessExports.create({ body })
    // A node takes it and is never heard of again, with an upload half done.
    assert.ok(await takeRun(server.db.kysely, 0))
    const { exportDate: day } = (await runToEnd(id)) ?? {}
    const Key = `summary/export_date=${day}/grants/part-00000.csv`
    await account.owner.s3.send(new CreateMultipartUploadCommand({ Bucket: body.bucketName, Key }))
    await governor.accessExports.replace({
      ...{ params: { id }, ifMatch: '1' },
      body: { ...body, secretAccessKey: undefined, format: 'jsonl' } as never,
    })
    await governor.accessExports.run({ params: { id } })
    const again = await runToEnd(id)
    assert.equal(again?.state, 'succeeded', again?.error)
    assert.deepEqual(again.warnings, [])
    const keys = await keysIn(body.bucketName)
    assert.equal(keys.filter(key => key.endsWith('.jsonl')).length, 12)
    assert.equal(keys.length, 13, 'what the other format left is gone')
    assert.equal(await hasUploads(body.bucketName), false)
    const { items } = await governor.accessExports.runs({ params: { id } })
    assert.deepEqual(
      items.map(run => [run.cause, run.state, run.attempts]),
      [
        ['asked', 'succeeded', 1],
        ['created', 'succeeded', 2],
      ],
    )
  })

  test('whose process is killed in the middle leaves no manifest; the next one is whole and nothing of it is left', async () => {
    const body = { ...(await bodyWith()), format: 'jsonl' as const }
    const { bucketName: Bucket } = body
    const { id } = await governor.accessExports.create({ body })
    const folder = `summary/export_date=${(await runToEnd(id))?.exportDate}/`
    await withAttributes(6000, 2000, async () => {
      await governor.accessExports.run({ params: { id } })
      const { faults } = server.sandbox
      faults.set({ rules: [{ kind: 'latency', ms: 500, service: 's3', operation: 'UploadPart' }] })
      const program = fileURLToPath(new URL('support/export-process.ts', import.meta.url))
      const secrets = testKey.toString('hex')
      const child = spawn(process.execPath, [program, server.databaseUrl, server.sandbox.url, secrets], {
        stdio: 'inherit',
      })
      const over = once(child, 'exit')
      while (!(await hasUploads(Bucket)) && child.exitCode === null) await sleep(50)
      child.kill('SIGKILL')
      assert.deepEqual(await over, [null, 'SIGKILL'], 'it was in the middle of a large file')
      faults.set({ rules: [] })
      assert.ok(await hasUploads(Bucket))
      const keys = await keysIn(Bucket)
      assert.ok(keys.length > 0 && !keys.includes(`${folder}_manifest.json`))
    })

    // Once it has been silent for a minute.
    await sql`update access_export_run set next_at = now() where state = 'running'`.execute(server.db.kysely)
    const run = await runToEnd(id)
    assert.deepEqual([run?.state, run?.attempts], ['succeeded', 2], run?.error)
    await wholeSummary(Bucket, folder, 'jsonl')
    assert.equal(await hasUploads(Bucket), false)
  })

  test('is not said to be there while the database has no room, and is tried again', async () => {
    const { id } = await governor.accessExports.create({ body: await bodyWith() })
    await runToEnd(id)
    await sql
      .raw(`create function no_room() returns trigger language plpgsql as
        $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
      create trigger no_room before update on access_export_run for each row
        when (new.state = 'succeeded') execute function no_room()`)
      .execute(server.db.kysely)
    await governor.accessExports.run({ params: { id } })
    await runDueExports(server.world, { ...times, waitsMs: [60_000] })
    const waiting = await lastRun(id)
    assert.deepEqual([waiting?.state, waiting?.attempts], ['waiting', 1])
    assert.match(waiting?.error ?? '', /no room on its disk/)
    await sql.raw('drop trigger no_room on access_export_run').execute(server.db.kysely)
    await governor.accessExports.run({ params: { id } })
    assert.equal((await runToEnd(id))?.state, 'succeeded')
  })

  test('needs no more than the documented permissions, and says what it could not tidy up', async () => {
    const body = await bodyWith(puts)
    const { id } = await governor.accessExports.create({ body })
    const { checks } = await governor.accessExports.test({ params: { id } })
    assert.deepEqual(
      checks.filter(one => one.status !== 'passed').map(one => [one.name, one.status]),
      [['s3:DeleteObject', 'warning']],
    )
    assert.deepEqual((await runToEnd(id))?.warnings, [])
    await governor.accessExports.run({ params: { id } })
    const second = await runToEnd(id)
    assert.equal(second?.state, 'succeeded', second?.error)
    assert.match(second.warnings.join(), /s3:DeleteObject/)
  })

  test('that fails is tried again, then told, and leaves no manifest', async () => {
    const body = await bodyWith()
    const { id } = await governor.accessExports.create({ body })
    await runToEnd(id)
    for (const Key of await keysIn(body.bucketName)) {
      await account.owner.s3.send(new DeleteObjectCommand({ Bucket: body.bucketName, Key }))
    }
    await account.owner.s3.send(new DeleteBucketCommand({ Bucket: body.bucketName }))
    await governor.accessExports.run({ params: { id } })
    const run = await runToEnd(id)
    assert.equal(run?.state, 'failed')
    assert.equal(run.attempts, 3)
    assert.match(run.error ?? '', /NoSuchBucket/)
    const notices = await server.db.kysely
      .selectFrom('notice')
      .where('kind', '=', 'export.failed')
      .selectAll()
      .execute()
    assert.deepEqual(
      notices.map(({ about_id }) => about_id),
      [String(id)],
    )
  })
})

async function runToEnd(id: number) {
  await runDueExports(server.world, times)
  return lastRun(id)
}

describe('an object', () => {
  for (const [what, actions] of [
    ['leaves nothing', [...puts, 's3:AbortMultipartUpload']],
    ['says why, though it may not be tidied up', puts],
  ] as const) {
    test(`whose stream breaks off ${what}`, async () => {
      const { bucketName, region, path, accessKeyId, secretAccessKey } = await bodyWith(actions)
      const target = { bucketName, region, path, credentials: { accessKeyId, secretAccessKey } }
      const open = openTarget(server.world, target)
      async function* broken() {
        for (let at = 0; at < 3; at++) yield Buffer.alloc(9 * 2 ** 20, at)
        throw new RangeError('the disk of the moon is full')
      }
      await assert.rejects(open.put('large', broken()), RangeError)
      open.close()
      assert.deepEqual(await keysIn(bucketName), [])
      assert.equal(await hasUploads(bucketName), actions.length < 3)
    })
  }
})

test('a large table goes on in another file, no row lost and none twice', async () => {
  const { bucketName, region, path, accessKeyId, secretAccessKey } = await bodyWith()
  const open = openTarget(server.world, { bucketName, region, path, credentials: { accessKeyId, secretAccessKey } })
  const how = { format: 'jsonl', timeZone: 'UTC', fileSize: 1, goOn: () => {} } as const
  const written = await withAttributes(4500, 8, () => writeSummary(server.world, open, how))
  open.close()
  const { files = [] } = written.tables.find(({ name }) => name === 'attributes') ?? {}
  const parts = await Promise.all(
    files.map(async ({ key }) => readers.jsonl(await object(bucketName, `${path}/${key}`))),
  )
  const values = (await Promise.all(parts)).flat().flatMap(({ key, value }) => (key === 'badge' ? [value] : []))
  assert.equal(files.length, 3)
  assert.deepEqual([values.length, new Set(values).size], [4500, 4500])
})

test('who reaches what is the same from the index that is there and from the rows of the snapshot', async () => {
  await server.world.index.fresh()
  const [fromIndex, fromRows, halfway] = await server.db.snapshot(async tx => {
    let asked = 0
    const lives = [
      server.world.index,
      { current: () => undefined },
      // Moves on after the first data source.
      { current: () => (asked++ < 3 ? server.world.index.current() : undefined) },
    ]
    const found: unknown[][] = []
    for (const live of lives) {
      const rows: unknown[] = []
      for await (const batch of (await policyOutcomes(tx, live)).rows()) rows.push(...batch)
      found.push(rows)
    }
    return found
  })
  assert.ok((fromIndex?.length ?? 0) > 1)
  assert.deepEqual(fromRows, fromIndex)
  assert.deepEqual(halfway, fromIndex)
})

describe('a schedule', () => {
  test('that came due several times while nobody was there is done once, by one of several nodes', async () => {
    const { id } = await governor.accessExports.create({ body: await bodyWith() })
    await runToEnd(id)
    await server.db.kysely
      .updateTable('access_export')
      .set({ due_at: new Date(0) })
      .where('id', '=', id)
      .execute()
    await Promise.all([1, 2, 3].map(() => runDueExports(server.world, times)))
    const { items } = await governor.accessExports.runs({ params: { id } })
    assert.deepEqual(
      items.map(run => [run.cause, run.state]),
      [
        ['schedule', 'succeeded'],
        ['created', 'succeeded'],
      ],
    )
    const { nextRunAt } = await governor.accessExports.get({ params: { id } })
    assert.ok(Date.parse(nextRunAt) > Date.now())
  })
})

describe('a target that does not work is not stored', () => {
  const faults: readonly (readonly [what: string, body: () => Promise<object>, failed: readonly string[]])[] = [
    ['nothing is allowed', () => bodyWith([]), ['s3:PutObject', 's3:ListBucket']],
    ['listing is not allowed', () => bodyWith(['s3:PutObject']), ['s3:ListBucket']],
    ['there is no such bucket', async () => ({ ...(await bodyWith()), bucketName: 'not-there' }), ['bucket']],
    ['the bucket lies elsewhere', async () => ({ ...(await bodyWith()), region: 'eu-west-1' }), ['bucket']],
    ['the access key is inactive', async () => inactive(await bodyWith()), ['accessKey']],
    ['the secret is wrong', async () => ({ ...(await bodyWith()), secretAccessKey: 'wrong' }), ['accessKey']],
    [
      'the key may not be used',
      async () => ({ ...(await bodyWith()), kmsKeyArn: await key() }),
      ['kms:GenerateDataKey'],
    ],
    [
      'the key may be used for half of it',
      async () => ({ ...(await bodyWith([...puts, 'kms:GenerateDataKey'])), kmsKeyArn: await key() }),
      ['kms:Decrypt'],
    ],
    [
      'the key is disabled',
      async () => ({ ...(await bodyWith([...puts, 'kms:*'])), kmsKeyArn: await key(true) }),
      ['s3:PutObject'],
    ],
  ]
  for (const [what, body, failed] of faults) {
    test(`as ${what}`, async () => {
      const before = await governor.accessExports.list()
      const error = await refused(governor.accessExports.create({ body: (await body()) as never }))
      assert.equal(error.status, 422)
      assert.equal(error.code, 'export-target-failed')
      const { checks } = error.body as { checks: { name: string; status: string }[] }
      assert.deepEqual(
        checks.filter(one => one.status === 'failed').map(one => one.name),
        failed,
      )
      assert.equal((await governor.accessExports.list()).length, before.length)
    })
  }

  test('nor one with a schedule or zone that is none, or a folder that is taken', async () => {
    const body = await bodyWith()
    const codes = [{ schedule: 'at noon' }, { timeZone: 'Nowhere/Else' }].map(
      async wrong => (await refused(governor.accessExports.create({ body: { ...body, ...wrong } }))).code,
    )
    assert.deepEqual(await Promise.all(codes), ['schedule-invalid', 'time-zone-unknown'])
    await governor.accessExports.create({ body })
    assert.equal((await refused(governor.accessExports.create({ body }))).code, 'export-target-taken')
  })

  async function inactive<Body extends { readonly accessKeyId: string }>(body: Body): Promise<Body> {
    const { accessKeyId: AccessKeyId } = body
    const UserName = `exporter-${buckets}`
    await account.owner.iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' }))
    return body
  }

  async function key(isDisabled = false): Promise<string> {
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    const KeyId = KeyMetadata?.Arn ?? ''
    await kms.send(isDisabled ? new DisableKeyCommand({ KeyId }) : new EnableKeyCommand({ KeyId }))
    return KeyId
  }
})

describe('a role', () => {
  test('set up by the documents is assumed with the tenant id, and only so', async t => {
    const [bucketName, region, path] = [await bucket(), account.region, 'day by day']
    const server_ = await userWith(['sts:AssumeRole'])
    setEnvironment(t, { AWS_ACCESS_KEY_ID: server_.accessKeyId, AWS_SECRET_ACCESS_KEY: server_.secretAccessKey })
    const RoleName = `export-${++buckets}`
    const roleArn = `arn:aws:iam::${account.accountId}:role/${RoleName}`
    const kmsKeyArn = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? ''
    const setup = await governor.accessExports.prepareSetup({
      query: { bucketName, region, path, principal: roleArn, kmsKeyArn },
    })
    const { iam } = account.owner
    const body = { bucketName, region, path, authenticationType: 'iamRole' as const, roleArn, kmsKeyArn }
    assert.equal((await refused(governor.accessExports.create({ body }))).code, 'export-target-failed')

    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(setup.trustPolicy) }))
    await iam.send(
      new PutRolePolicyCommand({ RoleName, PolicyName: 'export', PolicyDocument: JSON.stringify(setup.iamPolicy) }),
    )
    const made = await governor.accessExports.create({ body })
    assert.equal(made.schedule, '0 5 * * *')
    const run = await runToEnd(made.id)
    assert.equal(run?.state, 'succeeded', run?.error)
    assert.deepEqual(await governor.accessExports.setup({ params: { id: made.id } }), setup)

    const open = JSON.stringify(setup.trustPolicy).replace(/,"Condition":\{.*?\}\}/, '')
    const Open = `open-${++buckets}`
    await iam.send(new CreateRoleCommand({ RoleName: Open, AssumeRolePolicyDocument: open }))
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: Open,
        PolicyName: 'export',
        PolicyDocument: JSON.stringify(setup.iamPolicy),
      }),
    )
    const error = await refused(
      governor.accessExports.create({ body: { ...body, path: 'other', roleArn: roleArn.replace(RoleName, Open) } }),
    )
    assert.match(error.message, /asks for no external id/)
  })
})

test('an export that is deleted is gone, its secret and what waits too, and what was written stays', async () => {
  const body = await bodyWith()
  const { id } = await governor.accessExports.create({ body })
  await runToEnd(id)
  await governor.accessExports.run({ params: { id } })
  await governor.accessExports.remove({ params: { id } })
  const runs = server.db.kysely.selectFrom('access_export_run').where('export_id', '=', id).orderBy('id')
  assert.deepEqual(await runs.select(['state', 'error']).execute(), [
    { state: 'succeeded', error: null },
    { state: 'failed', error: 'the export was deleted' },
  ])
  assert.equal((await refused(governor.accessExports.run({ params: { id } }))).code, 'export-not-found')
  const rows = await server.db.kysely.selectFrom('export_target').where('id', '=', id).selectAll().execute()
  assert.deepEqual(
    rows.map(({ secret_access_key }) => secret_access_key),
    [null],
  )
  assert.equal((await keysIn(body.bucketName)).length, 13)
})
