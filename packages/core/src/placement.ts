/**
 * What the row of a data source does not say of it: which domains take it in by their tags, which policies its owners
 * picked for it, and which data products tag it.
 *
 * A domain's name is enough for what was put into it by hand; a domain without a row takes in nothing by tag.
 */
import type {
  DataProduct,
  DataProductId,
  DataSource,
  DataSourceId,
  Domain,
  Facts,
  PolicyId,
  Selection,
} from './facts.ts'
import { isReserved, taggedBy, untagged } from './marketplace.ts'
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
  readonly products: ReadonlyMap<DataProductId, DataProduct>
  /** With the tags of its products. */
  tagged(dataSource: DataSource): DataSource
  setDomain(name: string, row: Domain | undefined): void
  setSelection(row: Selection, holds: boolean): void
  setProduct(id: DataProductId, row: DataProduct | undefined): void
}

export function placementIndex(
  facts: Pick<Facts, 'domains' | 'selections'> & Partial<Pick<Facts, 'dataProducts'>>,
): PlacementIndex {
  const domains = new Map<string, Domain>()
  const byTag = new Map<string, Set<string>>()
  const selected = new Map<DataSourceId, Set<PolicyId>>()
  const products = new Map<DataProductId, DataProduct>()
  const productsOf = new Map<DataSourceId, Set<DataProduct>>()

  function isIn(dataSource: Placed, domain: string): boolean {
    if (dataSource.domains.includes(domain)) return true
    const tags = domains.get(domain)?.tags ?? []
    return tags.some(tag => !isReserved(tag) && dataSource.tags.some(one => matches(tag, one)))
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
    for (const tag of row?.tags ?? []) if (!isReserved(tag)) byTag.set(tag, (byTag.get(tag) ?? new Set()).add(name))
  }

  function setSelection({ policy, dataSource }: Selection, holds: boolean): void {
    const there = selected.get(dataSource) ?? new Set()
    if (holds) there.add(policy)
    else there.delete(policy)
    if (there.size > 0) selected.set(dataSource, there)
    else selected.delete(dataSource)
  }

  function setProduct(id: DataProductId, row: DataProduct | undefined): void {
    const before = products.get(id)
    for (const one of before?.dataSources ?? []) {
      productsOf.get(one)?.delete(before!)
      if (productsOf.get(one)?.size === 0) productsOf.delete(one)
    }
    if (row) products.set(id, row)
    else products.delete(id)
    for (const one of row?.dataSources ?? []) productsOf.set(one, (productsOf.get(one) ?? new Set()).add(row!))
  }

  for (const row of facts.domains) setDomain(row.name, row)
  for (const row of facts.selections) setSelection(row, true)
  for (const row of facts.dataProducts ?? []) setProduct(row.id, row)

  return {
    isIn,
    isSelected: (policy, dataSource) => selected.get(dataSource)?.has(policy) ?? false,
    domainsOf,
    domains,
    selectedFor: dataSource => selected.get(dataSource) ?? [],
    products,
    tagged(dataSource) {
      const some = productsOf.get(dataSource.id)
      return some ? taggedBy(some, dataSource) : untagged(dataSource)
    },
    setDomain,
    setSelection,
    setProduct,
  }
}
