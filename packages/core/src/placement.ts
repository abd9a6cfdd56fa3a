/**
 * What the row of a data source does not say of it: which domains take it in by their tags, and which policies its
 * owners picked for it.
 *
 * A domain's name is enough for what was put into it by hand; a domain without a row takes in nothing by tag.
 */
import type { DataSource, DataSourceId, Domain, Facts, PolicyId, Selection } from './facts.ts'
import { matches, selfAndParents } from './policy/match.ts'

export interface Placement {
  isIn(dataSource: Placed, domain: string): boolean
  isSelected(policy: PolicyId, dataSource: DataSourceId): boolean
}

export type Placed = Pick<DataSource, 'tags' | 'domains'>

export interface PlacementIndex extends Placement {
  /** Every domain that it is in, once. */
  domainsOf(dataSource: Placed): ReadonlySet<string>
  readonly domains: ReadonlyMap<string, Domain>
  /** The policies picked for it, there or not. */
  selectedFor(dataSource: DataSourceId): Iterable<PolicyId>
  setDomain(name: string, row: Domain | undefined): void
  setSelection(row: Selection, holds: boolean): void
}

export function placementIndex(facts: Pick<Facts, 'domains' | 'selections'>): PlacementIndex {
  const domains = new Map<string, Domain>()
  const byTag = new Map<string, Set<string>>()
  const selected = new Map<DataSourceId, Set<PolicyId>>()

  function isIn(dataSource: Placed, domain: string): boolean {
    if (dataSource.domains.includes(domain)) return true
    const tags = domains.get(domain)?.tags ?? []
    return tags.some(tag => dataSource.tags.some(one => matches(tag, one)))
  }

  function domainsOf(dataSource: Placed): ReadonlySet<string> {
    const found = new Set(dataSource.domains)
    if (byTag.size === 0) return found
    for (const tag of dataSource.tags.flatMap(selfAndParents)) for (const name of byTag.get(tag) ?? []) found.add(name)
    return found
  }

  function setDomain(name: string, row: Domain | undefined): void {
    for (const tag of domains.get(name)?.tags ?? []) {
      byTag.get(tag)?.delete(name)
      if (byTag.get(tag)?.size === 0) byTag.delete(tag)
    }
    if (row) domains.set(name, row)
    else domains.delete(name)
    for (const tag of row?.tags ?? []) byTag.set(tag, (byTag.get(tag) ?? new Set()).add(name))
  }

  function setSelection({ policy, dataSource }: Selection, holds: boolean): void {
    const there = selected.get(dataSource) ?? new Set()
    if (holds) there.add(policy)
    else there.delete(policy)
    if (there.size > 0) selected.set(dataSource, there)
    else selected.delete(dataSource)
  }

  for (const row of facts.domains) setDomain(row.name, row)
  for (const row of facts.selections) setSelection(row, true)

  return {
    isIn,
    isSelected: (policy, dataSource) => selected.get(dataSource)?.has(policy) ?? false,
    domainsOf,
    domains,
    selectedFor: dataSource => selected.get(dataSource) ?? [],
    setDomain,
    setSelection,
  }
}
