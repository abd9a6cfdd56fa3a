/**
 * What a call of S3 needs: the target to ask a grant for, and the permission. Pure.
 *
 * Which operation belongs to which permission is AWS's list (S3 user guide, *Access grant permissions*). A listing asks
 * for everything that begins with its prefix, because that is what it shows.
 */
import { DifferentBuckets } from './errors.ts'
import { commonBeginning } from './scope.ts'

export type Permission = 'READ' | 'WRITE' | 'READWRITE'

export interface Wanted {
  readonly bucket: string
  /** `s3://bucket/key`, or `s3://bucket/prefix*`. */
  readonly target: string
  readonly permission: Permission
}

/** The parts of a call's input that say what it touches. */
export interface S3Input {
  readonly Bucket?: string | undefined
  readonly Key?: string | undefined
  readonly Prefix?: string | undefined
  readonly CopySource?: string | undefined
  readonly Delete?: { readonly Objects?: readonly { readonly Key?: string | undefined }[] | undefined } | undefined
}

/**
 * `operation` as the SDK names it, without `Command`; undefined: Access Grants does not give it.
 * Throws DifferentBuckets for a copy between two.
 */
export function wantedBy(operation: string, input: S3Input): Wanted | undefined {
  const { Bucket: bucket } = input
  if (bucket === undefined) return undefined
  const of = (key: string, permission: Permission): Wanted => ({ bucket, target: `s3://${bucket}/${key}`, permission })
  switch (operation) {
    case 'GetObject':
    case 'HeadObject':
    case 'GetObjectAcl':
    case 'GetObjectAttributes':
    case 'ListParts':
      return of(input.Key ?? '', 'READ')
    case 'ListObjects':
    case 'ListObjectsV2':
    case 'ListObjectVersions':
    case 'ListMultipartUploads':
      return of(`${input.Prefix ?? ''}*`, 'READ')
    case 'HeadBucket':
      return of('*', 'READ')
    case 'PutObject':
    case 'PutObjectAcl':
    case 'DeleteObject':
    case 'CreateMultipartUpload':
    case 'UploadPart':
    case 'CompleteMultipartUpload':
    case 'AbortMultipartUpload':
      return of(input.Key ?? '', 'WRITE')
    case 'DeleteObjects': {
      const keys = (input.Delete?.Objects ?? []).map(({ Key = '' }) => Key)
      return keys.length === 1 ? of(keys[0] ?? '', 'WRITE') : of(`${commonBeginning(keys)}*`, 'WRITE')
    }
    case 'CopyObject':
    case 'UploadPartCopy':
      return copied(bucket, input.Key ?? '', input.CopySource ?? '', of)
    default:
      return undefined
  }
}

/** Reads the one and writes the other with one set of credentials, so that a grant must cover both. */
function copied(bucket: string, key: string, source: string, of: (key: string, permission: Permission) => Wanted) {
  const path = decodeURIComponent(source.replace(/\?versionId=.*$/, '')).replace(/^\//, '')
  const slash = path.indexOf('/')
  const from = path.slice(0, slash)
  if (from !== bucket) throw new DifferentBuckets(from, bucket)
  const fromKey = path.slice(slash + 1)
  return fromKey === key ? of(key, 'READWRITE') : of(`${commonBeginning([fromKey, key])}*`, 'READWRITE')
}
