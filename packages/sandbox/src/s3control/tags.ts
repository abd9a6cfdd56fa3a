/** Tags of instances, locations and grants: their rules, and the three operations that read and change them. */
import type { AccessGrantsInstance } from '../state.ts'
import { childOf, childrenOf, queryValues, textOf, type XmlElement, type XmlFields } from '../wire.ts'
import { type ControlCall, type ControlHandler, findInstance, permit, readDocument } from './control-call.ts'
import { controlError } from './errors.ts'

const MAX_TAGS = 50

export const tagResource: ControlHandler = call => {
  const added = readTags(readDocument(call.request, 'TagResourceRequest'))
  const tags = taggedResource(call, added)
  const together = new Map([...tags, ...added])
  if (together.size > MAX_TAGS) throw controlError('TooManyTags')
  for (const [key, value] of added) tags.set(key, value)
  return {}
}

export const untagResource: ControlHandler = call => {
  const keys = queryValues(call.request, 'tagKeys')
  if (keys.length === 0) throw controlError('InvalidRequest', 'At least one tag key is required')
  const tags = taggedResource(call, new Map(keys.map(key => [key, ''])))
  for (const key of keys) tags.delete(key)
  return {}
}

export const listTagsForResource: ControlHandler = call => ({ Tags: printTags(taggedResource(call, new Map())) })

/** The `<Tags>` of a request body. Throws InvalidTag, InvalidTags or TooManyTags. */
export function readTags(document: XmlElement | undefined): Map<string, string> {
  const tags = new Map<string, string>()
  for (const tag of childrenOf(childOf(document, 'Tags'), 'Tag')) {
    const key = textOf(tag, 'Key') ?? ''
    const value = textOf(tag, 'Value') ?? ''
    if (!isTagText(key, 128) || key === '' || !isTagText(value, 256) || tags.has(key)) throw controlError('InvalidTag')
    if (key.toLowerCase().startsWith('aws:')) throw controlError('InvalidTags')
    tags.set(key, value)
  }
  if (tags.size > MAX_TAGS) throw controlError('TooManyTags')
  return tags
}

const isTagText = (text: string, most: number): boolean =>
  text.length <= most && /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(text)

const printTags = (tags: ReadonlyMap<string, string>): XmlFields => ({
  Tag: [...tags].map(([Key, Value]) => ({ Key, Value })),
})

/** The tags of what the ARN in the path names, once the caller may touch them. */
function taggedResource(call: ControlCall, added: ReadonlyMap<string, string>): Map<string, string> {
  const match =
    /^arn:aws:s3:([a-z0-9-]+):(\d{12}):access-grants\/default(?:\/(grant|location)\/([a-zA-Z0-9-]{1,64}))?$/.exec(
      call.named,
    )
  if (match === null) throw controlError('InvalidRequest', 'The specified resource ARN is invalid')
  const [, region, account, kind, id] = match
  if (account !== call.account || region !== call.region) {
    throw controlError('InvalidRequest', 'The resource ARN is of another account or region')
  }
  const instance = findInstance(call)
  const tags = instance === undefined ? undefined : tagsOf(instance, kind, id ?? '')
  permit(call, call.named, { resourceTags: tags, requestTags: added })
  if (instance === undefined) throw controlError('AccessGrantsInstanceNotExistsError')
  if (tags === undefined) {
    throw controlError(kind === 'grant' ? 'NoSuchAccessGrantError' : 'NoSuchAccessGrantsLocationError')
  }
  return tags
}

function tagsOf(instance: AccessGrantsInstance, kind: string | undefined, id: string): Map<string, string> | undefined {
  if (kind === 'grant') return instance.grants.get(id)?.tags
  return kind === 'location' ? instance.locations.get(id)?.tags : instance.tags
}
