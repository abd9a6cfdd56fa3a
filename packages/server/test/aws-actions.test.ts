import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { targetSetupDocuments } from '../src/export/setup-documents.ts'
import { controllerQuestions, controllerStatements, needs, type Place } from '../src/integrations/aws-actions.ts'

const place: Place = {
  accountId: '111122223333',
  region: 'us-east-1',
  locationPath: 's3://research-data/',
  locationRole: 'arn:aws:iam::111122223333:role/location',
  tenantId: 'tenant',
  controllers: ['arn:aws:iam::111122223333:role/headgate'],
  buckets: ['research-data'],
}

test('every operation that the code calls stands in the table, and the table names no other', async () => {
  const called = new Set<string>()
  for await (const file of glob('**/*.ts', { cwd: source })) {
    // Calls with the credentials of a target, not of an integration: held to its own documents below.
    if (file !== 'export-target.ts') for (const operation of await operationsIn(file)) called.add(operation)
  }
  // Everybody may ask AWS who they are.
  called.delete('GetCallerIdentity')
  assert.deepEqual([...new Set(needs.map(({ operation }) => operation))].sort(), [...called].sort())
})

test('every operation on a target of exports is given by the documents that set it up', async () => {
  const actions: Record<string, string> = {
    PutObject: 's3:PutObject',
    CreateMultipartUpload: 's3:PutObject',
    UploadPart: 's3:PutObject',
    CompleteMultipartUpload: 's3:PutObject',
    AbortMultipartUpload: 's3:AbortMultipartUpload',
    DeleteObject: 's3:DeleteObject',
    ListObjectsV2: 's3:ListBucket',
    ListMultipartUploads: 's3:ListBucketMultipartUploads',
    AssumeRole: 'sts:AssumeRole',
    GetCallerIdentity: '',
  }
  const called = [...(await operationsIn('export-target.ts'))].map(operation => actions[operation] ?? `? ${operation}`)
  const documents = JSON.stringify(
    targetSetupDocuments({
      ...{ tenantId: 'tenant', bucketName: 'reports', region: 'us-east-1', path: 'daily' },
      ...{ principal: 'arn:aws:iam::111122223333:role/writer', trusted: 'arn:aws:iam::111122223333:role/headgate' },
    }),
  )
  const given = new Set(documents.match(/\b(?:s3|sts):\w+/g))
  // A condition's key, not an action.
  given.delete('sts:ExternalId')
  assert.deepEqual([...new Set(called)].filter(action => action !== '').sort(), [...given].sort())
})

test('what is asked of AWS is what the policy gives: the same actions, each on its own kind of thing', () => {
  const features = ['identityCenter', 'associateIdentityCenter', 'removeForeignGrants'] as const
  const given = controllerStatements(place, features).flatMap(({ Action }) => Action)
  const asked = controllerQuestions(place, features).flatMap(({ actions }) => actions)
  assert.deepEqual([...new Set(asked)].sort(), [...new Set(given)].sort())
  for (const { resource } of controllerQuestions(place, features))
    assert.ok(resource === '*' || !resource.includes('*'))
})

test('AWS is held to the tenant, the scope and the role; below a prefix to that prefix', () => {
  const text = JSON.stringify(controllerStatements({ ...place, locationPath: 's3://research-data/a/' }, []))
  for (const part of [
    '"aws:RequestTag/headgate:tenant":"tenant"',
    '"aws:ResourceTag/headgate:tenant":"tenant"',
    '"s3:AccessGrantScope":"s3://research-data/a/*"',
    '"s3:AccessGrantsLocationScope":["s3://research-data/a/","s3://research-data/a","s3://research-data/a/*"]',
    '"iam:PassedToService":"access-grants.s3.amazonaws.com"',
  ]) {
    assert.ok(text.includes(part), part)
  }
  assert.ok(!text.includes('s3:ListAllMyBuckets'))
  assert.match(
    JSON.stringify(controllerStatements({ ...place, locationPath: 's3://', buckets: [] }, [])),
    /s3:ListAllMyBuckets/,
  )
})

test('in China and the US government regions every ARN is of their partition', () => {
  for (const [region, partition] of [
    ['cn-north-1', 'aws-cn'],
    ['us-gov-west-1', 'aws-us-gov'],
  ]) {
    const text = JSON.stringify(
      controllerStatements(
        { ...place, region: region ?? '', locationRole: `arn:${partition}:iam::1:role/r`, controllers: [] },
        [],
      ),
    )
    assert.ok(text.includes(`arn:${partition}:s3:::research-data`))
    assert.ok(!text.includes('arn:aws:'))
  }
})

/** The operations that a file of `src/aws` calls. */
async function operationsIn(file: string): Promise<Set<string>> {
  const text = await readFile(`${source}/${file}`, 'utf8')
  return new Set([...text.matchAll(/new (\w+)Command\(|paginate(\w+)\(/g)].map(([, one, many]) => one ?? many ?? ''))
}

const source = fileURLToPath(new URL('../src/aws', import.meta.url))
