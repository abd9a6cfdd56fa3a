/** Resources as they are answered: with their `meta`, and with no more of them than was asked for. */
import { Problem } from '@headgate/core/api'
import { ListResponse } from 'scimmy/messages'
import { coreGroup, groupPlaces, type Json, type Places, userPlaces } from './definitions.ts'
import { isObject, schemasOf, type UserResource } from './user-resource.ts'

/** What of each resource is wanted: some attributes, or all but some. */
export interface Wanted {
  readonly attributes?: readonly string[]
  readonly excludedAttributes?: readonly string[]
}

export interface StoredUser {
  readonly id: number
  readonly resource: UserResource
  readonly version: number
  /** The provider's version when the resource was last read for attributes and principal. */
  readonly readBy: number
  readonly createdAt: number
  readonly updatedAt: number
  readonly groups: readonly { readonly id: number; readonly name: string }[]
}

export interface StoredGroup {
  readonly id: number
  readonly displayName: string
  readonly externalId: string | null
  readonly version: number
  readonly createdAt: number
  readonly updatedAt: number
  /** Absent where nobody asked for them. */
  readonly members?: readonly { readonly id: number; readonly userid: string }[]
}

/** @param base where `/scim/v2` is, without a closing slash */
export function presentUser(user: StoredUser, base: string, wanted: Wanted): Json {
  const { id, resource, groups } = user
  const whole = {
    schemas: schemasOf(resource),
    id: String(id),
    ...resource,
    ...(groups.length === 0
      ? {}
      : {
          groups: groups.map(group => ({
            value: String(group.id),
            $ref: `${base}/Groups/${group.id}`,
            display: group.name,
            type: 'direct',
          })),
        }),
    meta: metaOf('User', user, base),
  }
  return only(whole, wanted, userPlaces)
}

export function presentGroup(group: StoredGroup, base: string, wanted: Wanted): Json {
  const { id, displayName, externalId, members = [] } = group
  const whole = {
    schemas: [coreGroup],
    id: String(id),
    ...(externalId === null ? {} : { externalId }),
    displayName,
    ...(members.length === 0
      ? {}
      : {
          members: members.map(member => ({
            value: String(member.id),
            $ref: `${base}/Users/${member.id}`,
            display: member.userid,
            type: 'User',
          })),
        }),
    meta: metaOf('Group', group, base),
  }
  return only(whole, wanted, groupPlaces)
}

export function presentList(resources: readonly Json[], totalResults: number, startIndex: number): Json {
  return { schemas: [ListResponse.id], totalResults, startIndex, itemsPerPage: resources.length, Resources: resources }
}

export function etagOf(version: number): string {
  return `W/"${version}"`
}

/** Whether an attribute has to be looked up at all. */
export function wants(attribute: string, { attributes, excludedAttributes }: Wanted): boolean {
  const isNamed = (all: readonly string[]) => all.some(one => one.split('.', 1)[0]?.toLowerCase() === attribute)
  if (attributes) return isNamed(attributes)
  return !excludedAttributes?.some(one => one.toLowerCase() === attribute)
}

/** @throws Problem `scim-value-invalid` for both at once */
export function readWanted(query: {
  attributes?: string | undefined
  excludedAttributes?: string | undefined
}): Wanted {
  const list = (text: string) =>
    text
      .split(',')
      .map(one => one.trim())
      .filter(one => one !== '')
  const { attributes, excludedAttributes } = query
  if (attributes && excludedAttributes) {
    throw new Problem('scim-value-invalid', { reason: 'ask for `attributes` or `excludedAttributes`, not for both' })
  }
  if (attributes) return { attributes: list(attributes) }
  return excludedAttributes ? { excludedAttributes: list(excludedAttributes) } : {}
}

function metaOf(resourceType: 'User' | 'Group', stored: StoredUser | StoredGroup, base: string): Json {
  const { id, version, createdAt, updatedAt } = stored
  return {
    resourceType,
    created: new Date(createdAt).toISOString(),
    lastModified: new Date(updatedAt).toISOString(),
    location: `${base}/${resourceType}s/${id}`,
    version: etagOf(version),
  }
}

/** The id and the schemas are always told. */
function only(whole: Json, { attributes, excludedAttributes }: Wanted, places: Places): Json {
  const pathsOf = (names: readonly string[]) => names.flatMap(name => places.get(name.toLowerCase())?.names ?? [])
  const paths = (names: readonly string[]) =>
    names.map(name => pathsOf([name])).filter(path => path.length > 0 && path[0] !== 'id' && path[0] !== 'schemas')
  if (attributes) {
    const found: Record<string, unknown> = { schemas: whole.schemas, id: whole.id }
    for (const path of paths(attributes)) pick(whole, found, path)
    return found
  }
  if (!excludedAttributes) return whole
  return paths(excludedAttributes).reduce<Json>((rest, path) => without(rest, path) as Json, whole)
}

function pick(from: Json, into: Record<string, unknown>, [name = '', ...rest]: readonly string[]): void {
  const value = from[name]
  if (value === undefined) return
  if (rest.length === 0) into[name] = value
  else if (Array.isArray(value)) {
    const before = Array.isArray(into[name]) ? into[name] : value.map(() => ({}))
    for (const [at, one] of value.entries()) if (isObject(one)) pick(one, before[at], rest)
    into[name] = before
  } else if (isObject(value)) {
    const below = { ...(isObject(into[name]) ? into[name] : {}) }
    pick(value, below, rest)
    into[name] = below
  }
}

function without(value: unknown, [name = '', ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map(one => without(one, [name, ...rest]))
  if (!isObject(value) || !(name in value)) return value
  const { [name]: below, ...others } = value
  return rest.length === 0 ? others : { ...others, [name]: without(below, rest) }
}
