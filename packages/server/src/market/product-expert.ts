/**
 * Whom a data product may name as the one who knows the data: whomever its writer may see anyway. Everybody else is
 * answered as if they were not there, so that nobody goes through the people of the house by naming them.
 */
import { Problem, rules } from '@headgate/core/api'
import { groundOf } from '../access/allow.ts'
import { domainsWith } from '../access/domain-rights.ts'
import type { Tx } from '../db/act.ts'
import type { ProductRow } from '../db/data-product.ts'
import { isShownIn } from '../db/product-detail.ts'
import type { Caller } from '../http/serve.ts'

/**
 * @param before the product as it is: whom it names already stays
 * @param typed how the caller called them
 * @throws Problem `user-not-found`
 */
export async function requireSeenExpert(
  tx: Tx,
  caller: Caller,
  expert: number | undefined,
  before: Pick<ProductRow, 'definition'> | undefined,
  typed: number | string | undefined = expert,
): Promise<void> {
  if (expert === undefined || expert === before?.definition.expert) return
  if (await groundOf(caller, rules.readUser, { is: () => expert === caller.id })) return
  if (await isShownIn(tx, expert, await domainsWith(tx, caller, ['MANAGE_DATA_PRODUCTS']))) return
  throw new Problem('user-not-found', { id: typed })
}
