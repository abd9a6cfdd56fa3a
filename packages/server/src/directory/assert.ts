/**
 * What an identity provider says of a person, made so: the one way for OpenID Connect and SCIM.
 *
 * Touches rows of the provider's own source alone, changes as few as needed, and never throws for what is said: what
 * the provider may not assert, or what cannot be a name, is left out and told.
 */
import { nameKey, normalName, normalValue } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Act } from '../db/act.ts'
import { lockPerson, type NamedPerson, personTarget } from '../db/person.ts'
import { ensureProviderGroups } from '../db/provider-group.ts'
import { replaceRows } from '../db/sourced-rows.ts'
import { type AllowList, allowedKey, allowsGroup } from './allow-list.ts'
import { assertPrincipal, type SaidPrincipal } from './assert-principal.ts'
import { isReserved } from './reserved-names.ts'

export interface AssertingProvider extends AllowList {
  readonly name: string
}

/** All that the provider says now of what it speaks about; what is undefined it does not speak about, and stays. */
export interface Assertion {
  /** As the provider writes them. */
  readonly groups?: readonly string[] | undefined
  readonly attributes?: readonly { readonly key: string; readonly value: string }[] | undefined
  /** null: has none. */
  readonly principal?: SaidPrincipal | null | undefined
  /** The person, where made in this very transaction: nobody else knows them yet, nothing was said of them before. */
  readonly made?: NamedPerson | undefined
}

export interface LeftOut {
  readonly what: 'group' | 'attribute' | 'principal'
  readonly name: string
  readonly reason: string
}

const cause = { added: 'identity-provider', removed: 'identity-provider' }

/**
 * Saying the same again changes nothing.
 * @param told what was left out before it came here, for the same audit event
 * @throws Problem `user-not-found`
 */
export async function assertPerson(
  act: Act,
  provider: AssertingProvider,
  person: number,
  { groups, attributes, principal, made }: Assertion,
  told: readonly LeftOut[] = [],
): Promise<readonly LeftOut[]> {
  // Before the person is locked, as everybody does who changes principals.
  if (principal !== undefined) await assertPrincipal(act, provider.name, person, principal ?? undefined, made)
  const target = personTarget(made ?? (await lockPerson(act.tx, person)))
  const ofGroups = await assertGroups(act, provider, person, groups)
  const ofAttributes = await assertAttributes(act, provider, person, attributes)
  const leftOut = [...told, ...ofGroups.leftOut, ...ofAttributes.leftOut]
  const changes = { groups: ofGroups.changes, attributes: ofAttributes.changes }
  if (leftOut.length > 0 || Object.values(changes).some(({ added, removed }) => added.length + removed.length > 0)) {
    act.audit({
      action: 'UPDATE',
      targetType: 'USER',
      targets: [target],
      payload: { type: 'IdentityAsserted', source: provider.name, ...changes, ...listed('leftOut', leftOut) },
    })
  }
  return leftOut
}

interface Done {
  readonly changes: { readonly added: readonly string[]; readonly removed: readonly string[] }
  readonly leftOut: readonly LeftOut[]
}
const nothing: Done = { changes: { added: [], removed: [] }, leftOut: [] }

async function assertGroups(
  act: Act,
  provider: AssertingProvider,
  person: number,
  said: readonly string[] | undefined,
): Promise<Done> {
  if (!said) return nothing
  const leftOut: LeftOut[] = []
  const wanted = new Map<string, string>()
  for (const given of said) {
    const name = nameOr(given, normalName)
    const reason = name.fault ?? faultOfGroup(provider, name.text)
    const key = nameKey(name.text)
    // Of two spellings the first.
    if (reason === undefined) wanted.set(key, wanted.get(key) ?? name.text)
    else leftOut.push({ what: 'group', name: name.text, reason })
  }
  const known = await ensureProviderGroups(act, provider.name, [...wanted.values()])
  for (const [key, name] of wanted) {
    if (!known.has(key)) leftOut.push({ what: 'group', name, reason: `\`${provider.name}/${name}\` is taken too` })
  }
  const rows = Array.from(known.values(), ({ id }) => [id, person] as const)
  const done = await replaceRows(act, 'groupMember', provider.name, { person, rows }, cause)
  const text = ([group]: readonly [number, number]) => String(group)
  return { changes: { added: done.added.map(text), removed: done.removed.map(text) }, leftOut }
}

function faultOfGroup(provider: AssertingProvider, name: string): string | undefined {
  if (name.length > maxLength) return tooLong
  if (isReserved(name)) return 'reserved for the marketplace'
  return allowsGroup(provider, name) ? undefined : 'no pattern of the provider allows it'
}

async function assertAttributes(
  act: Act,
  provider: AssertingProvider,
  person: number,
  said: Assertion['attributes'],
): Promise<Done> {
  if (!said) return nothing
  const leftOut: LeftOut[] = []
  const wanted: (readonly [number, string, string])[] = []
  for (const one of said) {
    const key = allowedKey(provider, one.key)
    const value = nameOr(one.value, normalValue)
    const reason =
      key === undefined ? 'the provider may not assert this key' : (value.fault ?? faultOfValue(key, value.text))
    if (key !== undefined && reason === undefined) wanted.push([person, key, value.text])
    else leftOut.push({ what: 'attribute', name: `${one.key}: ${value.text}`, reason: reason ?? '' })
  }
  const done = await replaceRows(act, 'userAttribute', provider.name, { person, rows: wanted }, cause)
  const text = ([, key, value]: readonly [number, string, string]) => `${key}: ${value}`
  return { changes: { added: done.added.map(text), removed: done.removed.map(text) }, leftOut }
}

function faultOfValue(key: string, value: string): string | undefined {
  if (value.length > maxLength) return tooLong
  if (isReserved(key) || isReserved(value)) return 'reserved for the marketplace'
  return value.split('.').every(segment => segment.trim() !== '') ? undefined : 'must not have empty segments'
}

/** What the API allows, of names and of values. */
const maxLength = 255
const tooLong = `must not be longer than ${maxLength} characters`

/** The normal form, or what is wrong with it. */
function nameOr(given: string, normal: (text: string) => string): { readonly text: string; readonly fault?: string } {
  try {
    return { text: normal(given) }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { text: String(error.detail.name ?? ''), fault: error.message }
  }
}

/** As many as somebody would read; how many there were is told besides. */
function listed(name: string, all: readonly LeftOut[], most = 100) {
  const shown = all.slice(0, most).map(one => ({ ...one, name: one.name.slice(0, maxLength) }))
  return all.length === 0 ? {} : { [name]: shown, [`${name}Count`]: all.length }
}
