import assert from 'node:assert/strict'
import {
  deriveEntitlements,
  desiredGrants,
  type Entitlement,
  type Facts,
  nextExpiry,
  withOverlap,
} from '../../src/index.ts'
import { keyPoints, levelAt, opens, opensAll } from '../brute-force.ts'
import { now, policyOf, randomOf, shuffled } from '../worlds.ts'
import type { Law } from './law.ts'
import { assertCounted, assertSame } from './same.ts'

export const entitlementLaws: readonly Law[] = [
  everyOutcomeOccurs(),
  {
    name: 'entitlements and their reasons are those of a second counting',
    check: ({ entitlements, counted }) => {
      assertCounted(entitlements(), counted())
    },
  },

  {
    name: 'asking for some data sources gives their part of the whole answer',
    check: ({ facts, seed, entitlements }) => {
      const dataSources = new Set(
        randomOf(seed)
          .some(facts.dataSources, 0.4)
          .map(({ id }) => id),
      )
      assertSame(
        deriveEntitlements(facts, now, { dataSources }),
        entitlements().filter(one => dataSources.has(one.dataSource)),
      )
    },
  },

  {
    name: 'one more grant policy never takes access away',
    check: ({ facts, seed, entitlements }) => {
      const more = { ...facts, policies: [...facts.policies, policyOf(99, 'grant', randomOf(seed + 0.5))] }
      assertNoLess(deriveEntitlements(more, now), entitlements())
    },
  },

  {
    name: 'one more guardrail never gives access',
    check: ({ facts, seed, entitlements }) => {
      const more = { ...facts, policies: [...facts.policies, policyOf(99, 'guardrail', randomOf(seed + 0.5))] }
      assertNoLess(entitlements(), deriveEntitlements(more, now))
    },
  },

  {
    name: 'the order of the rows says nothing',
    check: ({ facts, seed, entitlements, desired, access }) => {
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
        dataProducts: shuffled(facts.dataProducts, random),
        memberships: shuffled(facts.memberships, random),
      }
      const other = deriveEntitlements(mixed, now)
      assertSame(other, entitlements())
      const grants = facts.integrations.map(({ id }) => desiredGrants(other, mixed, id))
      assertSame(grants, desired())
      assertSame(withOverlap(other, mixed), access())
    },
  },

  {
    name: 'nothing changes before the next expiry, and it is at hand when something expires',
    check: ({ facts, entitlements }) => {
      const next = nextExpiry(facts, now)
      const untils = [...facts.members, ...facts.memberships].flatMap(({ until }) =>
        until !== undefined && until > now ? [until] : [],
      )
      assert.equal(next, untils.length === 0 ? undefined : Math.min(...untils))
      assertSame(deriveEntitlements(facts, (next ?? now + 1_000) - 1), entitlements())
    },
  },

  {
    name: 'nobody of another account is granted anything unless the instance lets them vend',
    check: ({ facts: plain, seed }) => {
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
          identifier: random.chance(0.5)
            ? one.identifier
            : one.identifier.replace('::111111111111:', '::333333333333:'),
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
    },
  },

  {
    name: 'the grants open to each person what the entitlements say, and what overlap is marked to open',
    check: given => {
      const { facts } = given
      const [entitlements, desired] = [given.entitlements(), given.desired()]
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
        const grants = desired
          .filter((_, at) => inRealm.includes(facts.integrations[at]!.id))
          .flatMap(one => one.grants)
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
              one =>
                one.user === user && dataSources.some(({ id, scope }) => id === one.dataSource && opens(scope, point)),
            )
            const level = entitled.some(one => one.level === 'WRITE') ? 2 : entitled.length > 0 ? 1 : 0
            assert.equal(levelAt(held, point), level, `user ${user}, ${point}`)
          }
        }
      }
    },
  },

  {
    name: 'subsumption changes nothing that anybody reaches and leaves no READ under READWRITE',
    check: ({ facts, desired }) => {
      const points = keyPoints(facts.dataSources.map(({ scope }) => scope))
      for (const [at, { subsumeEqual }] of facts.integrations.entries()) {
        const { grants, subsumed } = desired()[at]!
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
            one =>
              one !== grant && one.grantee.identifier === grant.grantee.identifier && opensAll(one.scope, grant.scope),
          )
          assert.ok(above.every(one => one.permission === 'READ' || grant.permission === 'READWRITE'))
          assert.ok(!subsumeEqual || above.every(one => one.permission !== grant.permission))
        }
      }
    },
  },
]

/** The worlds are not empty. */
function everyOutcomeOccurs(): Law {
  const found = {
    READ: 0,
    WRITE: 0,
    lowered: 0,
    overlapped: 0,
    subsumed: 0,
    unmapped: 0,
    manual: 0,
    domain: 0,
    local: 0,
    selected: 0,
  }
  return {
    name: 'every outcome that the laws speak of occurs in the worlds',
    check: ({ facts, entitlements, access, desired }) => {
      for (const { level, because } of entitlements()) {
        found[level]++
        if (level === 'READ' && because.some(reason => reason.level === 'WRITE')) found.lowered++
        for (const { id } of because.filter(({ kind }) => kind === 'policy')) {
          const { subscribe, reach, appliesTo } = facts.policies.find(policy => policy.id === id)!
          if (subscribe === 'manual') found.manual++
          if (reach !== 'global') found['domain' in reach ? 'domain' : 'local']++
          if ('selected' in appliesTo) found.selected++
        }
      }
      found.overlapped += access().filter(({ entitled }) => !entitled).length
      for (const one of desired()) {
        found.subsumed += one.subsumed.length
        found.unmapped += one.unmapped.length
      }
    },
    after: worlds => {
      for (const occurred of Object.values(found)) assert.ok(occurred > worlds / 20 - 1, JSON.stringify(found))
    },
  }
}

function assertNoLess(more: readonly Entitlement[], less: readonly Entitlement[]): void {
  const levels = new Map(more.map(one => [`${one.user} ${one.dataSource}`, one.level]))
  for (const { user, dataSource, level } of less) {
    const other = levels.get(`${user} ${dataSource}`)
    assert.ok(other === level || other === 'WRITE', `user ${user}, data source ${dataSource}: ${level}, but ${other}`)
  }
}
