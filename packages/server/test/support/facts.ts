/** All facts of a database as core's `Facts`, gathered from the batches that the index is filled with. */
import type { Facts } from '@headgate/core'
import { allFacts, currentMoment, type FactRows } from '../../src/db/facts.ts'
import type { Db } from '../../src/db/open.ts'

export async function loadFacts(db: Db) {
  return db.snapshot(async tx => {
    const moment = await currentMoment(tx)
    const batches: FactRows[] = []
    for await (const rows of allFacts(tx)) batches.push(rows)
    return { ...moment, facts: factsOf(batches), unreadable: batches.flatMap(rows => rows.unreadable ?? []) }
  })
}

export function factsOf(batches: readonly FactRows[]): Facts {
  const all = <Kind extends keyof FactRows>(kind: Kind) =>
    batches.flatMap(rows => (rows[kind] ?? []) as readonly NonNullable<FactRows[Kind]>[number][])
  const memberships = Map.groupBy(all('memberships'), ({ group }) => group)
  return {
    integrations: all('integrations'),
    users: all('users'),
    groups: all('groups').map(group => ({
      ...group,
      users: (memberships.get(group.id) ?? []).map(({ user }) => user).sort((a, b) => a - b),
    })),
    attributes: all('attributes'),
    principals: all('principals').map(({ principal }) => principal),
    domains: all('domains'),
    dataSources: all('dataSources'),
    policies: all('policies'),
    selections: all('selections'),
    subscriptions: all('subscriptions'),
    members: all('members'),
  }
}
