/**
 * What may be asked for now, and how it would be asked and decided: a published data product, or a data source on which
 * an active policy opens requests.
 */
import {
  type Change,
  type DataProductId,
  type DataSourceId,
  type EntitlementIndex,
  type Level,
  type MemberId,
  type MembershipId,
  parseDuration,
  type Stage,
  type UserId,
} from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import type { DataSourceRow } from '../db/data-source.ts'
import type { Thing } from '../db/request.ts'
import { domainsOf, openingPolicies, productAsked } from '../db/requestable.ts'
import { taggedSources } from '../db/tagged-source.ts'
import { type FlowInForce, type FormInForce, flowInForce, formInForce } from './templates.ts'

export interface Requestable {
  readonly thing: Thing
  readonly name: string
  /** Why nobody may ask for it now. */
  readonly closed?: string
  readonly levels: readonly Level[]
  readonly domains: readonly string[]
  readonly dataSources: readonly DataSourceId[]
  readonly form: FormInForce
  /** The longest that access may last, in ms, and whether it may have no end: by the product and its form. */
  readonly limits: Limits
  /** Who decides. */
  readonly by:
    | { readonly flow: FlowInForce }
    | { readonly policy: { readonly id: number; readonly version: number }; readonly stages: readonly Stage[] }
}

export interface Limits {
  readonly longestMs?: number | undefined
  readonly withoutEnd: boolean
}

/** Throws Problem `data-product-not-found`. */
export async function requestableProduct(tx: Tx, id: string): Promise<Requestable> {
  const product = await productAsked(tx, id)
  if (!product) throw new Problem('data-product-not-found', { id })
  const { state, name, levels, definition, form_id, review_flow_id } = product
  const thing = { product_id: id, data_source_id: null }
  const form = await formInForce(tx, form_id ?? undefined)
  return {
    thing,
    name,
    ...(state === 'published' ? {} : { closed: state }),
    levels,
    domains: await domainsOf(tx, thing),
    dataSources: (await taggedSources(tx, id)) as DataSourceId[],
    form,
    limits: narrower(form, definition),
    by: { flow: await flowInForce(tx, review_flow_id ?? undefined) },
  }
}

/**
 * By the policy named, else the oldest that opens requests at that level.
 * @throws Problem `request-not-opened`
 */
export async function requestableSource(
  tx: Tx,
  index: EntitlementIndex,
  { id, name }: Pick<DataSourceRow, 'id' | 'name'>,
  level: Level,
  policy?: number,
): Promise<Requestable> {
  const opening = await openingPolicies(tx, openersOn(index, id, level))
  const chosen = policy === undefined ? opening[0] : opening.find(one => one.id === policy)
  if (!chosen || !('onRequest' in chosen.definition.who)) throw new Problem('request-not-opened', { id, level })
  const thing = { product_id: null, data_source_id: id }
  const form = await formInForce(tx, undefined)
  return {
    thing,
    name,
    levels: [level],
    domains: await domainsOf(tx, thing),
    dataSources: [id as DataSourceId],
    form,
    limits: narrower(form, { withoutEnd: true }),
    by: {
      policy: { id: chosen.id, version: chosen.version },
      stages: chosen.definition.who.onRequest.review.stages,
    },
  }
}

/** The policies that open requests at a level on a data source. */
export function openersOn({ bindings }: EntitlementIndex, id: number, level: Level): number[] {
  const source = bindings.sources.get(id as DataSourceId)
  if (!source || source.row.disabled) return []
  return bindings
    .policiesOn(source.row)
    .filter(policy => policy.opensRequests && policy.level === level)
    .map(policy => policy.id)
}

/** What an approval would add to the facts: for looking only, with an id that no row has. */
export function supposedApproval({ product_id, data_source_id }: Thing, person: number, level: Level): Change[] {
  const id = Number.MAX_SAFE_INTEGER
  const user = person as UserId
  if (product_id !== null) {
    const row = { id: id as MembershipId, user, product: product_id as DataProductId, level }
    return [{ entity: 'membership', id: row.id, row }]
  }
  const row = { id: id as MemberId, dataSource: data_source_id as DataSourceId, subject: { user }, level }
  return [{ entity: 'member', id: row.id, row }]
}

function narrower(
  { form }: FormInForce,
  product: { readonly longest?: string | undefined; readonly withoutEnd: boolean },
): Limits {
  const each = [form.duration.most, product.longest].flatMap(text => parseDuration(text ?? '') ?? [])
  return {
    ...(each.length === 0 ? {} : { longestMs: Math.min(...each) }),
    withoutEnd: form.duration.withoutEnd && product.withoutEnd,
  }
}
