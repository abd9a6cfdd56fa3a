// What becomes of an object when another takes its place or it is deleted, in a bucket that keeps versions.
// The current object stays where every read looks; what is not current, and every delete marker, is kept beside it.

import type { Randomness } from '../randomness.ts'
import type { World } from '../service.ts'
import type { Bucket, StoredObject, StoredVersion } from '../state.ts'
import { removeObject, storeObject } from './object-index.ts'

/** The id of what was stored before, or while, versions were not kept. */
export const nullVersion = 'null'

/** Makes an object current. Answers the id that the write is told of, where versions are kept. */
export function putVersion(
  { random }: World,
  bucket: Bucket,
  object: Omit<StoredObject, 'versionId'>,
): string | undefined {
  if (bucket.versioning === undefined) {
    storeObject(bucket, object)
    return undefined
  }
  const versionId = bucket.versioning === 'Enabled' ? newVersionId(random) : nullVersion
  retire(bucket, object.key, versionId)
  storeObject(bucket, { ...object, versionId })
  return versionId
}

export interface Deletion {
  readonly versionId?: string | undefined
  /** The version is a delete marker, made or removed. */
  readonly isMarker: boolean
}

/** A delete that names no version: the object goes, or a marker hides it. */
export function deleteCurrent({ random, now }: World, bucket: Bucket, key: string): Deletion {
  if (bucket.versioning === undefined) {
    removeObject(bucket, key)
    return { isMarker: false }
  }
  const versionId = bucket.versioning === 'Enabled' ? newVersionId(random) : nullVersion
  retire(bucket, key, versionId)
  setNoncurrent(bucket, key, [{ versionId, modifiedAt: now() }, ...noncurrentOf(bucket, key)])
  return { versionId, isMarker: true }
}

/** One version, for good; the newest that is left becomes current. */
export function deleteVersion(bucket: Bucket, key: string, versionId: string): Deletion {
  const current = bucket.objects.get(key)
  const kept = noncurrentOf(bucket, key)
  const gone = kept.find(version => version.versionId === versionId)
  if (current && versionIdOf(current) === versionId) removeObject(bucket, key)
  else
    setNoncurrent(
      bucket,
      key,
      kept.filter(version => version !== gone),
    )
  promote(bucket, key)
  return { versionId, isMarker: gone !== undefined && gone.object === undefined }
}

/** A version by its id; undefined where there is none. */
export function findVersion(bucket: Bucket, key: string, versionId: string): StoredVersion | undefined {
  return versionsOf(bucket, key).find(version => version.versionId === versionId)
}

/** Every version of a key, newest first. */
export function versionsOf(bucket: Bucket, key: string): readonly StoredVersion[] {
  const object = bucket.objects.get(key)
  const current = object && { versionId: versionIdOf(object), modifiedAt: object.modifiedAt, object }
  return [...(current ? [current] : []), ...noncurrentOf(bucket, key)]
}

export const versionIdOf = ({ versionId }: StoredObject): string => versionId ?? nullVersion

/** What is current steps back; one that a new version of the same id replaces, `null`, goes. */
function retire(bucket: Bucket, key: string, replacing: string): void {
  const object = bucket.objects.get(key)
  const kept = noncurrentOf(bucket, key).filter(version => version.versionId !== replacing)
  const stays = object !== undefined && versionIdOf(object) !== replacing
  const { modifiedAt = 0 } = object ?? {}
  setNoncurrent(bucket, key, stays ? [{ versionId: versionIdOf(object), modifiedAt, object }, ...kept] : kept)
  if (object) removeObject(bucket, key)
}

function promote(bucket: Bucket, key: string): void {
  const [newest, ...older] = noncurrentOf(bucket, key)
  if (bucket.objects.has(key) || newest?.object === undefined) return
  storeObject(bucket, newest.object)
  setNoncurrent(bucket, key, older)
}

function noncurrentOf(bucket: Bucket, key: string): readonly StoredVersion[] {
  return bucket.noncurrent?.get(key) ?? []
}

function setNoncurrent(bucket: Bucket, key: string, versions: readonly StoredVersion[]): void {
  if (versions.length === 0) bucket.noncurrent?.delete(key)
  else bucket.noncurrent?.set(key, versions)
}

function newVersionId(random: Randomness): string {
  return random.bytes(24).toString('base64url')
}
