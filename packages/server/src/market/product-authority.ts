/**
 * Who may look into and change which data products, by the rules of the contract: governors all, others those of the
 * domains in which they manage data products.
 */
import { type DomainRight, Problem, rules } from '@headgate/core/api'
import { allow, holdsAny, type Standing } from '../access/allow.ts'
import { callerRights, domainsWith } from '../access/domain-rights.ts'
import type { Tx } from '../db/act.ts'
import type { ProductRow } from '../db/data-product.ts'
import type { Caller } from '../http/serve.ts'

type Placed = Pick<ProductRow, 'id' | 'domain'>

/** Throws Problem `data-product-not-found`, also for who may not read it. */
export async function requireReadable(tx: Tx, caller: Caller, product: Placed): Promise<void> {
  await allow(caller, rules.readDataProduct, toProduct(tx, caller, product))
}

/** Throws Problem `data-product-not-found` for who may not read it, `permission-missing` for who may. */
export async function requireManager(tx: Tx, caller: Caller, product: Placed): Promise<void> {
  await allow(caller, rules.manageDataProduct, {
    ...toProduct(tx, caller, product),
    isKnown: async () =>
      holdsAny(caller, rules.readDataProduct.anyOf) || hasRightIn(tx, caller, product.domain, readingRights),
  })
}

/** To make or move one there; without a domain for governors. Throws Problem `permission-missing`. */
export async function requireManagerOf(tx: Tx, caller: Caller, domain: string | null): Promise<void> {
  await allow(caller, rules.createDataProduct, toProduct(tx, caller, { id: 'new', domain }))
}

/** The domains whose data products the caller may look into; undefined: all. */
export async function readableDomains(tx: Tx, caller: Caller): Promise<string[] | undefined> {
  if (holdsAny(caller, rules.listDataProducts.anyOf)) return undefined
  return domainsWith(tx, caller, readingRights)
}

/** Whether the caller may change what is in the domain. */
export async function manages(tx: Tx, caller: Caller): Promise<(domain: string | null) => boolean> {
  if (holdsAny(caller, rules.manageDataProduct.anyOf)) return () => true
  const mine = new Set(await domainsWith(tx, caller, ['MANAGE_DATA_PRODUCTS']))
  return domain => domain !== null && mine.has(domain)
}

const readingRights: readonly DomainRight[] = rules.readDataProduct.or.flatMap(({ inDomain }) => [...inDomain])

function toProduct(tx: Tx, caller: Caller, { id, domain }: Placed): Standing<'dataProduct'> {
  return {
    is: ({ inDomain }) => hasRightIn(tx, caller, domain, inDomain),
    missing: () => new Problem('data-product-not-found', { id }),
  }
}

async function hasRightIn(
  tx: Tx,
  caller: Caller,
  domain: string | null,
  anyOf: readonly DomainRight[],
): Promise<boolean> {
  if (domain === null) return false
  const mine = (await callerRights(tx, caller)).get(domain)
  return anyOf.some(right => mine?.has(right))
}
