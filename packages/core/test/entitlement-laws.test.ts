import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  deriveEntitlements,
  desiredGrants,
  type Entitlement,
  type Facts,
  nextExpiry,
  type OwnReason,
  withOverlap,
} from '../src/index.ts'
import { type Counted, countEntitlements, keyPoints, levelAt, opens, opensAll } from './brute-force.ts'
import { now, policyOf, randomOf, seeds, shuffled, worldOf } from './worlds.ts'

function inEveryWorld(name: string, check: (facts: Facts, seed: number) => void): void {
  test(name, () => {
    for (const seed of seeds) {
      try {
        check(worldOf(seed), seed)
      } catch (cause) {
        throw new Error(`in the world of seed ${seed} (HEADGATE_SEED=${seed} HEADGATE_WORLDS=1)`, { cause })
      }
    }
  })
}

test('the worlds are not empty: every outcome that the laws speak of occurs in them', () => {
  const levels = { READ: 0, WRITE: 0 }
  let [lowered, overlapped, subsumed, unmapped] = [0, 0, 0, 0]
  const kinds = { manual: 0, domain: 0, local: 0, selected: 0 }
  for (const seed of seeds) {
    const facts = worldOf(seed)
    const entitlements = deriveEntitlements(facts, now)
    for (const { level, because } of entitlements) {
      levels[level]++
      if (level === 'READ' && because.some(reason => reason.level === 'WRITE')) lowered++
      for (const { id } of because.filter(({ kind }) => kind === 'policy')) {
        const { subscribe, reach, appliesTo } = facts.policies.find(policy => policy.id === id)!
        if (subscribe === 'manual') kinds.manual++
        if (reach !== 'global') kinds['domain' in reach ? 'domain' : 'local']++
        if ('selected' in appliesTo) kinds.selected++
      }
    }
    overlapped += withOverlap(entitlements, facts).filter(({ entitled }) => !entitled).length
    for (const { id } of facts.integrations) {
      const desired = desiredGrants(entitlements, facts, id)
      subsumed += desired.subsumed.length
      unmapped += desired.unmapped.length
    }
  }
  const all = { ...levels, lowered, overlapped, subsumed, unmapped, ...kinds }
  for (const occurred of Object.values(all)) assert.ok(occurred > seeds.length / 20, JSON.stringify(all))
})

inEveryWorld('entitlements and their reasons are those of a second counting', facts => {
  assert.deepEqual(asCounted(deriveEntitlements(facts, now)), countEntitlements(facts, now))
})

inEveryWorld('asking for some data sources gives their part of the whole answer', (facts, seed) => {
  const dataSources = new Set(
    randomOf(seed)
      .some(facts.dataSources, 0.4)
      .map(({ id }) => id),
  )
  const all = deriveEntitlements(facts, now)
  assert.deepEqual(
    deriveEntitlements(facts, now, { dataSources }),
    all.filter(one => dataSources.has(one.dataSource)),
  )
})

inEveryWorld('one more grant policy never takes access away', (facts, seed) => {
  const more = { ...facts, policies: [...facts.policies, policyOf(99, 'grant', randomOf(seed + 0.5))] }
  assertNoLess(deriveEntitlements(more, now), deriveEntitlements(facts, now))
})

inEveryWorld('one more guardrail never gives access', (facts, seed) => {
  const more = { ...facts, policies: [...facts.policies, policyOf(99, 'guardrail', randomOf(seed + 0.5))] }
  assertNoLess(deriveEntitlements(facts, now), deriveEntitlements(more, now))
})

inEveryWorld('the order of the rows says nothing', (facts, seed) => {
  const random = randomOf(seed)
  const mixed: Facts = {
    integrations: shuffled(facts.integrations, random),
    users: shuffled(facts.users, random),
    groups: shuffled(facts.groups, random),
    attributes: shuffled(facts.attributes, random),
    principals: shuffled(facts.principals, random),
    dataSources: shuffled(facts.dataSources, random),
    policies: shuffled(facts.policies, random),
    domains: shuffled(facts.domains, random),
    selections: shuffled(facts.selections, random),
    subscriptions: shuffled(facts.subscriptions, random),
    members: shuffled(facts.members, random),
  }
  const [plain, other] = [facts, mixed].map(one => {
    const entitlements = deriveEntitlements(one, now)
    const grants = facts.integrations.map(({ id }) => desiredGrants(entitlements, one, id))
    return { entitlements, grants, access: withOverlap(entitlements, one) }
  })
  assert.deepEqual(other, plain)
})

inEveryWorld('nothing changes before the next expiry, and it is at hand when something expires', facts => {
  const next = nextExpiry(facts, now)
  const untils = facts.members.flatMap(({ until }) => (until !== undefined && until > now ? [until] : []))
  assert.equal(next, untils.length === 0 ? undefined : Math.min(...untils))
  assert.deepEqual(deriveEntitlements(facts, (next ?? now + 1_000) - 1), deriveEntitlements(facts, now))
})

inEveryWorld('nobody of another account is granted anything unless the instance lets them vend', (plain, seed) => {
  const random = randomOf(seed)
  const isLetIn = (account: string, { accountId, vendsTo = [] }: Facts['integrations'][number], arn: string) =>
    account === accountId || vendsTo.some(one => one === account || one === arn)
  const facts = {
    ...plain,
    integrations: plain.integrations.map(one => ({
      ...one,
      vendsTo: random.pick([[], ['111111111111'], ['arn:aws:iam::111111111111:role/u1', '333333333333']]),
    })),
    principals: plain.principals.map(one => ({
      ...one,
      identifier: random.chance(0.5) ? one.identifier : one.identifier.replace('::111111111111:', '::333333333333:'),
    })),
  }
  const entitlements = deriveEntitlements(facts, now)
  for (const integration of facts.integrations) {
    const { grants, subsumed } = desiredGrants(entitlements, facts, integration.id)
    for (const { grantee, user } of [...grants, ...subsumed.map(({ grant }) => grant)]) {
      const account = grantee.identifier.split(':')[4] ?? ''
      assert.ok(grantee.type !== 'IAM' || isLetIn(account, integration, grantee.identifier), grantee.identifier)
      assert.ok(
        !facts.principals.some(one => one.user === user && one.identifier === grantee.identifier && one.isAnother),
      )
    }
  }
})

inEveryWorld('the grants open to each person what the entitlements say, and what overlap is marked to open', facts => {
  const entitlements = deriveEntitlements(facts, now)
  const desired = facts.integrations.map(({ id }) => desiredGrants(entitlements, facts, id))
  const unmapped = new Set(desired.flatMap(one => one.unmapped.map(({ entitlement }) => entitlement)))
  const mapped = entitlements.filter(one => !unmapped.has(one))
  assert.equal(
    mapped.length,
    desired.flatMap(({ grants, subsumed }) => [...grants, ...subsumed]).length,
    'each entitlement is granted, subsumed or unmapped',
  )

  const access = new Map(withOverlap(mapped, facts).map(one => [`${one.user} ${one.dataSource}`, one.level]))
  const points = keyPoints(facts.dataSources.map(({ scope }) => scope))
  for (const realm of new Set(facts.integrations.map(({ accountId }) => accountId))) {
    const inRealm = facts.integrations.filter(({ accountId }) => accountId === realm).map(({ id }) => id)
    const dataSources = facts.dataSources.filter(({ integration }) => inRealm.includes(integration))
    const grants = desired.filter((_, at) => inRealm.includes(facts.integrations[at]!.id)).flatMap(one => one.grants)
    for (const { id: user } of facts.users) {
      const held = grants.filter(grant => grant.user === user)
      for (const { id, scope } of dataSources) {
        const whole = held.filter(grant => opensAll(grant.scope, scope))
        const level =
          whole.length === 0 ? undefined : whole.some(one => one.permission === 'READWRITE') ? 'WRITE' : 'READ'
        assert.equal(access.get(`${user} ${id}`), level, `user ${user}, data source ${id}`)
      }
      for (const point of points) {
        const entitled = mapped.filter(
          one => one.user === user && dataSources.some(({ id, scope }) => id === one.dataSource && opens(scope, point)),
        )
        const level = entitled.some(one => one.level === 'WRITE') ? 2 : entitled.length > 0 ? 1 : 0
        assert.equal(levelAt(held, point), level, `user ${user}, ${point}`)
      }
    }
  }
})

inEveryWorld('subsumption changes nothing that anybody reaches and leaves no READ under READWRITE', facts => {
  const entitlements = deriveEntitlements(facts, now)
  const points = keyPoints(facts.dataSources.map(({ scope }) => scope))
  for (const { id, subsumeEqual } of facts.integrations) {
    const { grants, subsumed } = desiredGrants(entitlements, facts, id)
    const all = [...grants, ...subsumed.map(({ grant }) => grant)]
    for (const { identifier } of new Set(all.map(({ grantee }) => grantee))) {
      const isTheirs = (grant: { grantee: { identifier: string } }) => grant.grantee.identifier === identifier
      for (const point of points) {
        assert.equal(
          levelAt(grants.filter(isTheirs), point),
          levelAt(all.filter(isTheirs), point),
          `${identifier} ${point}`,
        )
      }
    }
    for (const { grant, by } of subsumed) {
      assert.ok(grants.includes(by))
      assert.ok(opensAll(by.scope, grant.scope) && by.grantee.identifier === grant.grantee.identifier)
      assert.ok(by.permission === 'READWRITE' || subsumeEqual)
    }
    for (const grant of grants) {
      const above = grants.filter(
        one => one !== grant && one.grantee.identifier === grant.grantee.identifier && opensAll(one.scope, grant.scope),
      )
      assert.ok(above.every(one => one.permission === 'READ' || grant.permission === 'READWRITE'))
      assert.ok(!subsumeEqual || above.every(one => one.permission !== grant.permission))
    }
  }
})

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

function asCounted(entitlements: readonly Entitlement[]): Map<string, Counted> {
  const counted = new Map<string, Counted>()
  for (const { user, dataSource, level, because } of entitlements) {
    counted.set(`${user} ${dataSource}`, { level, because: because.map(reasonText).sort() })
  }
  return counted
}

function reasonText(reason: OwnReason): string {
  if (reason.kind === 'policy') return `policy ${reason.id} v${reason.version} ${reason.level}`
  const until = reason.until === undefined ? '' : ` until ${reason.until}`
  return `member ${reason.id} ${reason.level}${until}${reason.via ? ` via group ${reason.via.group}` : ''}`
}

function assertNoLess(more: readonly Entitlement[], less: readonly Entitlement[]): void {
  const levels = new Map(more.map(one => [`${one.user} ${one.dataSource}`, one.level]))
  for (const { user, dataSource, level } of less) {
    const other = levels.get(`${user} ${dataSource}`)
    assert.ok(other === level || other === 'WRITE', `user ${user}, data source ${dataSource}: ${level}, but ${other}`)
  }
}
