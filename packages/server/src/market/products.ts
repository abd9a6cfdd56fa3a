/**
 * The life of data products: made, changed, published, suspended, retired, deleted. Every write is a version of its own.
 *
 * Published, a product tags its data sources, and whoever was approved has them (06). Nothing here takes access from
 * anybody but by taking back the product, a data source or a level; each of these can be previewed.
 */
import { Problem, type ProductContent } from '@headgate/core/api'
import { canonicalText } from '../canonical.ts'
import type { Act } from '../db/act.ts'
import {
  editProduct,
  findProductVersion,
  insertProduct,
  type ProductChange,
  type ProductRow,
  type StoredContent,
  setProductState,
} from '../db/data-product.ts'
import { findPeople } from '../db/person-name.ts'
import { holdSources, livingSources, memberCounts } from '../db/product-detail.ts'
import type { ProductState } from '../db/schema.ts'
import { endMemberships } from './memberships.ts'
import { checkContent, checkSources } from './product-content.ts'
import { tellOfProduct, tellRevoked } from './product-notices.ts'
import { setTaggedSources, type TaggingCause } from './tagged-sources.ts'

/** As a draft. */
export async function createProduct(
  doing: Act,
  id: string,
  content: ProductContent,
  key: string | null = null,
): Promise<ProductRow> {
  return insertProduct(doing, { id, key, ...(await checkContent(doing.tx, content)) })
}

/** Nothing where it says the same already. The row must be locked. */
export async function changeProduct(doing: Act, before: ProductRow, content: ProductContent): Promise<ProductRow> {
  refuseRetired(before, 'changed')
  const checked = await checkContent(doing.tx, content)
  if (isSame(before, checked)) return before
  return store(doing, before, checked)
}

/** What it lists that is gone by now is left out. The row must be locked. */
export async function restoreProduct(doing: Act, before: ProductRow, version: number): Promise<ProductRow> {
  refuseRetired(before, 'changed')
  const { name, domain, definition, form_id, review_flow_id } = await findProductVersion(doing.tx, before.id, version)
  const { description, levels, colour, links, longest, withoutEnd } = definition
  const [expert] = (await findPeople(doing.tx, definition.expert === undefined ? [] : [definition.expert])).keys()
  const dataSources = (await livingSources(doing.tx, definition.dataSources)).map(({ id }) => id)
  const content = {
    ...{ name, description, levels: [...levels], links: [...links], withoutEnd, dataSources },
    domain: domain ?? undefined,
    form: form_id ?? undefined,
    reviewFlow: review_flow_id ?? undefined,
    ...{ colour, longest, expert },
  }
  return store(doing, before, await checkContent(doing.tx, content), version)
}

/** What a step is called, where it begins, where it leads. */
const steps = {
  publish: { from: ['draft'], to: 'published', change: 'published' },
  unpublish: { from: ['published', 'suspended'], to: 'draft', change: 'unpublished' },
  suspend: { from: ['published'], to: 'suspended', change: 'suspended' },
  resume: { from: ['suspended'], to: 'published', change: 'resumed' },
  retire: { from: ['published', 'suspended'], to: 'retired', change: 'retired' },
} as const satisfies Readonly<
  Record<string, { readonly from: readonly ProductState[]; readonly to: ProductState; readonly change: ProductChange }>
>
export type Step = keyof typeof steps

/** The row must be locked. Throws Problem `data-product-state`, `data-product-invalid`. */
export async function takeStep(doing: Act, before: ProductRow, step: Step): Promise<ProductRow> {
  const { from, to, change } = steps[step]
  if (!(from as readonly ProductState[]).includes(before.state)) throw wrongState(before, change)
  if (step === 'publish') {
    const sources = await holdSources(doing.tx, before.definition.dataSources)
    if (sources.length === 0) {
      throw new Problem('data-product-invalid', { reason: 'a published data product needs a data source: add one' })
    }
    // What has left the domain since it was put in is no longer for its managers to open.
    await checkSources(doing.tx, sources, before.domain ?? undefined)
  }
  const row = await setProductState(doing, before, to, change)
  if (step === 'publish') await tag(doing, row, 'product-published')
  if (step === 'unpublish') {
    await tellRevoked(doing, row, await endMemberships(doing, { product: row.id }, 'product-unpublished'))
    await setTaggedSources(doing, row.id, undefined, 'product-unpublished')
  }
  if (step === 'retire' && (await countMembers(doing, row.id)) === 0) {
    await setTaggedSources(doing, row.id, undefined, 'product-retired')
  }
  const kind = kinds[step]
  if (kind) await tellOfProduct(doing, row, kind)
  return row
}

const kinds = {
  publish: 'product.published',
  unpublish: undefined,
  suspend: 'product.suspended',
  resume: undefined,
  retire: 'product.retired',
} as const

/** The row must be locked. Throws Problem `data-product-has-members` unless their access may end. */
export async function deleteProduct(doing: Act, before: ProductRow, { revoke }: { revoke: boolean }): Promise<void> {
  const members = await countMembers(doing, before.id)
  if (members > 0 && !revoke) throw new Problem('data-product-has-members', { id: before.id, members })
  await tellRevoked(doing, before, await endMemberships(doing, { product: before.id }, 'product-deleted'))
  await setTaggedSources(doing, before.id, undefined, 'product-deleted')
  await setProductState(doing, before, 'deleted', 'deleted')
}

async function store(
  doing: Act,
  before: ProductRow,
  content: StoredContent,
  restoredFrom?: number,
): Promise<ProductRow> {
  const row = await editProduct(doing, before, content, restoredFrom)
  if (row.state === 'draft') return row
  if (row.definition.dataSources.length === 0) {
    throw new Problem('data-product-invalid', {
      reason: `it is ${row.state} and needs a data source: un-publish it to take all of them out`,
    })
  }
  await tag(doing, row, 'product-changed')
  await tellOfProduct(doing, row, 'product.changed')
  return row
}

/** A data source that was deleted since is not tagged. */
async function tag(doing: Act, { id, definition }: ProductRow, cause: TaggingCause): Promise<void> {
  const dataSources = await holdSources(doing.tx, definition.dataSources)
  await setTaggedSources(doing, id, { dataSources, levels: definition.levels }, cause)
}

async function countMembers({ tx }: Act, id: string): Promise<number> {
  return (await memberCounts(tx, [id])).get(id) ?? 0
}

function refuseRetired(row: ProductRow, wanted: string): void {
  if (row.state === 'retired') throw wrongState(row, wanted)
}

function wrongState({ id, state }: ProductRow, wanted: string): Problem {
  const possible = Object.entries(steps).flatMap(([step, { from }]) =>
    (from as readonly ProductState[]).includes(state) ? [step] : [],
  )
  return new Problem('data-product-state', { id, state, wanted, possible: [...possible, 'delete'].join(', ') })
}

function isSame(row: ProductRow, content: StoredContent): boolean {
  const said = {
    name: row.name,
    domain: row.domain,
    definition: row.definition,
    form: row.form_id,
    reviewFlow: row.review_flow_id,
  }
  return canonicalText(said) === canonicalText(content)
}
