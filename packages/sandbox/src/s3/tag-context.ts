// The tags that a write brings with it, and the condition keys that the tags of objects are.

import type { ServiceCall } from '../service.ts'
import type { StoredObject } from '../state.ts'
import { s3Error } from './errors.ts'

export type Tags = ReadonlyMap<string, string>

/** The tags that a write brings in its header, form-encoded; empty when it has none. */
export function tagsInHeader({ request }: ServiceCall): Tags {
  const header = request.headers['x-amz-tagging']
  return header === undefined ? new Map() : checkedTags([...new URLSearchParams(header)], 10)
}

export function requestTagContext(tags: Tags): Readonly<Record<string, string | readonly string[] | undefined>> {
  return {
    's3:RequestObjectTagKeys': tags.size > 0 ? [...tags.keys()] : undefined,
    ...Object.fromEntries([...tags].map(([key, value]) => [`s3:RequestObjectTag/${key}`, value])),
  }
}

export function existingTagContext(object: Pick<StoredObject, 'tags'> | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries([...(object?.tags ?? [])].map(([key, value]) => [`s3:ExistingObjectTag/${key}`, value]))
}

/** Throws BadRequest, InvalidTag. */
export function checkedTags(tags: readonly (readonly [string, string])[], most: number): Tags {
  if (tags.length > most) throw s3Error('BadRequest', {}, `Object tags cannot be greater than ${most}`)
  for (const [key, value] of tags) {
    const isGood =
      /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key) && /^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)
    if (!isGood || key.startsWith('aws:')) throw s3Error('InvalidTag', { TagKey: key, TagValue: value })
  }
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw s3Error('InvalidTag', {}, 'Cannot provide multiple Tags with the same key')
  }
  return new Map(tags)
}
