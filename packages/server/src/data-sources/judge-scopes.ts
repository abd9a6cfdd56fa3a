/**
 * What is wrong with each item of a registration as far as its text and the scopes already there can tell. Pure.
 *
 * Items are judged in their order, each against what is registered and the items before it, so that of two that clash
 * within one call the later one is named.
 */
import { joinScope, printScope, type Scope, scopeIndex } from '@headgate/core'
import { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { RegisteredScope } from '../db/data-source-registration.ts'
import { permitting } from '../directory/registration-scopes.ts'
import { isReserved } from '../directory/reserved-names.ts'
import { parseItem } from '../http/parse.ts'
import type { BucketFinding } from './check-buckets.ts'

/** One data source of the body of `POST /native-s3/handler`. */
export type Item = z.output<typeof schema>

const schema = api.nativeS3.register.items.each

export interface Finding {
  readonly index: number
  readonly code: string
  readonly message: string
  /** For the text of the whole answer. */
  readonly detail?: Readonly<Record<string, unknown>>
}

/** An item whose text is good. */
export interface Candidate {
  readonly index: number
  readonly item: Item
  readonly scope: Scope
  readonly warnings: readonly string[]
}

/** @param permitted the scopes that the caller is confined to; undefined: none */
export function readItems(
  locationPath: string,
  items: readonly unknown[],
  permitted?: readonly string[],
): { readonly candidates: readonly Candidate[]; readonly findings: readonly Finding[] } {
  const candidates: Candidate[] = []
  const findings: Finding[] = []
  const mayRegister = permitted ? permitting(permitted) : () => true
  for (const [index, given] of items.entries()) {
    const parsed = parseItem(schema, given)
    if (!parsed.ok) {
      findings.push({ index, code: 'request-invalid', message: parsed.message })
      continue
    }
    const item = parsed.data
    const reserved = item.tags?.find(isReserved)
    if (reserved !== undefined) {
      const message = `tag \`${reserved}\` is reserved for the marketplace: leave it out`
      findings.push({ index, code: 'name-reserved', message })
      // Nothing that AWS says of its place could make it good.
      continue
    }
    const joined = joinScope(locationPath, item.prefix, { midSegment: item.midSegment ?? false })
    if (!joined.ok) findings.push({ index, code: joined.code, message: joined.message })
    else if (!mayRegister(joined.scope)) findings.push(notPermitted(index, joined.scope, permitted ?? []))
    else candidates.push({ index, item, scope: joined.scope, warnings: joined.warnings.map(({ message }) => message) })
  }
  return { candidates, findings }
}

function notPermitted(index: number, scope: Scope, permitted: readonly string[]): Finding {
  const detail = { scope: printScope(scope), scopes: permitted.map(text => `\`${text}\``).join(', ') }
  const message = `\`${detail.scope}\` lies outside of what you may register: ask a user admin`
  return { index, code: 'scope-not-permitted', message, detail }
}

export function judgeBuckets(
  candidates: readonly Candidate[],
  buckets: ReadonlyMap<string, BucketFinding>,
): { readonly candidates: readonly Candidate[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = []
  const judged = candidates.map(candidate => {
    const found = buckets.get(candidate.scope.bucket)
    if (found?.is === 'refused') findings.push({ index: candidate.index, code: found.code, message: found.message })
    return found?.is === 'doubtful' ? { ...candidate, warnings: [...candidate.warnings, found.message] } : candidate
  })
  return { candidates: judged, findings }
}

export interface Taken {
  /** Everything registered in the buckets of the candidates. */
  readonly scopes: readonly RegisteredScope[]
  /** Of the candidates' names those that are taken, with whose they are. */
  readonly names: ReadonlyMap<string, number>
  readonly missingTags: ReadonlySet<string>
  readonly missingDomains: ReadonlySet<string>
  /** The data sources that the caller may read; undefined: all. Others are in the way all the same, and not named. */
  readonly readable?: ReadonlySet<number> | undefined
}

export function judgeConflicts(candidates: readonly Candidate[], taken: Taken): Finding[] {
  const names = new Map<string, number | string>(taken.names)
  const isShown = (id: number | string) => typeof id === 'string' || taken.readable?.has(id) !== false
  const scopes = scopeIndex<Holder>(taken.scopes, ({ scope }) => scope)
  return candidates.flatMap(({ index, item, scope }) => {
    const found = [
      nameConflict(index, item.dataSourceName, names, isShown),
      scopeConflict(index, item, scope, scopes, isShown),
      tagConflict(index, item, taken.missingTags),
      domainConflict(index, item, taken.missingDomains),
    ]
    const id = `item ${index} of this call`
    if (!names.has(item.dataSourceName)) names.set(item.dataSourceName, id)
    scopes.add({ id, name: item.dataSourceName, scope })
    return found.filter(finding => finding !== undefined)
  })
}

/** A registered data source, or an item before this one. */
interface Holder {
  readonly id: number | string
  readonly name: string
  readonly scope: Scope
}

type IsShown = (id: Holder['id']) => boolean

function nameConflict(
  index: number,
  name: string,
  names: ReadonlyMap<string, number | string>,
  isShown: IsShown,
): Finding | undefined {
  const id = names.get(name)
  if (id === undefined) return undefined
  const shown = isShown(id) ? { id } : {}
  const message = `the name \`${name}\` is taken${isShown(id) ? ` (id = ${id})` : ''}: choose another`
  return { index, code: 'data-source-name-taken', message, detail: { name, ...shown } }
}

function scopeConflict(
  index: number,
  { allowOverlap }: Item,
  scope: Scope,
  scopes: ReturnType<typeof scopeIndex<Holder>>,
  isShown: IsShown,
): Finding | undefined {
  const text = printScope(scope)
  const covering = scopes.coveredBy(scope)
  const same = covering.find(holder => printScope(holder.scope) === text)
  if (same) {
    const { name, id } = same
    const detail = isShown(id)
      ? { scope: text, holder: `\`${name}\` (id = ${id})`, name, id }
      : { scope: text, holder: hidden }
    const message = `\`${text}\` is registered already as ${detail.holder}`
    return { index, code: 'data-source-scope-taken', message, detail }
  }
  if (allowOverlap) return undefined
  const other = covering[0] ?? scopes.inside(scope)[0]
  if (!other) return undefined
  const { name, id } = other
  const place = printScope(other.scope)
  const detail = isShown(id)
    ? { scope: text, holder: `\`${place}\` of data source \`${name}\` (id = ${id})`, other: place, name, id }
    : { scope: text, holder: hidden }
  const message = `\`${text}\` overlaps ${detail.holder}`
  return { index, code: 'data-source-overlap', message, detail }
}

const hidden = 'a data source that you may not see'

function tagConflict(index: number, { tags = [] }: Item, missing: ReadonlySet<string>): Finding | undefined {
  const name = tags.find(tag => missing.has(tag))
  if (name === undefined) return undefined
  return { index, code: 'tag-not-found', message: `tag \`${name}\` does not exist`, detail: { name } }
}

function domainConflict(index: number, { domain }: Item, missing: ReadonlySet<string>): Finding | undefined {
  if (domain === undefined || !missing.has(domain)) return undefined
  return { index, code: 'domain-not-found', message: `no domain named \`${domain}\` found`, detail: { name: domain } }
}
