// The current objects of a bucket and their keys in order. The order is derived and kept beside the state, never in it:
// after a restore, or a change made past these functions, it is built anew.

import type { Bucket, StoredObject } from '../state.ts'
import { SortedKeys } from './sorted-keys.ts'

interface Index {
  readonly keys: SortedKeys
  size: number
}

const indexes = new WeakMap<Bucket, Index>()

export function storeObject(bucket: Bucket, object: StoredObject): void {
  const index = indexOf(bucket)
  bucket.objects.set(object.key, object)
  index.keys.add(object.key)
  index.size = bucket.objects.size
}

export function removeObject(bucket: Bucket, key: string): void {
  const index = indexOf(bucket)
  bucket.objects.delete(key)
  index.keys.delete(key)
  index.size = bucket.objects.size
}

/** The bucket's keys in UTF-8 byte order. */
export function keysOf(bucket: Bucket): SortedKeys {
  return indexOf(bucket).keys
}

function indexOf(bucket: Bucket): Index {
  const known = indexes.get(bucket)
  if (known !== undefined && known.size === bucket.objects.size) return known
  const index = { keys: SortedKeys.from(bucket.objects.keys()), size: bucket.objects.size }
  indexes.set(bucket, index)
  return index
}
