import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deriveEntitlements, desiredGrants, type Facts } from '../src/index.ts'
import { now, policyOf, randomOf, worldOf } from './worlds.ts'

test('5,000 people on one data source and 1,000 people on 1,000 data sources are a matter of seconds', () => {
  const wide = deriveEntitlements(manyFacts(5_000, 1), now)
  assert.equal(wide.length, 5_000)
  const facts = manyFacts(1_000, 1_000)
  const entitlements = deriveEntitlements(facts, now)
  assert.equal(entitlements.length, 500_000)
  assert.equal(desiredGrants(entitlements, facts, facts.integrations[0]!.id).grants.length, 500_000)
})

function manyFacts(people: number, sources: number): Facts {
  const base = worldOf(1)
  const [user, dataSource] = [base.users[0]!, base.dataSources[0]!]
  const users = Array.from({ length: people }, (_, at) => ({
    ...user,
    id: at as typeof user.id,
    userid: `u${at}`,
    disabled: false,
  }))
  return {
    ...base,
    users,
    groups: [],
    members: [],
    attributes: users.map(({ id }) => ({
      subject: { user: id },
      key: 'team',
      value: sources > 1 && id % 2 ? 'B' : 'A',
    })),
    principals: users.map(({ id }) => ({ user: id, kind: 'iamRole', identifier: `role/${id}` })),
    dataSources: Array.from({ length: sources }, (_, at) => ({
      ...dataSource,
      id: at as typeof dataSource.id,
      integration: base.integrations[0]!.id,
      scope: { bucket: 'lake', key: `${at}/`, kind: 'prefix' },
      tags: [`A.T${at}`],
      disabled: false,
    })),
    policies: [
      {
        ...policyOf(1, 'grant', randomOf(1)),
        reach: 'global',
        subscribe: 'automatic',
        appliesTo: { everything: true },
        who: { when: { kind: 'call', name: 'hasTagAsAttribute', args: ['team', 'dataSource'] } },
      },
    ],
  }
}
