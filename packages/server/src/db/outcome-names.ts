/** What the rows of who reaches what say besides the index: names, and who made each reason. */
import type { Instant } from '@headgate/core'
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
  const members = await tx.selectFrom('member').select(['id', 'added_by']).execute()
  return {
    policies: await authors(tx),
    members: new Map(members.map(({ id, added_by }) => [id, added_by])),
    products: await productNames(tx),
  }
}

/** As of that change, the last one that had begun by then. Data products have their names of today. */
export async function outcomeMakersAt(tx: Tx, at: Instant, sequence: number): Promise<OutcomeMakers> {
  // Members that are gone by now have no row any more: whoever said last that there is one had added it.
  const { rows: members } = await sql<{ id: number; adder: number }>`
    select distinct on (entity_id) entity_id::bigint as id, actor_id as adder from fact_change
    where entity = 'member' and id <= ${sequence} and jsonb_typeof(after) = 'object' and actor_id is not null
    order by entity_id, id desc`.execute(tx)
  return {
    policies: await authors(tx, at),
    members: new Map(members.map(({ id, adder }) => [id, adder])),
    products: await productNames(tx),
  }
}

async function authors(tx: Tx, at?: Instant): Promise<OutcomeMakers['policies']> {
  const rows = await tx
    .selectFrom('policy_version')
    .$if(at !== undefined, query =>
      query.where('created_at', '<', sql<number>`${new Date(Number(at) + 1)}::timestamptz`),
    )
    .groupBy('policy_id')
    .select(['policy_id', sql<(number | null)[]>`array_agg(distinct created_by)`.as('authors')])
    .execute()
  return new Map(rows.map(({ policy_id, authors }) => [policy_id, authors]))
}

async function productNames(tx: Tx): Promise<OutcomeMakers['products']> {
  const rows = await tx.selectFrom('data_product').select(['id', 'name']).execute()
  return new Map(rows.map(({ id, name }) => [id, name]))
}
