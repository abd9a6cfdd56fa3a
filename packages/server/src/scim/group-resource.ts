/**
 * A group as a provider describes it, and what the operations of a PATCH come to: who is to be in and who out, at once.
 *
 * However many operations a PATCH has, its outcome is one set of people: nothing here costs more per operation than a
 * look into a map. Members are users of the same provider; groups within groups are refused.
 */
import { Problem } from '@headgate/core/api'
import { groupPlaces, type Json } from './definitions.ts'
import { type Filter, type Path, parsePath } from './filter.ts'
import type { Operation } from './patch.ts'
import { isEmpty, isObject } from './user-resource.ts'

/** What is not named stays as it is. */
export interface GroupChange {
  readonly displayName?: string
  /** null: none. */
  readonly externalId?: string | null
  readonly members: MembersChange
}

export interface MembersChange {
  /** Whether everybody else is to be out. */
  readonly isWhole: boolean
  readonly added: readonly number[]
  readonly removed: readonly number[]
}

export interface NewGroup extends GroupChange {
  readonly displayName: string
}

export const maxMembers = 100_000
const maxName = 255

/** A whole group: what it does not name, it has not. Throws Problem `scim-value-invalid`, `scim-too-many`. */
export function readGroup(body: unknown): NewGroup {
  if (!isObject(body)) throw new Problem('scim-value-invalid', { reason: 'a group must be an object' })
  const draft = newDraft()
  draft.members.isWhole = true
  draft.externalId = null
  for (const [key, value] of Object.entries(body)) change(draft, 'replace', key, value)
  const { displayName } = draft
  if (displayName === undefined) throw new Problem('scim-value-invalid', { reason: '`displayName` is missing' })
  return { ...finished(draft), displayName }
}

/** @throws Problem `scim-path-invalid`, `scim-no-target`, `scim-mutability`, `scim-value-invalid`, `scim-too-many` */
export function patchGroup(operations: readonly Operation[]): GroupChange {
  const draft = newDraft()
  for (const { op, path, value } of operations) {
    if (path !== undefined) patchPath(draft, op, path, value)
    else if (isObject(value)) for (const [key, one] of Object.entries(value)) change(draft, op, key, one)
    else throw new Problem('scim-value-invalid', { reason: 'without a `path`, the `value` must be an object' })
  }
  return finished(draft)
}

interface Draft {
  displayName?: string
  externalId?: string | null
  members: { isWhole: boolean; readonly isIn: Map<number, boolean> }
}

function newDraft(): Draft {
  return { members: { isWhole: false, isIn: new Map() } }
}

function finished({ members: { isWhole, isIn }, ...rest }: Draft): GroupChange {
  const [added, removed]: [number[], number[]] = [[], []]
  for (const [id, isMember] of isIn) (isMember ? added : removed).push(id)
  return { ...rest, members: { isWhole, added, removed } }
}

function patchPath(draft: Draft, op: Operation['op'], text: string, value: unknown): void {
  const path = parsePath(text)
  const place = groupPlaces.get(path.attribute.toLowerCase())
  const refuse = (reason: string) => new Problem('scim-path-invalid', { path: text.slice(0, 200), reason })
  if (!place) throw refuse('a group has no such attribute: see /Schemas')
  if (place.isReadOnly) throw new Problem('scim-mutability', { attribute: path.attribute })
  if (place.names.length > 1) throw refuse('name the members, not a part of them')
  if (path.filter) removeMembers(draft, op, path, path.filter, refuse)
  else change(draft, op, path.attribute, value)
}

function removeMembers(
  { members }: Draft,
  op: Operation['op'],
  { attribute, sub }: Path,
  filter: Filter,
  refuse: (reason: string) => Problem,
): void {
  if (attribute.toLowerCase() !== 'members' || sub !== undefined)
    throw refuse('only whole members can be meant by a filter')
  const ids = idsOf(filter)
  if (!ids) throw refuse('members can be meant by `value eq "…"` alone')
  if (op !== 'remove') throw new Problem('scim-no-target', { path: attribute, reason: 'add to `members` instead' })
  for (const id of ids) members.isIn.set(id, false)
}

/** Strangers and what is not for the provider to say are left out, as in a whole group. */
function change(draft: Draft, op: Operation['op'], key: string, value: unknown): void {
  switch (groupPlaces.get(key.toLowerCase())?.names.join('.')) {
    case 'displayName':
      if (op === 'remove') throw new Problem('scim-mutability', { attribute: 'displayName' })
      draft.displayName = textOf(value, 'displayName', maxName)
      return
    case 'externalId':
      draft.externalId = op === 'remove' || isEmpty(value) ? null : textOf(value, 'externalId', 1024)
      return
    case 'members':
      changeMembers(draft.members, op, value)
  }
}

function changeMembers(members: Draft['members'], op: Operation['op'], value: unknown): void {
  const isAll = op === 'replace' || (op === 'remove' && isEmpty(value))
  if (isAll) {
    members.isWhole = true
    members.isIn.clear()
  }
  for (const id of idsIn(value)) members.isIn.set(id, op !== 'remove')
  if (members.isIn.size > maxMembers) {
    throw new Problem('scim-too-many', { what: 'one call', limit: `${maxMembers} members` })
  }
}

function idsIn(value: unknown): number[] {
  if (isEmpty(value)) return []
  return (Array.isArray(value) ? value : [value]).map(idOfMember)
}

function idOfMember(member: unknown): number {
  if (typeof member === 'string') return idOf(member)
  if (!isObject(member))
    throw new Problem('scim-value-invalid', { reason: 'a member must be an object with a `value`' })
  const { value, type } = lowerKeys(member)
  if (typeof type === 'string' && type.toLowerCase() === 'group') {
    throw new Problem('scim-value-invalid', { reason: 'a group cannot be in a group here: send its users' })
  }
  if (typeof value !== 'string') throw new Problem('scim-value-invalid', { reason: 'a member has no `value`' })
  return idOf(value)
}

/** What is no id of ours cannot be anybody's: found to be nobody later on, and told then. */
function idOf(text: string): number {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0
}

function idsOf(filter: Filter): number[] | undefined {
  if (filter.kind === 'or') {
    const all = filter.of.map(idsOf)
    return all.some(one => one === undefined) ? undefined : all.flatMap(one => one ?? [])
  }
  const isId = filter.kind === 'compare' && filter.by === 'eq' && filter.attribute.toLowerCase() === 'value'
  return isId ? [idOf(String(filter.value))] : undefined
}

function textOf(value: unknown, name: string, limit: number): string {
  const reason =
    typeof value !== 'string' || value.trim() === ''
      ? 'must be a text'
      : value.length > limit
        ? `is longer than ${limit} characters`
        : /\p{Cc}/u.test(value) || !value.isWellFormed()
          ? 'must be text without control characters'
          : undefined
  if (reason !== undefined) throw new Problem('scim-value-invalid', { reason: `\`${name}\` ${reason}` })
  return String(value)
}

function lowerKeys(value: Json): Json {
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key.toLowerCase(), one]))
}
