/**
 * All facts at once, for whoever starts from nothing: in large batches, the next one asked for while one is worked on.
 *
 * What many people have in common comes turned round, a value with everybody who holds it: a company has a thousand
 * values and a million rows that say who has which. Nothing here knows what the rows mean.
 */
import type { Attribute, GroupId, UserId } from '@headgate/core'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import {
  dataProducts,
  dataSources,
  domains,
  type FactRows,
  groupAttributes,
  groups,
  integrations,
  members,
  memberships,
  type Part,
  principals,
  selections,
  subscriptions,
  users,
  within,
} from './facts.ts'
import { loadPolicies } from './policy-facts.ts'

/** Some rows of each kind, people's values and groups turned round. */
export interface FactBatch extends Omit<FactRows, 'attributes' | 'groupMembers'> {
  readonly groupAttributes?: readonly Attribute[]
  readonly holders?: readonly Holders[]
  readonly belonging?: readonly Belonging[]
}

/** Some of those who hold a value themselves; one may be named twice. */
export interface Holders {
  readonly key: string
  readonly value: string
  readonly users: readonly UserId[]
}

/** Some of those in a group; one may be named twice. */
export interface Belonging {
  readonly group: GroupId
  readonly users: readonly UserId[]
}

/** Of one moment when `tx` is a snapshot. Users come by id, before whatever is said of them. */
export function allFacts(tx: Tx): AsyncGenerator<FactBatch> {
  return askedAhead(batches(tx))
}

/** People or other rows at once: few enough for those of a batch to stay in the processor's cache while all is said of them. */
const batchSize = 5000

async function* batches(tx: Tx): AsyncGenerator<FactBatch> {
  const products = await dataProducts(tx)
  yield {
    integrations: await integrations(tx),
    domains: await domains(tx),
    ...(await loadPolicies(tx)),
    dataProducts: products,
  }
  yield { groups: await groups(tx), groupAttributes: await groupAttributes(tx) }
  for await (const part of parts(tx, 'person')) {
    yield { users: await users(tx, part), principals: await principals(tx, part) }
    yield { holders: await holders(tx, part), belonging: await belonging(tx, part) }
  }
  for await (const part of parts(tx, 'data_source')) {
    yield { dataSources: await dataSources(tx, part) }
    yield { selections: await selections(tx, part), subscriptions: await subscriptions(tx, part) }
  }
  for await (const part of parts(tx, 'member')) yield { members: await members(tx, part) }
  for await (const part of parts(tx, 'membership')) yield { memberships: await memberships(tx, part) }
}

async function* askedAhead<Batch>(source: AsyncGenerator<Batch>): AsyncGenerator<Batch> {
  let next = asked()
  function asked() {
    const one = source.next()
    // Whoever awaits it is told of a failure, perhaps only later.
    one.catch(() => {})
    return one
  }
  try {
    for (let { done, value } = await next; !done; { done, value } = await next) {
      next = asked()
      yield value
    }
  } finally {
    // Nothing may still be asking when the transaction ends.
    await next.catch(() => {})
  }
}

async function* parts(tx: Tx, table: 'person' | 'data_source' | 'member' | 'membership'): AsyncGenerator<Part> {
  for (let after = 0; ; ) {
    const ids = tx.selectFrom(table).where('id', '>', after).select('id').orderBy('id').limit(batchSize)
    const { to } = await tx
      .selectFrom(ids.as('some'))
      .select(({ fn }) => fn.max<number | null>('id').as('to'))
      .executeTakeFirstOrThrow()
    if (to === null) return
    yield { from: after + 1, to }
    after = to
  }
}

async function holders(tx: Tx, part: Part): Promise<Holders[]> {
  return tx
    .selectFrom('person_attribute')
    .where(within('person_id', part))
    .select(['key', 'value', people.as('users')])
    .groupBy(['key', 'value'])
    .execute()
}

async function belonging(tx: Tx, part: Part): Promise<Belonging[]> {
  const rows = await tx
    .selectFrom('group_member')
    .where(within('person_id', part))
    .select(['group_id', people.as('users')])
    .groupBy('group_id')
    .execute()
  return rows.map(({ group_id, users: some }) => ({ group: group_id as GroupId, users: some }))
}

/** As JSON, which is read many times faster than an array; a plain aggregate, so that it is hashed rather than sorted. */
const people = sql<UserId[]>`to_json(array_agg(person_id))`
