/**
 * The session policy of vended credentials: what narrows the location's role to one scope and one level.
 * AWS publishes none; this one allows exactly the fourteen S3 actions of its table of supported actions, and KMS through S3.
 */
import type { Permission } from '../state.ts'
import type { Unknowns } from '../unknowns.ts'
import { splitScope } from './scope.ts'

const READ_OBJECT = ['GetObject', 'GetObjectVersion', 'GetObjectAcl', 'GetObjectVersionAcl', 'ListMultipartUploadParts']
const READ_BUCKET = ['ListBucket', 'ListBucketVersions', 'ListBucketMultipartUploads']
const WRITE_OBJECT = [
  'PutObject',
  'PutObjectAcl',
  'PutObjectVersionAcl',
  'DeleteObject',
  'DeleteObjectVersion',
  'AbortMultipartUpload',
]

/** `scope` ends in `*` for a prefix; without, it is one object. Returns JSON text. */
export function vendedPolicy(scope: string, level: Permission, region: string, unknowns: Unknowns): string {
  const reads = level !== 'WRITE'
  const writes = level !== 'READ'
  const place = placeOf(scope)
  const statements: object[] = [
    {
      Effect: 'Allow',
      Action: [...(reads ? READ_OBJECT : []), ...(writes ? WRITE_OBJECT : [])].map(action => `s3:${action}`),
      Resource: `arn:aws:s3:::${place.objects}`,
    },
    {
      Effect: 'Allow',
      Action: [...(reads ? ['kms:Decrypt'] : []), ...(writes ? ['kms:GenerateDataKey'] : [])],
      Resource: '*',
      Condition: { StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } },
    },
  ]
  if (reads && place.listing !== undefined) {
    const resource = `arn:aws:s3:::${place.bucket}`
    statements.push({
      Effect: 'Allow',
      Action: READ_BUCKET.map(action => `s3:${action}`),
      Resource: resource,
      ...(place.listing === '*' ? {} : { Condition: { StringLike: { 's3:prefix': place.listing } } }),
    })
    if (place.listing !== '*' && unknowns.headBucketUnderPrefix) {
      statements.push({
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: resource,
        Condition: { Null: { 's3:prefix': 'true' } },
      })
    }
  }
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

/** What STS accepts as a session policy, in characters. */
export const MAX_SESSION_POLICY_CHARACTERS = 2048

interface Place {
  readonly bucket: string
  /** Bucket and keys as a resource. */
  readonly objects: string
  /** The prefixes that may be listed; undefined for a single object, whose neighbours are nobody's business. */
  readonly listing: string | undefined
}

function placeOf(scope: string): Place {
  const { bucket, key } = splitScope(scope)
  if (key === undefined) {
    // `s3://lake*` is open within the bucket's name and so covers `lake-secret` too, as text does.
    const open = bucket.endsWith('*')
    const name = open ? `${literal(bucket.slice(0, -1))}*` : literal(bucket)
    return { bucket: name, objects: `${name}/${open ? '*' : ''}`, listing: open ? '*' : undefined }
  }
  const bucketName = literal(bucket)
  if (!key.endsWith('*')) return { bucket: bucketName, objects: `${bucketName}/${literal(key)}`, listing: undefined }
  const prefix = `${literal(key.slice(0, -1))}*`
  return { bucket: bucketName, objects: `${bucketName}/${prefix}`, listing: prefix }
}

/** Keys may hold the signs that mean something in a policy; these are IAM's own escapes. */
const literal = (text: string): string => text.replace(/[*?$]/g, sign => `\${${sign}}`)
