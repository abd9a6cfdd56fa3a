/**
 * A user as a provider describes it, checked and in one form: the attributes' own spelling, what is unassigned left out.
 *
 * Forgives what providers really send: booleans as text (`"False"`), one value where a list belongs, a manager as a bare
 * id. What is not in the definition is left out; what has the wrong type is refused.
 */
import { Problem } from '@headgate/core/api'
import { coreUser, enterpriseUser, type Json, type Place, userDefinition, userPlaces } from './definitions.ts'
import { type Filter, parsePath } from './filter.ts'
import { matches } from './match.ts'

/** As it is stored, and answered but for `id`, `schemas`, `groups` and `meta`. */
export interface UserResource extends Json {
  readonly userName: string
  readonly externalId?: string
  readonly active: boolean
}

const maxBytes = 64 * 1024
const maxText = 1024

/** @throws Problem `scim-value-invalid`, `scim-too-many` */
export function readUser(body: unknown): UserResource {
  if (!isObject(body)) throw new Problem('scim-value-invalid', { reason: 'a user must be an object' })
  const { groups: _, ...plain } = forgiven(body, '') as Json
  const resource = coerced(plain)
  const userName = resource.userName
  if (typeof userName !== 'string') throw new Problem('scim-value-invalid', { reason: '`userName` is missing' })
  if (JSON.stringify(resource).length > maxBytes) {
    throw new Problem('scim-too-many', { what: 'a user', limit: `${maxBytes} bytes` })
  }
  refuseText(resource)
  return { ...resource, userName, active: resource.active !== false }
}

function coerced(plain: Json): Json {
  try {
    // The library answers proxies and frozen accessors: made plain.
    const { schemas: _, meta: __, ...rest } = JSON.parse(JSON.stringify(userDefinition.coerce(plain, 'in')))
    return Object.fromEntries(Object.entries(rest as Json).filter(([, value]) => !isEmpty(value)))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new Problem('scim-value-invalid', { reason: error.message }, { cause: error })
  }
}

/**
 * Values in the form that the definition asks for.
 * @param prefix the attribute that they are of, with a dot, or nothing
 */
export function forgiven(value: Json, prefix: string): Json {
  const seen = new Set<string>()
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]): [string, unknown][] => {
      const place = userPlaces.get((prefix + key).toLowerCase())
      const name = place ? ownName(key, place) : key
      if (seen.has(name)) throw new Problem('scim-value-invalid', { reason: `\`${name}\` stands twice` })
      seen.add(name)
      const mended = place ? inFormOf(place, one, prefix + key) : prefix === '' ? one : undefined
      return isEmpty(mended) ? [] : [[name, mended]]
    }),
  )
}

/** Whole extensions and their attributes may be addressed by their URN. */
function ownName(key: string, { names }: Place): string {
  const [first = key, ...rest] = names
  return key.toLowerCase().startsWith('urn:') && rest.length > 0 ? `${first}:${rest.join('.')}` : (names.at(-1) ?? key)
}

/** One value of an attribute in the form that its place asks for. */
export function inFormOf(place: Place, value: unknown, attribute: string): unknown {
  if (place.isList && !Array.isArray(value)) return isEmpty(value) ? [] : [part(place, value, attribute)]
  if (Array.isArray(value)) {
    if (!place.isList) return value
    return value.map(one => part(place, one, attribute)).filter(one => !isEmpty(one))
  }
  return part(place, value, attribute)
}

function part(place: Place, value: unknown, attribute: string): unknown {
  if (place.type === 'boolean' && typeof value === 'string') {
    const text = value.toLowerCase()
    return text === 'true' ? true : text === 'false' ? false : value
  }
  if (place.type !== 'complex') return value
  const separator = place.names[0] === enterpriseUser && place.names.length === 1 ? ':' : '.'
  if (isObject(value)) return forgiven(value, attribute + separator)
  if (Array.isArray(value))
    throw new Problem('scim-value-invalid', { reason: `\`${attribute}\` holds a list within a list` })
  return typeof value === 'string' && value !== '' ? { value } : value
}

/** `null`, empty texts, lists and objects all mean: unassigned. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuseText(value: unknown, name = ''): void {
  if (typeof value === 'string') {
    if (value.length > maxText) {
      throw new Problem('scim-value-invalid', { reason: `\`${name}\` is longer than ${maxText} characters` })
    }
    // PostgreSQL stores neither, and no name has them.
    if (/\p{Cc}/u.test(value) || !value.isWellFormed()) {
      throw new Problem('scim-value-invalid', { reason: `\`${name}\` must be text without control characters` })
    }
  } else if (Array.isArray(value)) for (const one of value) refuseText(one, name)
  else if (isObject(value)) for (const [key, one] of Object.entries(value)) refuseText(one, key)
}

/** What people call the user. */
export function displayNameOf(resource: UserResource): string {
  const name = isObject(resource.name) ? resource.name : {}
  const full = [name.givenName, name.familyName].filter(one => typeof one === 'string').join(' ')
  const [found = resource.userName] = [resource.displayName, name.formatted, full].filter(
    (one): one is string => typeof one === 'string' && one.trim() !== '',
  )
  return found
}

/** The primary e-mail address, else the one for work, else the first. */
export function emailOf({ emails }: UserResource): string | undefined {
  const all = Array.isArray(emails) ? emails.filter(isObject) : []
  const found = all.find(one => one.primary === true) ?? all.find(one => one.type === 'work') ?? all[0]
  return typeof found?.value === 'string' ? found.value : undefined
}

/**
 * What a user says under a path such as `title`, `emails[type eq "work"].value` or
 * `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`; of several values all.
 * @throws Problem `scim-path-invalid`, `scim-filter-invalid`
 */
export function valuesAt(resource: Json, path: string): string[] {
  const { attribute, filter, sub } = parsePath(path)
  const whole = `${attribute}${sub === undefined ? '' : `.${sub}`}`
  const place = userPlaces.get(whole.toLowerCase())
  if (!place) throw new Problem('scim-path-invalid', { path, reason: 'a user has no such attribute: see /Schemas' })
  return valuesBelow(resource, place.names, filter, attribute)
}

function valuesBelow(
  value: unknown,
  names: readonly string[],
  filter: Filter | undefined,
  attribute: string,
): string[] {
  if (Array.isArray(value)) {
    return value
      .filter(one => !filter || (isObject(one) && matches(filter, one, userPlaces, `${attribute}.`)))
      .flatMap(one => valuesBelow(one, names, undefined, attribute))
  }
  const [name, ...rest] = names
  if (name !== undefined) return isObject(value) ? valuesBelow(value[name], rest, filter, attribute) : []
  // A list of values without a part named: what it is about.
  if (isObject(value)) return valuesBelow(value.value, [], undefined, attribute)
  return isEmpty(value) ? [] : [String(value)]
}

/** The schemas that a resource says it is of. */
export function schemasOf(resource: Json): string[] {
  return resource[enterpriseUser] === undefined ? [coreUser] : [coreUser, enterpriseUser]
}
