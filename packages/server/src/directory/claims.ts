/**
 * What claims say, by a provider's mapping. Pure.
 *
 * A path is the name of a claim, or names with dots between for a claim within others; a name that has dots itself is
 * found too, the longest first. Lists are taken apart, wherever they are. Text, numbers and booleans are values; of
 * anything else nothing is made, and that is told. A text is one value unless the mapping names a separator.
 */
import { type ClaimMapping, Problem } from '@headgate/core/api'
import type { AllowList } from './allow-list.ts'
import type { Assertion, LeftOut } from './assert.ts'

export type Claims = Readonly<Record<string, unknown>>

/** More than any directory has for one person; beyond it, something is wrong. */
const mostValues = 20_000

/**
 * Everything that the mapping speaks of: what has no claim is empty.
 * @throws Problem `sign-in-claims-unusable` where what is there is known not to be all
 */
export function assertionOf(
  { groups, attributes, principal }: ClaimMapping,
  claims: Claims,
  provider: AllowList & { readonly name: string },
): { readonly assertion: Assertion; readonly leftOut: readonly LeftOut[] } {
  const leftOut: LeftOut[] = []
  const read = (what: LeftOut['what'], claim: string, separator?: string) => {
    refuseElsewhere(claims, claim, provider.name)
    const { texts, others } = valuesAt(claims, claim, separator)
    if (others > 0) leftOut.push({ what, name: claim, reason: `${others} of its values are neither text nor number` })
    return texts
  }
  const said = {
    groups: groups.flatMap(({ claim, separator }) => read('group', claim, separator)),
    attributes: attributes.flatMap(({ claim, separator, key }) =>
      read('attribute', claim, separator).map(value => ({ key, value })),
    ),
  }
  if (said.groups.length + said.attributes.length > mostValues) {
    throw new Problem('sign-in-claims-unusable', {
      provider: provider.name,
      reason: `more than ${mostValues} values for one person`,
    })
  }
  return { assertion: { ...said, principal: principalOf(principal, claims, leftOut) }, leftOut }
}

/** The one text at a path; undefined where there is none, or more than one. */
export function textAt(claims: Claims, path: string): string | undefined {
  const { texts, others } = valuesAt(claims, path)
  const [only] = texts
  return texts.length === 1 && others === 0 && only !== '' ? only : undefined
}

/** Whether a claim is there at all. */
export function hasClaim(claims: Claims, path: string): boolean {
  return foundAt(claims, path.split('.')).length > 0
}

export function valuesAt(
  claims: Claims,
  path: string,
  separator?: string,
): { readonly texts: readonly string[]; readonly others: number } {
  const texts: string[] = []
  let others = 0
  for (const value of foundAt(claims, path.split('.')).flatMap(flat)) {
    if (typeof value === 'string') texts.push(...split(value, separator))
    else if (typeof value === 'number' || typeof value === 'boolean') texts.push(String(value))
    else if (value !== null && value !== undefined) others += 1
  }
  return { texts, others }
}

function split(text: string, separator: string | undefined): string[] {
  const parts = separator === undefined ? [text] : text.split(separator)
  return parts.map(part => part.trim()).filter(part => part !== '')
}

function foundAt(value: unknown, names: readonly string[]): unknown[] {
  if (names.length === 0) return [value]
  if (Array.isArray(value)) return value.flatMap(item => foundAt(item, names))
  if (typeof value !== 'object' || value === null) return []
  for (let length = names.length; length > 0; length -= 1) {
    const name = names.slice(0, length).join('.')
    if (Object.hasOwn(value, name)) return foundAt((value as Claims)[name], names.slice(length))
  }
  return []
}

function flat(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flat(5) : [value]
}

function principalOf(
  mapping: ClaimMapping['principal'],
  claims: Claims,
  leftOut: LeftOut[],
): NonNullable<Assertion['principal']> | null {
  if (!mapping || mapping.kind === 'none') return null
  const { texts, others } = valuesAt(claims, mapping.claim)
  const [identifier, ...more] = texts
  if (identifier !== undefined && more.length + others === 0 && identifier.length <= 2048) {
    return { kind: mapping.kind, identifier }
  }
  if (texts.length + others > 0) leftOut.push({ what: 'principal', name: mapping.claim, reason: 'must be one text' })
  return null
}

/** Some providers leave a long list out and say where it could be asked for: to take that for "none" would be wrong. */
function refuseElsewhere(claims: Claims, path: string, provider: string): void {
  const elsewhere = claims._claim_names
  if (typeof elsewhere !== 'object' || elsewhere === null || hasClaim(claims, path)) return
  const [first = ''] = path.split('.')
  if (!Object.hasOwn(elsewhere, first) && !Object.hasOwn(elsewhere, path)) return
  throw new Problem('sign-in-claims-unusable', {
    provider,
    reason: `it leaves \`${path}\` out because there is too much of it: let it send only the groups that are assigned to this application`,
  })
}
