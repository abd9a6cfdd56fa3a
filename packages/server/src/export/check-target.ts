/**
 * Trying a target out: a small object is written, listed and removed, and each permission that is missing is named.
 *
 * Tells what AWS refuses, in AWS's own name for it. Writes nothing but `.headgate-test`, and says when it had to stay.
 */
import type { TargetCheck, TargetTest } from '@headgate/core/api'
import { AwsFailure } from '../aws/aws-error.ts'
import { lookAtAnybodysBucket } from '../aws/buckets.ts'
import type { AwsClients } from '../aws/clients.ts'
import {
  deleteObject,
  listObjects,
  type Place,
  putInParts,
  putObject,
  trustsWithoutExternalId,
} from '../aws/export-target.ts'
import { callerIdentity } from '../aws/identity.ts'
import type { World } from '../world.ts'
import type { ExportTarget } from './target.ts'

/** Never throws what AWS answered. */
export async function checkTarget(
  world: Pick<World, 'aws'>,
  target: ExportTarget,
  clients: AwsClients,
): Promise<TargetTest> {
  const checks = await checksOf(world, target, clients)
  return { status: checks.some(({ status }) => status === 'failed') ? 'failed' : 'passed', checks }
}

async function checksOf(world: Pick<World, 'aws'>, target: ExportTarget, clients: AwsClients): Promise<TargetCheck[]> {
  const entry = await checkWayIn(world, target, clients)
  if (entry.some(({ status }) => status === 'failed')) return entry
  const bucket = await checkBucket(target, clients)
  if (bucket.status === 'failed') return [...entry, bucket]
  return [...entry, bucket, ...(await checkObject(target, clients))]
}

// ── Getting in ──

async function checkWayIn(
  { aws }: Pick<World, 'aws'>,
  { credentials, region }: ExportTarget,
  clients: AwsClients,
): Promise<TargetCheck[]> {
  const isRole = 'assumedRole' in credentials
  const name = isRole ? 'sts:AssumeRole' : 'accessKey'
  const fix = isRole
    ? 'its trust policy must let Headgate assume it with the tenant id as external id'
    : 'check `accessKeyId` and `secretAccessKey`'
  const entered = await tried(
    name,
    () => callerIdentity(clients),
    () => fix,
  )
  if (!isRole || entered.status === 'failed') return [entered]
  const open = await tried(
    'sts:ExternalId',
    () =>
      aws.trying({ accountId: '', region, credentials: 'auto' }, own =>
        trustsWithoutExternalId(own, credentials.assumedRole),
      ),
    () => 'the trust policy could not be tried without an external id',
  )
  if (!('value' in open)) return [entered, open]
  const { value: isOpen, ...check } = open
  if (!isOpen) return [plain(entered), check]
  const message =
    'the trust policy asks for no external id: add the condition `sts:ExternalId` with the tenant id, or anybody who may use Headgate somewhere could have it write there'
  return [plain(entered), { name: check.name, status: 'failed', message }]
}

// ── The bucket ──

async function checkBucket({ bucketName, region }: ExportTarget, clients: AwsClients): Promise<TargetCheck> {
  const name = 'bucket'
  try {
    const found = await lookAtAnybodysBucket(clients, bucketName)
    if (found.is === 'missing') {
      return { name, status: 'failed', message: `there is no bucket \`${bucketName}\`: make it, or correct the name` }
    }
    if (found.is === 'elsewhere') {
      const where = found.region ?? 'another region'
      const message = `bucket \`${bucketName}\` lies in ${where}, not in ${region}: correct \`region\``
      return { name, status: 'failed', message }
    }
    return { name, status: 'passed' }
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    return { name, status: 'failed', message: told(error) }
  }
}

// ── An object in it ──

const testKey = '.headgate-test'

async function checkObject(target: ExportTarget, clients: AwsClients): Promise<TargetCheck[]> {
  const { bucketName: bucket, path, kmsKeyArn } = target
  const place: Place = { bucket, kmsKeyArn }
  const key = path === '' ? testKey : `${path}/${testKey}`
  const body = Buffer.from('Headgate writes this to see whether it may.\n')
  const put = await tried('s3:PutObject', () => putObject(clients, place, key, body, 'text/plain'), fixOf(target))
  const parts = await tried('s3:PutObject', () => putInParts(clients, place, key, body), fixOf(target))
  const list = await tried('s3:ListBucket', () => listFirst(clients, bucket, key), fixOf(target))
  const wasPut = put.status === 'passed' || parts.status === 'passed'
  const removed: TargetCheck = wasPut
    ? await tried('s3:DeleteObject', () => deleteObject(clients, bucket, key), fixOf(target))
    : { name: 's3:DeleteObject', status: 'skipped', message: 'nothing was written that could be deleted' }
  return [...merged([put, parts]), plain(list), softened(removed, key)]
}

async function listFirst(clients: AwsClients, bucket: string, key: string): Promise<void> {
  for await (const _ of listObjects(clients, bucket, key)) return
}

/** Writing in one and in several calls is one permission, unless something else is in the way of either. */
function merged(writes: readonly TargetCheck[]): TargetCheck[] {
  const failed = writes.filter(({ status }) => status === 'failed')
  if (failed.length === 0) return [{ name: 's3:PutObject', status: 'passed' }]
  return [...new Map(failed.map(check => [check.name, plain(check)])).values()]
}

/** Exports go without deleting, only less tidily. */
function softened(check: TargetCheck, key: string): TargetCheck {
  if (check.status !== 'failed') return plain(check)
  const message = `${check.message}; exports go on without it, but \`${key}\` stays, and a day that is exported twice says so in its manifest only`
  return { name: check.name, status: 'warning', message }
}

function fixOf({ kmsKeyArn }: ExportTarget) {
  return (name: string) =>
    name.startsWith('kms:')
      ? `allow it on ${kmsKeyArn ?? "the bucket's key"}, in the IAM policy and in the policy of the key`
      : 'allow it in the IAM policy, and see that the bucket policy does not deny it'
}

// ── What AWS answered ──

async function tried<T>(
  name: string,
  call: () => Promise<T>,
  fix: (name: string) => string,
): Promise<TargetCheck & ({ readonly value: T } | object)> {
  try {
    return { name, status: 'passed', value: await call() }
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const missing = error.kind === 'denied' ? (refusedAction(error.message) ?? name) : name
    const message = error.kind === 'denied' ? `${told(error)}: ${fix(missing)}` : told(error)
    return { name: missing, status: 'failed', message }
  }
}

/** AWS says which action it would not allow; a HEAD says nothing. */
function refusedAction(message: string): string | undefined {
  return /not authorized to perform: ([a-z0-9]+:[A-Za-z0-9]+)/.exec(message)?.[1]
}

function told({ operation, code, message }: AwsFailure): string {
  return `AWS answered ${operation} with ${code}${message === '' ? '' : ` (${message})`}`
}

function plain({ name, status, message }: TargetCheck): TargetCheck {
  return { name, status, ...(message === undefined ? {} : { message }) }
}
