/**
 * Data products as files say them, called by a key: names become ids, and one write leads to what is said, whatever was
 * before. The same again changes nothing.
 */

import { type api, Problem, type ProductContent } from '@headgate/core/api'
import { createId } from '@paralleldrive/cuid2'
import type { z } from 'zod'
import type { Act, Tx } from '../db/act.ts'
import { claimKey, lockProductByKey, type ProductRow } from '../db/data-product.ts'
import { sourcesInDomains } from '../db/domain.ts'
import { findPersonId } from '../db/person.ts'
import { idOfTemplate, idsOfSources } from '../db/product-detail.ts'
import type { Caller } from '../http/serve.ts'
import { requireManager, requireManagerOf } from './product-authority.ts'
import { holdContent } from './product-content.ts'
import { requireSeenExpert } from './product-expert.ts'
import { changeProduct, createProduct, type Step, takeStep } from './products.ts'

type Keyed = z.output<typeof api.dataProducts.putByKey.body>

/** Throws what creating, changing and leading it through its states throws. */
export async function putProduct(
  doing: Act,
  caller: Caller,
  key: string,
  { state, ...said }: Keyed,
): Promise<ProductRow> {
  const { tx } = doing
  const known = await claimKey(tx, key)
  await requireToPut(tx, caller, key, known, said)
  const content = await withIds(tx, said)
  await holdContent(tx, content)
  const before = await lockProductByKey(tx, key)
  // It may have gone, or moved, before it was locked.
  if (before?.domain !== known?.domain) await requireToPut(tx, caller, key, before, said)
  await requireSeenExpert(tx, caller, content.expert, before, said.expert)
  const row = before
    ? await changeProduct(doing, before, content)
    : await createProduct(doing, createId(), content, key)
  return lead(doing, row, state)
}

/** Called by its key, in refusals too: who may not know of it learns no id. */
async function requireToPut(
  tx: Tx,
  caller: Caller,
  key: string,
  before: ProductRow | undefined,
  said: Pick<Keyed, 'domain'>,
): Promise<void> {
  const domain = said.domain ?? null
  if (before) await requireManager(tx, caller, { id: key, domain: before.domain })
  if (!before || domain !== before.domain) await requireManagerOf(tx, caller, domain)
}

/** Draft, published, suspended: one or two steps from anywhere. */
async function lead(doing: Act, row: ProductRow, wanted: Keyed['state']): Promise<ProductRow> {
  if (wanted === undefined || row.state === wanted) return row
  const step: Step = wanted === 'draft' ? 'unpublish' : row.state === 'draft' ? 'publish' : towards[wanted]
  return lead(doing, await takeStep(doing, row, step), wanted)
}

const towards = { published: 'resume', suspended: 'suspend' } as const

async function withIds(tx: Tx, { dataSources, expert, form, reviewFlow, ...rest }: Omit<Keyed, 'state'>) {
  const known = await sourcesNamed(tx, dataSources, rest.domain)
  const content: ProductContent = {
    ...rest,
    dataSources: dataSources.map(one => (typeof one === 'string' ? (known.get(one) as number) : one)),
    expert: typeof expert === 'string' ? await personNamed(tx, expert) : expert,
    form: typeof form === 'string' ? await templateNamed(tx, 'form', form) : form,
    reviewFlow: typeof reviewFlow === 'string' ? await templateNamed(tx, 'flow', reviewFlow) : reviewFlow,
  }
  return content
}

/** Whoever may not know of a data source is told no more than that it cannot be in the product. */
async function sourcesNamed(
  tx: Tx,
  wanted: Keyed['dataSources'],
  domain: string | undefined,
): Promise<ReadonlyMap<string, number>> {
  const names = wanted.filter(one => typeof one === 'string')
  const known = await idsOfSources(tx, names)
  const inDomain =
    domain === undefined || names.length === 0 ? undefined : new Set(await sourcesInDomains(tx, [domain]))
  const unknown = names.filter(name => {
    const id = known.get(name)
    return id === undefined || inDomain?.has(id) === false
  })
  if (unknown.length === 0) return known
  const missing = (name: string) =>
    domain === undefined ? `there is no data source \`${name}\`` : `domain \`${domain}\` has no data source \`${name}\``
  const more = unknown.length > 1 ? `, and ${unknown.length - 1} more` : ''
  throw new Problem('data-product-invalid', {
    reason: `${missing(unknown[0] as string)}${more}`,
    issues: unknown.slice(0, 20).map(name => ({ path: 'dataSources', message: missing(name) })),
  })
}

async function personNamed(tx: Tx, userid: string): Promise<number> {
  const id = await findPersonId(tx, userid)
  if (id === undefined) throw new Problem('user-not-found', { id: userid })
  return id
}

async function templateNamed(tx: Tx, kind: 'form' | 'flow', name: string): Promise<number> {
  const id = await idOfTemplate(tx, kind, name)
  if (id === undefined)
    throw new Problem(kind === 'form' ? 'request-form-not-found' : 'review-flow-not-found', { id: name })
  return id
}
