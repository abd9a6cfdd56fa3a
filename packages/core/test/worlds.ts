/** Random small worlds, the same ones for the same seed: enough people and nested scopes for every rule to meet every other. */
import {
  type AppliesTo,
  and,
  type Condition,
  call,
  type DataProduct,
  type DataSource,
  type Expression,
  type Facts,
  type GroupId,
  type Integration,
  type Level,
  type Member,
  type Membership,
  not,
  or,
  type Policy,
  type Principal,
  parseScope,
  type Reach,
  type Scope,
  type User,
} from '../src/index.ts'

/** `HEADGATE_WORLDS` sets how many, `HEADGATE_SEED` where to start: so the long run goes through 200,000 in parts. */
const count = Number(process.env.HEADGATE_WORLDS ?? 2_000)
const first = Number(process.env.HEADGATE_SEED ?? 1)

export const seeds: readonly number[] = Array.from({ length: count }, (_, at) => first + at)
export const now = 1_000_000

export interface Random {
  /** From 0 to below `limit`. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  some<T>(items: readonly T[], probability: number): T[]
}

/** Mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1)
  function next(): number {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    chance: probability => next() < probability,
    pick: items => items[below(items.length)]!,
    some: (items, probability) => items.filter(() => next() < probability),
  }
}

const id = <T extends number>(value: number): T => value as T
const values = ['A', 'A.B', 'A.B.C', 'AB', 'D']
const keys = ['team', 'land']
export const domainNames = ['emea', 'lab', 'gone']
const groupNames = ['Analysts', 'A', 'D', 'All Users']
const scopes = ['*', 'a/*', 'a/b/*', 'a/b/k', 'a/b', 'a/b*', 'c/*', 'c/d/e/*', 'c/d/e/f'].map(key =>
  scopeOf(`s3://lake/${key}`),
)
const integrations: readonly Integration[] = [
  { id: id(1), accountId: '111111111111', region: 'eu-west-1', locationPath: 's3://', subsumeEqual: true },
  { id: id(2), accountId: '111111111111', region: 'eu-west-1', locationPath: 's3://lake/', subsumeEqual: false },
  {
    id: id(3),
    accountId: '222222222222',
    region: 'eu-west-1',
    locationPath: 's3://',
    subsumeEqual: true,
    vendsTo: ['111111111111'],
  },
]

/** As the first migration of the marketplace makes them; their numbers come after all others. */
export const standingPolicies: readonly Policy[] = (['', ' Write'] as const).map((suffix, at) => ({
  id: id(901 + at),
  version: 1,
  name: `Headgate Marketplace${suffix}`,
  kind: 'grant',
  level: suffix === '' ? 'READ' : 'WRITE',
  reach: 'global',
  appliesTo: { any: [{ tag: `Headgate Marketplace Data Product${suffix}` }] },
  who: { when: call('hasTagAsAttribute', `Headgate Marketplace${suffix}`, 'dataSource') },
  subscribe: 'automatic',
  discoverable: false,
  protected: true,
}))

export function scopeOf(text: string): Scope {
  const parsed = parseScope(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.scope
}

/** A world; worlds of one seed and another `variant` have the same users and scopes, and else little in common. */
export function worldOf(seed: number, variant = 0): Facts {
  const skeleton = randomOf(seed)
  const random = randomOf(seed * 1009 + variant * 7919 + 1)
  const users = range(5).map((at): User => ({ id: id(at), userid: `u${at}`, disabled: random.chance(0.1) }))
  const dataSources = range(9).map(
    (at): DataSource => ({
      id: id(at),
      name: `source ${at}`,
      integration: integrations[skeleton.pick([0, 0, 1, 2])]!.id,
      scope: scopes[at - 1]!,
      tags: random.some(values, 0.3),
      domains: random.some(domainNames, 0.15),
      disabled: random.chance(0.1),
    }),
  )
  const policies = range(random.below(7)).map(at => policyOf(at, random.chance(0.4) ? 'guardrail' : 'grant', random))
  return withMarketplace(randomOf(seed * 31 + variant * 7 + 2), {
    integrations,
    users,
    dataSources,
    // One name has no row, and tags take in more than what was put in by hand.
    domains: domainNames.slice(0, 2).map(name => ({ name, tags: random.some(values, 0.25) })),
    policies,
    selections: policies.flatMap(({ id: policy }) =>
      random.some(dataSources, 0.3).map(one => ({ policy, dataSource: one.id })),
    ),
    subscriptions: users.flatMap(({ id: user }) =>
      random.some(dataSources, 0.4).map(one => ({ user, dataSource: one.id, level: levelOf(random) })),
    ),
    groups: groupNames.map((name, at) => ({
      id: id(at + 1),
      name,
      users: random.some(users, 0.4).map(user => user.id),
    })),
    attributes: range(6).map(() => ({
      subject: random.chance(0.7) ? { user: random.pick(users).id } : { group: id<GroupId>(1 + random.below(4)) },
      key: random.pick(keys),
      value: random.pick(values),
    })),
    principals: users.flatMap(user => principalsOf(user, random)),
    members: range(random.below(5)).map(
      (at): Member => ({
        id: id(at),
        dataSource: random.pick(dataSources).id,
        subject: random.chance(0.7) ? { user: random.pick(users).id } : { group: id<GroupId>(1 + random.below(4)) },
        level: levelOf(random),
        ...(random.chance(0.5) ? { until: now - 1 + random.below(3) } : {}),
      }),
    ),
    dataProducts: [],
    memberships: [],
  })
}

const products = ['p1', 'p2', 'p3'] as readonly string[] as readonly DataProduct['id'][]
const reservedTags = ['Headgate Marketplace Data Product', 'Headgate Marketplace Data Product.p1']

/** Products, memberships and the standing policies; and of their names what no door would have let in. */
function withMarketplace(random: Random, facts: Facts): Facts {
  const stray = <Row>(rows: readonly Row[], probability: number, other: (row: Row) => Row) =>
    rows.map(row => (random.chance(probability) ? other(row) : row))
  const withTag = <Row extends { readonly tags: readonly string[] }>(row: Row) => ({
    ...row,
    tags: [...row.tags, random.pick(reservedTags)],
  })
  const dataProducts = random.some(products, 0.6).map(one => productOf(one, random))
  return {
    ...facts,
    dataSources: stray(facts.dataSources, 0.05, withTag),
    domains: stray(facts.domains, 0.05, withTag),
    attributes: random.chance(0.8)
      ? facts.attributes
      : [
          ...facts.attributes,
          { ...random.pick(facts.attributes), key: 'Headgate Marketplace', value: reservedTags[1]! },
        ],
    policies: [...stray(facts.policies, 0.06, policy => strayPolicy(policy, random)), ...standingPolicies],
    dataProducts,
    memberships: range(random.below(6)).map(at => membershipOf(at, random)),
  }
}

export function productOf(product: DataProduct['id'], random: Random): DataProduct {
  const levels: DataProduct['levels'] = random.pick([['READ'], ['READ', 'WRITE'], ['WRITE']])
  return {
    id: product,
    dataSources: random.some(
      range(9).map(at => id<DataSource['id']>(at)),
      0.35,
    ),
    levels,
  }
}

export function membershipOf(at: number, random: Random): Membership {
  return {
    id: id(at),
    user: id(1 + random.below(5)),
    product: random.pick(products),
    level: levelOf(random),
    ...(random.chance(0.6) ? { until: now - 1 + random.below(4) } : {}),
  }
}

/** One that speaks of what only the standing policies see. */
function strayPolicy(policy: Policy, random: Random): Policy {
  if (random.chance(0.4)) return { ...policy, appliesTo: { any: [{ tag: random.pick(reservedTags) }] } }
  const said = random.pick([
    call('hasAttribute', 'Headgate Marketplace'),
    call('hasAttribute', 'Headgate Marketplace', reservedTags[1]!),
    call('hasTagAsAttribute', 'Headgate Marketplace', 'dataSource'),
  ])
  return { ...policy, who: { when: random.chance(0.4) ? not(said) : said } }
}

export function policyOf(at: number, kind: Policy['kind'], random: Random): Policy {
  const isOpen = kind === 'grant' && random.chance(0.1)
  return {
    id: id(at),
    version: 1 + random.below(3),
    name: `policy ${at}`,
    kind,
    level: levelOf(random),
    ...appliesTo(random),
    subscribe: kind === 'grant' && random.chance(0.3) ? 'manual' : 'automatic',
    discoverable: random.chance(0.2),
    who: isOpen ? { everyone: true } : { when: expressionOf(random, 2) },
  }
}

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map(item => ({ item, rank: random.below(1_000_000) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

function principalsOf(user: User, random: Random): Principal[] {
  const arn = `arn:aws:iam::111111111111:role/${user.userid}`
  const all: Principal[] = [{ user: user.id, kind: 'iamRole', identifier: arn }]
  if (random.chance(0.2)) all.pop()
  if (random.chance(0.35)) {
    all.push({
      user: user.id,
      kind: 'identityCenterUser',
      identifier: `ids-${user.userid}`,
      integration: random.pick(integrations).id,
    })
  }
  if (random.chance(0.05)) all.push({ user: user.id, kind: 'iamUser', identifier: `${arn}-too` })
  return random.chance(0.05) ? all.map(one => ({ ...one, isAnother: true })) : all
}

function levelOf(random: Random): Level {
  return random.chance(0.35) ? 'WRITE' : 'READ'
}

function appliesTo(random: Random): { readonly reach: Reach; readonly appliesTo: AppliesTo } {
  if (random.chance(0.1)) return { reach: { dataSource: id(1 + random.below(9)) }, appliesTo: { everything: true } }
  const reach = random.chance(0.2) ? { domain: random.pick(domainNames) } : 'global'
  if (random.chance(0.2)) return { reach, appliesTo: { everything: true } }
  if (random.chance(0.1)) return { reach, appliesTo: { selected: true } }
  const conditions = range(1 + random.below(2)).map(() => conditionOf(random))
  return { reach, appliesTo: random.chance(0.7) ? { any: conditions } : { all: conditions } }
}

function conditionOf(random: Random): Condition {
  switch (random.below(6)) {
    case 0:
      return { scope: random.pick(scopes) }
    case 1:
      return { integration: random.pick(integrations).id }
    case 2:
      return { name: random.pick(['source *', '*3', 's*e 5', 'source 1', '*']) }
    case 3:
      return { domain: random.pick(domainNames) }
    default:
      return { tag: random.pick(values) }
  }
}

function expressionOf(random: Random, depth: number): Expression {
  const kind = depth === 0 ? 'call' : random.pick(['call', 'call', 'and', 'or', 'not'])
  if (kind === 'not') return not(expressionOf(random, depth - 1))
  if (kind === 'and') return and([expressionOf(random, depth - 1), expressionOf(random, depth - 1)])
  if (kind === 'or') return or([expressionOf(random, depth - 1), expressionOf(random, depth - 1)])
  return random.pick([
    () => call('hasAttribute', random.pick(keys)),
    () => call('hasAttribute', random.pick(keys), random.pick(values)),
    () => call('isInGroups', ...random.some(groupNames, 0.4), random.pick(groupNames)),
    () => call('isInAnyGroup', random.pick(groupNames), random.pick(groupNames)),
    () => call('hasTagAsAttribute', random.pick(keys), 'dataSource'),
    () => call('hasTagAsGroup', 'dataSource'),
    () => call('isUser', random.pick(['u1', 'u2', 'u9'])),
    () => call('hasPrincipal', random.pick(['iamRole', 'identityCenterUser'])),
    () => call('hasPrincipal', random.pick(['iamRole', 'identityCenterUser'])),
  ])()
}

/** 1 to `length`. */
function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at + 1)
}
