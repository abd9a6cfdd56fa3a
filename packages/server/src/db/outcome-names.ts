/** What the rows of who reaches what say besides the index: names, and who made each reason. */
import { sql } from 'kysely'
import type { Tx } from './act.ts'

/** User names by id. */
export async function namesOfPeople(tx: Tx): Promise<Map<number, string>> {
  const rows = await tx.selectFrom('person').where('deleted_at', 'is', null).select(['id', 'userid']).execute()
  return new Map(rows.map(({ id, userid }) => [id, userid]))
}

export interface OutcomeMakers {
  /** Everybody who wrote a version of the policy; null: Headgate itself. */
  readonly policies: ReadonlyMap<number, readonly (number | null)[]>
  /** Who added the member. */
  readonly members: ReadonlyMap<number, number>
  /** Names of data products. */
  readonly products: ReadonlyMap<string, string>
}

export async function outcomeMakers(tx: Tx): Promise<OutcomeMakers> {
  const policies = await tx
    .selectFrom('policy_version')
    .groupBy('policy_id')
    .select(['policy_id', sql<(number | null)[]>`array_agg(distinct created_by)`.as('authors')])
    .execute()
  const members = await tx.selectFrom('member').select(['id', 'added_by']).execute()
  const products = await tx.selectFrom('data_product').select(['id', 'name']).execute()
  return {
    policies: new Map(policies.map(({ policy_id, authors }) => [policy_id, authors])),
    members: new Map(members.map(({ id, added_by }) => [id, added_by])),
    products: new Map(products.map(({ id, name }) => [id, name])),
  }
}
