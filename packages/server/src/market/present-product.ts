/** Data products as the API answers them: ids become names, what is gone is left out. */
import type { DataProduct, ProductVersion } from '@headgate/core/api'
import { canonicalText } from '../canonical.ts'
import type { Tx } from '../db/act.ts'
import type { ProductRow, ProductVersionRow } from '../db/data-product.ts'
import { sourcesInDomains } from '../db/domain.ts'
import { findPeople } from '../db/person-name.ts'
import { livingSources, memberCounts, templateNames } from '../db/product-detail.ts'
import type { Caller } from '../http/serve.ts'
import { manages } from './product-authority.ts'

type Card = Omit<DataProduct, 'dataSources'>

export async function presentProducts(tx: Tx, caller: Caller, rows: readonly ProductRow[]): Promise<Card[]> {
  const members = await memberCounts(
    tx,
    rows.map(({ id }) => id),
  )
  const experts = await findPeople(
    tx,
    rows.flatMap(({ definition }) => definition.expert ?? []),
  )
  const [formOf, flowOf] = [await templateNames(tx, 'form'), await templateNames(tx, 'flow')]
  const isManaged = await manages(tx, caller)
  return rows.map(row => {
    const { id, key, version, state, name, domain, definition } = row
    const { description, levels, colour, links, longest, withoutEnd, dataSources } = definition
    const expert = definition.expert === undefined ? undefined : experts.get(definition.expert)
    return {
      id,
      ...(key === null ? {} : { key }),
      version,
      state,
      name,
      description,
      ...(domain === null ? {} : { domain }),
      levels: [...levels],
      ...(expert ? { expert } : {}),
      ...(colour === undefined ? {} : { colour }),
      links: [...links],
      ...(longest === undefined ? {} : { longest }),
      withoutEnd,
      dataSourceCount: dataSources.length,
      form: formOf(row.form_id),
      reviewFlow: flowOf(row.review_flow_id),
      members: members.get(id) ?? 0,
      managed: isManaged(domain),
      createdAt: printTime(row.created_at),
      createdBy: row.creator ?? 'headgate',
      updatedAt: printTime(row.updated_at),
    }
  })
}

export async function presentProduct(tx: Tx, caller: Caller, row: ProductRow): Promise<DataProduct> {
  const [card] = await presentProducts(tx, caller, [row])
  const living = await livingSources(tx, row.definition.dataSources)
  const inDomain = row.domain === null ? undefined : new Set(await sourcesInDomains(tx, [row.domain]))
  const dataSources = living.map(one =>
    !inDomain || inDomain.has(one.id) ? one : { ...one, leftDomain: true as const },
  )
  return { ...(card as Card), dataSourceCount: dataSources.length, dataSources }
}

export function presentVersion(row: ProductVersionRow): ProductVersion {
  const { expert, colour, longest, links, levels, dataSources, ...definition } = row.definition
  return {
    productId: row.product_id,
    version: row.version,
    state: row.state,
    name: row.name,
    ...(row.domain === null ? {} : { domain: row.domain }),
    ...definition,
    levels: [...levels],
    links: [...links],
    dataSources: [...dataSources],
    ...(expert === undefined ? {} : { expert }),
    ...(colour === undefined ? {} : { colour }),
    ...(longest === undefined ? {} : { longest }),
    ...(row.form_id === null ? {} : { form: row.form_id }),
    ...(row.review_flow_id === null ? {} : { reviewFlow: row.review_flow_id }),
    change: row.change,
    ...(row.from_version === null ? {} : { from: row.from_version }),
    createdAt: printTime(row.created_at),
    createdBy: row.creator ?? 'headgate',
  }
}

const compared = [
  'name',
  'description',
  'domain',
  'dataSources',
  'levels',
  'expert',
  'colour',
  'links',
  'longest',
  'withoutEnd',
  'form',
  'reviewFlow',
  'state',
] as const satisfies readonly (keyof ProductVersion)[]

/** Field by field; empty where the versions say the same. */
export function diffProductVersions(from: ProductVersion, to: ProductVersion) {
  return compared.flatMap(field => {
    const [before, after] = [from[field], to[field]]
    if (canonicalText(before ?? null) === canonicalText(after ?? null)) return []
    if (!Array.isArray(before) || !Array.isArray(after))
      return [{ field, before: before ?? null, after: after ?? null }]
    return [{ field, before, after, removed: without(before, after), added: without(after, before) }]
  })
}

function without(all: readonly unknown[], others: readonly unknown[]): unknown[] {
  const known = new Set(others.map(canonicalText))
  return all.filter(one => !known.has(canonicalText(one)))
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
