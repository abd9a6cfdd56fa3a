/** All facts of a database as core's `Facts`, gathered from the batches that the index is filled with. */
import type { Facts } from '@headgate/core'
import { allFacts, type FactBatch } from '../../src/db/all-facts.ts'
import { currentMoment } from '../../src/db/facts.ts'
import type { Db } from '../../src/db/open.ts'

export async function loadFacts(db: Db) {
  return db.snapshot(async tx => {
    const moment = await currentMoment(tx)
    const batches: FactBatch[] = []
    for await (const rows of allFacts(tx)) batches.push(rows)
    return { ...moment, facts: factsOf(batches), unreadable: batches.flatMap(rows => rows.unreadable ?? []) }
  })
}

export function factsOf(batches: readonly FactBatch[]): Facts {
  const all = <Kind extends keyof FactBatch>(kind: Kind) =>
    batches.flatMap(rows => (rows[kind] ?? []) as readonly NonNullable<FactBatch[Kind]>[number][])
  const belonging = Map.groupBy(all('belonging'), ({ group }) => group)
  return {
    integrations: all('integrations'),
    users: all('users'),
    groups: all('groups').map(group => ({
      ...group,
      users: [...new Set((belonging.get(group.id) ?? []).flatMap(({ users }) => users))].sort((a, b) => a - b),
    })),
    attributes: [
      ...all('groupAttributes'),
      ...all('holders').flatMap(({ key, value, users }) =>
        [...new Set(users)].map(user => ({ subject: { user }, key, value })),
      ),
    ],
    principals: all('principals').map(({ principal }) => principal),
    domains: all('domains'),
    dataSources: all('dataSources'),
    policies: all('policies'),
    selections: all('selections'),
    subscriptions: all('subscriptions'),
    members: all('members'),
    dataProducts: all('dataProducts'),
    memberships: all('memberships'),
  }
}
