/**
 * One access as a map, left to right: person → what is known of them → what lets them in or must be met → what makes it
 * apply → data source → grant. Pure: explanation in, points with places and lines out.
 */
import type { Explained, ExplainedRule, Grant } from '@headgate/core/api'
import { grantWords, principalKindWords } from '../ui/words.ts'
import { levelWords } from './words.ts'

export const columnNames = ['Person', 'Known of them', 'Rule', 'Applies by', 'Data source', 'Grant in AWS'] as const

export interface MapPoint {
  readonly id: string
  /** From the left. */
  readonly column: 0 | 1 | 2 | 3 | 4 | 5
  readonly name: string
  readonly note?: string
  /** Whether it counts for the access: a met policy, a fact that was found, a grant in AWS. */
  readonly holds: boolean
  readonly leadsTo?: { readonly screen: 'person' | 'policy' | 'dataSource'; readonly id: number }
}

export interface MapLine {
  readonly from: string
  readonly to: string
  readonly holds: boolean
}

export interface AccessMap {
  readonly points: readonly MapPoint[]
  readonly lines: readonly MapLine[]
  /** Rules that are left out, since nobody can look at hundreds. */
  readonly leftOut: number
}

interface Given {
  readonly person: { readonly id: number; readonly name: string }
  readonly explained: Explained
  /** By policy id, and the id of the covered data source that brings it: what makes it apply. */
  readonly why: ReadonlyMap<string, string>
  readonly grants: readonly Pick<Grant, 'id' | 'permission' | 'state'>[]
}

const mostRules = 10

export function mapOf({ person, explained, why, grants }: Given): AccessMap {
  const points = new Map<string, MapPoint>()
  const lines = new Map<string, MapLine>()
  const add = (point: MapPoint) => points.set(point.id, points.get(point.id) ?? point)
  const join = (from: string, to: string, holds: boolean) =>
    lines.set(`${from} ${to}`, { from, to, holds: holds || (lines.get(`${from} ${to}`)?.holds ?? false) })

  const reached = explained.verdict !== 'none'
  const source = 'data source'
  add({
    id: 'person',
    column: 0,
    name: person.name,
    holds: !explained.obstacles.includes('userDisabled'),
    leadsTo: { screen: 'person', id: person.id },
  })
  add({
    id: source,
    column: 4,
    name: explained.dataSource.name,
    note: reached ? levelWords(explained.verdict === 'WRITE' ? 'WRITE' : 'READ') : 'No access',
    holds: reached,
    leadsTo: { screen: 'dataSource', id: explained.dataSource.id },
  })

  const guardrails = explained.guardrails.map(policy => ({ ...policy, role: 'Guardrail' }))
  const lettingIn = explained.grants.map(policy => ({ ...policy, role: 'Grant policy' }))
  // What decides comes first: a guardrail in the way, then whatever is met.
  const rules = [
    ...guardrails.filter(({ holds }) => !holds),
    ...lettingIn.filter(({ holds }) => holds),
    ...guardrails.filter(({ holds }) => holds),
    ...lettingIn.filter(({ holds }) => !holds),
  ]
  for (const { id, name, holds, subscribed, rule, via, role } of rules.slice(0, mostRules)) {
    const point = `policy ${id} ${via?.id ?? ''}`
    const counts = holds && subscribed !== false
    const state = counts ? 'met' : holds ? 'not subscribed' : 'not met'
    add({ id: point, column: 2, name, note: `${role}, ${state}`, holds: counts, leadsTo: { screen: 'policy', id } })
    const known = rule === undefined ? [] : partsOf(rule)
    for (const part of known) {
      add({ ...part, id: `fact ${part.name}`, column: 1 })
      join('person', `fact ${part.name}`, part.holds)
      join(`fact ${part.name}`, point, part.holds)
    }
    if (known.length === 0) join('person', point, counts)
    const reason = via === undefined ? why.get(String(id)) : `covering ${via.name}`
    if (reason === undefined) join(point, source, counts)
    else {
      add({ id: `why ${reason}`, column: 3, name: reason, holds: true })
      join(point, `why ${reason}`, counts)
      join(`why ${reason}`, source, counts)
    }
  }
  for (const { id, group, level, holds } of explained.members) {
    const point = `member ${id}`
    add({ id: point, column: 2, name: 'Member', note: `${levelWords(level)}${holds ? '' : ', ended'}`, holds })
    if (group === undefined) join('person', point, holds)
    else {
      const fact = `fact Group ${group.name ?? group.id}`
      add({ id: fact, column: 1, name: `Group ${group.name ?? group.id}`, holds: true })
      join('person', fact, true)
      join(fact, point, holds)
    }
    join(point, source, holds)
  }
  for (const { kind, id, via, product, level } of explained.because) {
    if (kind !== 'membership' && kind !== 'overlap') continue
    const point = `${kind} ${via?.id ?? id}`
    const name = kind === 'membership' ? `Data product ${product?.name ?? ''}` : (via?.name ?? 'What covers it')
    const note = kind === 'membership' ? `Approved, ${levelWords(level).toLowerCase()}` : 'Reached, and covers this'
    add({
      id: point,
      column: kind === 'membership' ? 2 : 3,
      name,
      note,
      holds: true,
      ...(kind === 'overlap' && via !== undefined && { leadsTo: { screen: 'dataSource' as const, id: via.id } }),
    })
    join('person', point, true)
    join(point, source, true)
  }
  for (const { id, permission, state } of grants) {
    const holds = state === 'active'
    add({
      id: `grant ${id}`,
      column: 5,
      name: permission === 'READWRITE' ? 'Read and write' : 'Read',
      note: grantWords[state].word,
      holds,
    })
    join(source, `grant ${id}`, holds)
  }
  return { points: [...points.values()], lines: [...lines.values()], leftOut: Math.max(0, rules.length - mostRules) }
}

/** What an expression looked at: the facts that it found, and the calls that found none. */
function partsOf(rule: ExplainedRule): { readonly name: string; readonly note?: string; readonly holds: boolean }[] {
  if (rule.kind === 'not') return partsOf(rule.term)
  if (rule.kind !== 'call') return rule.terms.flatMap(partsOf)
  if (rule.facts.length === 0) return [{ name: wanted(rule.name, rule.args), note: 'Not found', holds: false }]
  return rule.facts.map(fact => {
    if ('attribute' in fact) return { name: `${fact.attribute}: ${fact.value}`, note: 'Attribute', holds: true }
    if ('group' in fact) return { name: `Group ${fact.group}`, holds: true }
    if ('user' in fact) return { name: fact.user, note: 'User name', holds: true }
    return { name: principalKindWords[fact.principal], note: fact.identifier, holds: true }
  })
}

function wanted(name: string, args: readonly string[]): string {
  if (name === 'hasAttribute') return args.join(': ')
  if (name === 'isInGroups' || name === 'isInAnyGroup') return `Group ${args.join(', ')}`
  return `@${name}(${args.join(', ')})`
}

const columnWidth = 215
const rowHeight = 82

export interface Placed {
  readonly point: MapPoint
  readonly x: number
  readonly y: number
}

/** Columns that hold nothing take no room; within a column points keep their order, and all columns are centred. */
export function place(points: readonly MapPoint[]): {
  readonly placed: readonly Placed[]
  readonly width: number
  readonly height: number
} {
  const columns = columnNames.map((_, column) => points.filter(point => point.column === column))
  const used = columns.filter(column => column.length > 0)
  const height = Math.max(...used.map(({ length }) => length)) * rowHeight
  const placed = used.flatMap((column, at) =>
    column.map((point, row) => ({
      point,
      x: at * columnWidth,
      y: (height - column.length * rowHeight) / 2 + row * rowHeight,
    })),
  )
  return { placed, width: used.length * columnWidth, height }
}
