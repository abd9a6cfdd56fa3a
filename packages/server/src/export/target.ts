/**
 * A bucket and path that exports are put into: opened with the credentials it says, for whoever exports there.
 *
 * Keys are those below the path. Nothing outside of the path is listed, written or removed.
 */
import { createHash, type Hash } from 'node:crypto'
import { type ExportTargetInput, Problem, type TargetTest } from '@headgate/core/api'
import type { AwsTarget } from '../aws/clients.ts'
import {
  abortUploads,
  deleteObject,
  type ListedObject,
  listObjects,
  type Place,
  putObject,
} from '../aws/export-target.ts'
import type { TargetColumns, TargetRow } from '../db/export-target.ts'
import type { Vault } from '../secrets.ts'
import type { World } from '../world.ts'
import { checkTarget } from './check-target.ts'

export interface ExportTarget {
  readonly bucketName: string
  readonly region: string
  /** Without slashes around it; empty: the whole bucket. */
  readonly path: string
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string }
    | { readonly assumedRole: string }
  readonly kmsKeyArn?: string | undefined
}

/** What was put. */
export interface PutFile {
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
}

export interface OpenTarget {
  /** One object, whole or not at all. A stream may be endless; it is taken as fast as it goes out. */
  put(key: string, body: string | Uint8Array | AsyncIterable<Uint8Array>, contentType?: string): Promise<PutFile>
  /** One small object where there is none; throws AwsFailure `PreconditionFailed` where there is. */
  putNew(key: string, body: Uint8Array, contentType: string): Promise<PutFile>
  /** All objects whose keys begin so, by key. */
  list(prefix: string): AsyncGenerator<ListedObject>
  delete(key: string): Promise<void>
  /** Gives up what a process that was killed had begun to upload there. Needs permissions that not everybody gives. */
  abortUploads(prefix: string): Promise<void>
  /** Writes, lists and deletes a small object; each permission that is missing is named. */
  test(): Promise<TargetTest>
  /** Where a key lies in the bucket. */
  keyOf(key: string): string
  /** The same, bucket and all: `s3://bucket/path/key`. */
  placeOf(key: string): string
  close(): void
}

type Opens = Pick<World, 'aws'>

/** @example const open = openTarget(world, target); try { await open.put('a.txt', 'a') } finally { open.close() } */
export function openTarget(world: Opens, target: ExportTarget): OpenTarget {
  const { bucketName: bucket, kmsKeyArn, path } = target
  const { clients, destroy } = world.aws.forUploads(awsTargetOf(target))
  const place: Place = { bucket, kmsKeyArn }
  const below = path === '' ? '' : `${path}/`
  return {
    async put(key, body, contentType = 'application/octet-stream') {
      const hash = createHash('sha256')
      if (typeof body === 'string' || body instanceof Uint8Array) {
        const bytes = Buffer.from(body)
        await putObject(clients, place, below + key, bytes, contentType)
        return { bytes: bytes.length, sha256: hash.update(bytes).digest('hex') }
      }
      const counted = { bytes: 0 }
      await putObject(clients, place, below + key, counting(body, hash, counted), contentType)
      return { bytes: counted.bytes, sha256: hash.digest('hex') }
    },
    async putNew(key, body, contentType) {
      await putObject(clients, place, below + key, body, contentType, true)
      return { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') }
    },
    async *list(prefix) {
      for await (const { key, bytes } of listObjects(clients, bucket, below + prefix)) {
        yield { key: key.slice(below.length), bytes }
      }
    },
    delete: key => deleteObject(clients, bucket, below + key),
    abortUploads: prefix => abortUploads(clients, bucket, below + prefix),
    test: () => checkTarget(world, target, clients),
    keyOf: key => below + key,
    placeOf: key => `s3://${bucket}/${below}${key}`,
    close: destroy,
  }
}

export function awsTargetOf({ region, credentials }: ExportTarget): AwsTarget {
  // Whose account it is, is not asked: the bucket says who may write.
  return { accountId: '', region, credentials }
}

/** With the secret in the clear: not to be kept. */
export function targetOfRow(vault: Vault, row: TargetRow): ExportTarget {
  return {
    bucketName: row.bucket,
    region: row.region,
    path: row.path,
    credentials: credentialsOfRow(vault, row),
    ...(row.kms_key_arn === null ? {} : { kmsKeyArn: row.kms_key_arn }),
  }
}

/**
 * What somebody asks a target to be.
 * @param before the target as it is stored, whose secret stays when none is given for the same key id
 * @throws Problem `request-invalid` where a secret is missing
 */
export function targetOfInput(vault: Vault, input: ExportTargetInput, before?: TargetRow): ExportTarget {
  const { bucketName, region, path, kmsKeyArn } = input
  return { bucketName, region, path, credentials: credentialsOf(vault, input, before), kmsKeyArn }
}

/** @param intent of the row: its secret opens for no other */
export function targetToStore(vault: Vault, target: ExportTarget, intent: string): TargetColumns {
  const { credentials } = target
  const key = 'assumedRole' in credentials ? undefined : credentials
  return {
    bucket: target.bucketName,
    region: target.region,
    path: target.path,
    authentication_type: key ? 'accessKey' : 'iamRole',
    access_key_id: key?.accessKeyId ?? null,
    secret_access_key: key ? vault.seal(key.secretAccessKey, targetSecretContext(intent)) : null,
    role_arn: 'assumedRole' in credentials ? credentials.assumedRole : null,
    kms_key_arn: target.kmsKeyArn ?? null,
  }
}

/** The row that a secret is sealed for. */
export function targetSecretContext(intent: string): string {
  return `export-target/${intent}/secretAccessKey`
}

function credentialsOf(vault: Vault, input: ExportTargetInput, before?: TargetRow): ExportTarget['credentials'] {
  if (input.authenticationType === 'iamRole') return { assumedRole: input.roleArn }
  const { accessKeyId, secretAccessKey } = input
  if (secretAccessKey !== undefined) return { accessKeyId, secretAccessKey }
  if (before?.access_key_id === accessKeyId) return credentialsOfRow(vault, before)
  const issue = { path: 'secretAccessKey', message: 'is missing: it belongs to another `accessKeyId`' }
  throw new Problem('request-invalid', { reason: `\`${issue.path}\` ${issue.message}`, issues: [issue] })
}

function credentialsOfRow(vault: Vault, row: TargetRow): ExportTarget['credentials'] {
  const { role_arn: assumedRole, access_key_id: accessKeyId, secret_access_key: secret } = row
  if (assumedRole !== null) return { assumedRole }
  if (accessKeyId === null || secret === null) throw new Error(`export target ${row.id} has no stored access key`)
  return { accessKeyId, secretAccessKey: vault.open(secret, targetSecretContext(row.intent)) }
}

async function* counting(body: AsyncIterable<Uint8Array>, hash: Hash, counted: { bytes: number }) {
  for await (const chunk of body) {
    hash.update(chunk)
    counted.bytes += chunk.length
    yield chunk
  }
}
