/** Who has access, and why, put into a bucket by a role: set up from the documents, verified by its sums, asked about later. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { adminOf } from './directory.ts'
import { connect, hasGrants, registerTwo, type Stage, takeDown, writePolicy } from './stage.ts'

const bucketName = 'acme-reviews'
const path = 'headgate'
const roleName = 'headgate-export'

export async function tellExport(stage: Stage): Promise<void> {
  const { api, account, endpoint, step, until } = stage
  const { region } = account
  const admin = await adminOf(stage)
  const { accessKeyId = '', secretAccessKey = '' } = await admin.desk('accounts', { accountId: account.accountId })
  const s3 = new S3Client({ region, endpoint, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } })
  // Who this server is, for AWS's default chain: it runs in this process.
  process.env.AWS_ACCESS_KEY_ID = account.controller.accessKeyId
  process.env.AWS_SECRET_ACCESS_KEY = account.controller.secretAccessKey

  const integrationId = await step('connect the AWS account, after nine validation tests', () => connect(stage))
  const sources = await step('register two prefixes, tag the first', () => registerTwo(stage, integrationId))
  const person = await step('a person of the project gets access by policy', async () => {
    const { id } = await api.users.create({ body: { userid: 'ann', name: 'Ann' } })
    const [principal] = account.principals
    const body = [{ kind: 'iamRole' as const, identifier: principal?.arn ?? '' }]
    await api.users.setPrincipals({ params: { id }, body })
    await api.users.addAttribute({ params: { id, key: 'project', value: 'Research' } })
    await writePolicy(stage)
    await hasGrants(stage, id, 1)
    return { id }
  })

  const roleArn = `arn:aws:iam::${account.accountId}:role/${roleName}`
  const place = { bucketName, region, path }
  await step('AWS: a bucket, and a role from the set-up documents, with the tenant id as external id', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: bucketName }))
    const setup = await api.accessExports.prepareSetup({ query: { ...place, principal: roleArn } })
    const trust = JSON.stringify(setup.trustPolicy)
    assert.match(trust, new RegExp(setup.tenantId))
    await admin.iam.send(new CreateRoleCommand({ RoleName: roleName, AssumeRolePolicyDocument: trust }))
    const PolicyDocument = JSON.stringify(setup.iamPolicy)
    await admin.iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName: 'export', PolicyDocument }))
    return { says: `external id ${setup.tenantId}` }
  })

  const { id } = await step('configure the export: the target is tried first', async () => {
    const made = await api.accessExports.create({ body: { ...place, authenticationType: 'iamRole', roleArn } })
    const { checks } = await api.accessExports.test({ params: { id: made.id } })
    assert.ok(checks.every(({ status }) => status === 'passed'))
    return { id: made.id, says: checks.map(({ name }) => name).join(', ') }
  })

  const day = await step('the first summary lies in the bucket', async () => {
    await until('the run ends', async () => {
      const { lastRun } = await api.accessExports.get({ params: { id } })
      assert.notEqual(lastRun?.state, 'failed', lastRun?.error)
      return lastRun?.state === 'succeeded'
    })
    const { lastRun } = await api.accessExports.get({ params: { id } })
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucketName, Prefix: `${path}/` }))
    assert.equal(Contents.length, 13)
    return { date: lastRun?.exportDate ?? '', says: `${lastRun?.files} files, ${lastRun?.rows} rows` }
  })

  const exportedAt = await step("every file is what the manifest says: its SHA-256, and Ann's row", async () => {
    const manifest = JSON.parse(await object(s3, `export_date=${day.date}/_manifest.json`))
    let outcomes = ''
    for (const { name, files } of manifest.tables) {
      for (const { key, sha256 } of files) {
        const text = await object(s3, key)
        assert.equal(hash('sha256', text), sha256, key)
        if (name === 'policy-outcomes') outcomes += text
      }
    }
    const row = outcomes.split('\r\n').find(line => line.includes(',ann,'))
    assert.match(row ?? '', /READ.*policy/)
    return { at: manifest.exportedAt as string, says: row ?? '' }
  })

  await step('access ends; who had it then is answered all the same (GET /access?at=)', async () => {
    await api.users.removeAttribute({ params: { id: person.id, key: 'project', value: 'Research' } })
    await hasGrants(stage, person.id, 0)
    const then = await api.pastAccess.at({ query: { at: exportedAt.at, user: person.id } })
    assert.deepEqual(
      then.items.map(({ level }) => level),
      ['READ'],
    )
    const now = await api.pastAccess.at({ query: { user: person.id } })
    assert.deepEqual(now.items, [])
    return { says: `${then.items[0]?.dataSource.scope} at ${then.at}` }
  })

  await step('delete the export, the data sources and the integration: AWS is as it was, the files stay', async () => {
    await api.accessExports.remove({ params: { id } })
    await takeDown(stage, integrationId, sources)
    s3.destroy()
  })
}

async function object(s3: S3Client, key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key: `${path}/${key}` }))
  return (await Body?.transformToString()) ?? ''
}
