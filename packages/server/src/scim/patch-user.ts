/**
 * A user after the operations of a PATCH: all of them, or none.
 *
 * As RFC 7644 (3.5.2) says, and where providers do otherwise, as they mean it: `replace` and `add` of
 * `emails[type eq "work"].value` make the value where there is none yet, `remove` of what is not there is done already.
 */
import { Problem } from '@headgate/core/api'
import { enterpriseUser, type Json, type Place, userPlaces } from './definitions.ts'
import { type Filter, type Path, parsePath } from './filter.ts'
import { matches } from './match.ts'
import type { Operation } from './patch.ts'
import { forgiven, inFormOf, isEmpty, isObject, readUser, type UserResource } from './user-resource.ts'

type Node = Record<string, unknown>

const maxValues = 1000

/** @throws Problem `scim-path-invalid`, `scim-no-target`, `scim-mutability`, `scim-value-invalid`, `scim-too-many` */
export function patchUser(resource: UserResource, operations: readonly Operation[]): UserResource {
  const user = structuredClone(resource) as unknown as Node
  for (const { op, path, value } of operations) {
    if (path === undefined) patchEach(user, op, value, '')
    else patchPath(user, op, path, value)
  }
  return readUser(user)
}

/** Without a path: the value's keys are paths themselves. Strangers among them are left out, as in a whole user. */
function patchEach(user: Node, op: Operation['op'], value: unknown, prefix: string): void {
  if (!isObject(value)) {
    throw new Problem('scim-value-invalid', { reason: 'without a `path`, the `value` must be an object' })
  }
  for (const [key, one] of Object.entries(value)) {
    const path = prefix + key
    if (path.toLowerCase() === enterpriseUser.toLowerCase()) patchEach(user, op, one, `${enterpriseUser}:`)
    else if (!isStranger(path)) patchPath(user, op, path, one)
  }
}

function isStranger(path: string): boolean {
  const place = userPlaces.get(path.split('[', 1)[0]?.toLowerCase() ?? '')
  return !place || place.isReadOnly || path.toLowerCase() === 'schemas'
}

function patchPath(user: Node, op: Operation['op'], text: string, value: unknown): void {
  const path = parsePath(text)
  const place = userPlaces.get(path.attribute.toLowerCase())
  if (!place) {
    throw new Problem('scim-path-invalid', {
      path: text.slice(0, 200),
      reason: 'a user has no such attribute: see /Schemas',
    })
  }
  if (place.isReadOnly) throw new Problem('scim-mutability', { attribute: path.attribute })
  // `replace` by nothing is how some providers remove.
  const kind = op === 'replace' && isEmpty(value) ? 'remove' : op
  const isExtension = place.names.length === 1 && place.names[0] === enterpriseUser
  if (path.filter) patchValues(user, kind, path, path.filter, place, value, text)
  else if (isExtension && kind !== 'remove') patchEach(user, op, value, `${enterpriseUser}:`)
  else patchPlain(user, kind, place, value, path.attribute)
}

function patchPlain(user: Node, op: Operation['op'], place: Place, value: unknown, attribute: string): void {
  const { names } = place
  const name = names.at(-1) ?? ''
  for (const parent of parentsOf(user, names.slice(0, -1), op !== 'remove')) {
    if (op === 'remove') removeFrom(parent, name, place, value)
    else setIn(parent, name, place, inFormOf(place, value, attribute), op)
  }
}

/** What holds the attribute: one object, or each value of a list. */
function parentsOf(user: Node, names: readonly string[], makes: boolean): readonly Node[] {
  let parents: Node[] = [user]
  for (const name of names) {
    parents = parents.flatMap(parent => {
      if (makes && parent[name] === undefined) parent[name] = isListNamed(name) ? [{}] : {}
      const below = parent[name]
      return (Array.isArray(below) ? below : [below]).filter(isObject) as Node[]
    })
  }
  return parents
}

function isListNamed(name: string): boolean {
  return userPlaces.get(name.toLowerCase())?.isList === true
}

function setIn(parent: Node, name: string, place: Place, value: unknown, op: 'add' | 'replace'): void {
  if (place.isList) {
    const before = op === 'add' && Array.isArray(parent[name]) ? parent[name] : []
    parent[name] = joined(before, Array.isArray(value) ? value : [value])
  } else if (place.type === 'complex' && isObject(value)) {
    parent[name] = { ...(isObject(parent[name]) ? parent[name] : {}), ...value }
  } else parent[name] = value
}

/** Each value once; when a new one is the primary one, no other is. */
function joined(before: readonly unknown[], added: readonly unknown[]): unknown[] {
  if (before.length + added.length > maxValues) {
    throw new Problem('scim-too-many', { what: 'an attribute', limit: `${maxValues} values` })
  }
  const known = new Set(before.map(one => JSON.stringify(one)))
  const fresh = added.filter(one => !known.has(JSON.stringify(one)))
  const hasPrimary = fresh.some(one => isObject(one) && one.primary === true)
  return [...before.map(one => (hasPrimary && isObject(one) ? { ...one, primary: false } : one)), ...fresh]
}

/** @param value some providers name here which values of a list are to go */
function removeFrom(parent: Node, name: string, place: Place, value: unknown): void {
  const values = parent[name]
  if (!place.isList || isEmpty(value) || !Array.isArray(values)) {
    delete parent[name]
    return
  }
  const going = (Array.isArray(value) ? value : [value]).map(one => (isObject(one) ? one.value : one))
  parent[name] = values.filter(one => !going.includes(isObject(one) ? one.value : one))
}

function patchValues(
  user: Node,
  op: Operation['op'],
  { attribute, sub }: Path,
  filter: Filter,
  place: Place,
  value: unknown,
  text: string,
): void {
  if (!place.isList) {
    throw new Problem('scim-path-invalid', { path: text.slice(0, 200), reason: `\`${attribute}\` has one value alone` })
  }
  const below = sub === undefined ? undefined : userPlaces.get(`${attribute}.${sub}`.toLowerCase())
  if (sub !== undefined && !below) {
    throw new Problem('scim-path-invalid', { path: text.slice(0, 200), reason: `\`${attribute}\` has no \`${sub}\`` })
  }
  const prefix = `${attribute.toLowerCase()}.`
  const name = place.names.at(-1) ?? ''
  const [parent = user] = parentsOf(user, place.names.slice(0, -1), true)
  const values = (Array.isArray(parent[name]) ? parent[name] : []).filter(isObject) as Node[]
  const meant = values.filter(one => matches(filter, one, userPlaces, prefix))
  if (op === 'remove') {
    if (!below) parent[name] = values.filter(one => !meant.includes(one))
    else for (const one of meant) delete one[below.names.at(-1) ?? '']
    return
  }
  const change = below
    ? { [below.names.at(-1) ?? '']: inFormOf(below, value, `${attribute}.${sub}`) }
    : isObject(value)
      ? forgiven(value, prefix)
      : { value }
  if (meant.length > 0) for (const one of meant) Object.assign(one, change)
  else parent[name] = joined(values, [{ ...asked(filter, prefix, text), ...change }])
}

/** The value that a filter of equalities describes: what `emails[type eq "work"]` makes where there is none. */
function asked(filter: Filter, prefix: string, text: string): Json {
  const parts = filter.kind === 'and' ? filter.of : [filter]
  return Object.fromEntries(
    parts.map(one => {
      const place =
        one.kind === 'compare' && one.by === 'eq' ? userPlaces.get((prefix + one.attribute).toLowerCase()) : undefined
      if (one.kind !== 'compare' || !place) {
        throw new Problem('scim-no-target', { path: text.slice(0, 200), reason: 'nothing is there that it means' })
      }
      return [place.names.at(-1) ?? '', inFormOf(place, one.value, prefix + one.attribute)]
    }),
  )
}
