// The object, or the one version of it, that a request names; which action it is depends on whether it names a version.

import type { AccessQuestion, ServiceCall } from '../service.ts'
import type { Bucket, StoredObject } from '../state.ts'
import { queryValue } from '../wire.ts'
import { authorizeOn, noSuchKey, requestedBucket, requestedKey } from './bucket-access.ts'
import { s3Error } from './errors.ts'
import { storeObject } from './object-index.ts'
import { existingTagContext } from './tag-context.ts'
import { findVersion, versionIdOf, versionsOf } from './versions.ts'

export interface FoundVersion {
  readonly bucket: Bucket
  readonly object: StoredObject
}

/** `action` as for a request without version: `GetObject`, `GetObjectTagging`. Throws AccessDenied, NoSuchKey, NoSuchVersion. */
export function requestedVersion(call: ServiceCall, action: string, context?: AccessQuestion['context']): FoundVersion {
  const bucket = requestedBucket(call)
  const object = findObject(call, bucket, requestedKey(call), queryValue(call.request, 'versionId'), action, context)
  return { bucket, object }
}

export function findObject(
  call: ServiceCall,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  action: string,
  context: AccessQuestion['context'] = {},
): StoredObject {
  const version = versionId === undefined ? undefined : findVersion(bucket, key, versionId)
  const object = versionId === undefined ? bucket.objects.get(key) : version?.object
  const asked = versionId === undefined ? action : versionAction(action)
  authorizeOn(call, bucket, `s3:${asked}`, key, {
    ...existingTagContext(object),
    's3:versionid': versionId,
    ...context,
  })
  if (object !== undefined) return object
  if (versionId !== undefined) throw missingVersion(key, versionId, version !== undefined)
  throw noSuchKey(call, bucket, key)
}

/** Puts a changed version where the one of the same id is. */
export function replaceVersion(bucket: Bucket, object: StoredObject): void {
  const { key } = object
  const isCurrent = bucket.objects.get(key)?.versionId === object.versionId
  if (isCurrent) {
    storeObject(bucket, object)
    return
  }
  const changed = versionsOf(bucket, key)
    .filter(version => version.object !== bucket.objects.get(key))
    .map(version => (version.versionId === versionIdOf(object) ? { ...version, object } : version))
  bucket.noncurrent?.set(key, changed)
}

/** `GetObject` → `GetObjectVersion`, `GetObjectTagging` → `GetObjectVersionTagging`. */
const versionAction = (action: string): string => action.replace('Object', 'ObjectVersion')

function missingVersion(key: string, versionId: string, isMarker: boolean) {
  if (isMarker) return s3Error('MethodNotAllowed', { Method: 'GET', ResourceType: 'DeleteMarker' })
  return s3Error('NoSuchVersion', { Key: key, VersionId: versionId })
}
