/**
 * A marketplace as 06 says it, in plain rows: what people do to it, and what that comes to for the index.
 *
 * Shares nothing with what it checks. Who is let in by it is read in its own way: as if each had been added to each
 * data source of the product by name.
 */
import type {
  Change,
  DataProduct,
  DataSourceId,
  Facts,
  Level,
  Member,
  Membership,
  Policy,
  UserId,
} from '../src/index.ts'
import { type Random, randomOf, standingPolicies } from './worlds.ts'

interface Product {
  readonly id: DataProduct['id']
  readonly state: 'draft' | 'published' | 'suspended' | 'retired' | 'deleted'
  readonly sources: readonly DataSourceId[]
  readonly levels: readonly Level[]
}

interface Row extends Membership {
  readonly ended: boolean
}

export interface Market {
  readonly facts: Facts
  readonly now: number
  readonly products: readonly Product[]
  readonly memberships: readonly Row[]
}

/** What was done, how it is told to an index, and how things are then. */
export interface Step {
  readonly what: string
  readonly changes: readonly Change[]
  readonly market: Market
}

export function marketIn(facts: Facts, now: number): Market {
  const products = ['p1', 'p2', 'p3'].map((id): Product => {
    return { id: id as DataProduct['id'], state: 'draft', sources: [], levels: ['READ'] }
  })
  return { facts: { ...facts, dataProducts: [], memberships: [] }, now, products, memberships: [] }
}

/** The facts without a marketplace, with a member for each data source that somebody's product tags. */
export function readAsMembers({ facts, now, products, memberships }: Market): Facts {
  let id = 10_000
  const members = memberships.flatMap(({ user, product, level, until, ended }): Member[] => {
    const of = products.find(one => one.id === product)!
    const isOpen = isTagged(of) && of.levels.includes(level) && !ended && (until ?? now + 1) > now
    if (!isOpen) return []
    return of.sources.map(dataSource => ({ id: ++id as Member['id'], dataSource, subject: { user }, level }))
  })
  const policies = facts.policies.filter(one => !standingPolicies.some(standing => standing.id === one.id))
  return { ...facts, policies, dataProducts: [], memberships: [], members: [...facts.members, ...members] }
}

export function stepIn(market: Market, random: Random): Step {
  const { facts, now, products, memberships } = market
  const product = random.pick(products)
  const live = memberships.filter(one => !one.ended && (one.until ?? now + 1) > now)
  const user = random.pick(facts.users).id
  switch (random.below(14)) {
    case 0:
    case 1:
    case 2: {
      const sources = random.some(facts.dataSources, 0.3).map(({ id }) => id)
      const levels: Level[] = random.pick([['READ'], ['READ', 'WRITE'], ['WRITE']])
      // A level that members have stays while they have it.
      const kept = new Set([...levels, ...live.filter(one => one.product === product.id).map(({ level }) => level)])
      if (product.state === 'deleted') return nothing(market)
      const published: Product = { ...product, state: 'published', sources, levels: [...kept] }
      if (!isTagged(product)) return settled('publish', market, published)
      const more = { ...product, sources: [...new Set([...product.sources, ...sources])] }
      return random.chance(0.5) ? settled('add sources', market, more) : settled('change sources', market, published)
    }
    case 3:
    case 4:
    case 5: {
      if (product.state !== 'published') return nothing(market)
      const until = random.chance(0.7) ? { until: now + 1 + random.below(6) } : {}
      return admitted('approve', market, { user, product: product.id, level: random.pick(product.levels), ...until })
    }
    case 6: {
      if (live.length === 0) return nothing(market)
      const { user: whose, product: of, level, until } = random.pick(live)
      return admitted('extend', market, { user: whose, product: of, level, until: (until ?? now) + 2 })
    }
    case 7: {
      const ends = live.flatMap(({ until }) => (until === undefined ? [] : [until]))
      const next = ends.length === 0 ? now + 1 : Math.min(...ends)
      return { what: 'expire', changes: [{ entity: 'now', now: next }], market: { ...market, now: next } }
    }
    case 8: {
      // What is noticed to be over is over already.
      const over = memberships.filter(one => !one.ended && one.until !== undefined && one.until <= now)
      return over.length > 0 ? ended('notice', market, over) : nothing(market)
    }
    case 9:
      return live.length > 0 ? ended('revoke', market, [random.pick(live)]) : nothing(market)
    case 10: {
      const mine = memberships.filter(one => one.product === product.id && !one.ended)
      if (product.state === 'draft' || product.state === 'deleted') return nothing(market)
      const turn = random.below(4)
      if (turn === 0) return settled('suspend', market, { ...product, state: 'suspended' })
      if (turn === 1)
        return settled('retire', market, { ...product, state: 'retired', ...(mine.length > 0 ? {} : none) })
      const over = ended(turn === 2 ? 'unpublish' : 'delete', market, mine)
      const gone = settled(over.what, over.market, { ...product, state: turn === 2 ? 'draft' : 'deleted', ...none })
      return { ...gone, changes: [...over.changes, ...gone.changes] }
    }
    case 11: {
      const id = 50 as Policy['id']
      const row = facts.policies.some(one => one.id === id) ? undefined : guardrail(id, random)
      return changed('guardrail', market, { entity: 'policy', id, row })
    }
    case 12: {
      // As a provider says it, names that it may not give among them.
      const [key, value] = random.pick([
        ['team', 'A'],
        ['land', 'D'],
        ['Headgate Marketplace', 'Headgate Marketplace Data Product.p1'],
      ] as const)
      const row = { subject: { user }, key, value }
      return changed('sync', market, { entity: 'attribute', row, holds: random.chance(0.5) })
    }
    default: {
      const row = facts.users.find(one => one.id === user)!
      return changed('disable', market, { entity: 'user', id: user, row: { ...row, disabled: !row.disabled } })
    }
  }
}

const none = { sources: [] }

/** Whether people of `before` may have lost something by a step of that name. */
export function mayTake(what: string): boolean {
  return !['publish', 'add sources', 'approve', 'extend', 'notice', 'suspend', 'retire', 'nothing'].includes(what)
}

function isTagged({ state }: Product): boolean {
  return state === 'published' || state === 'suspended' || state === 'retired'
}

function nothing(market: Market): Step {
  return { what: 'nothing', changes: [], market }
}

function settled(what: string, market: Market, product: Product): Step {
  const { id, sources, levels } = product
  const row = isTagged(product) && sources.length > 0 ? { id, dataSources: sources, levels } : undefined
  const products = market.products.map(one => (one.id === id ? product : one))
  return { what, changes: [{ entity: 'dataProduct', id, row }], market: { ...market, products } }
}

function admitted(what: string, market: Market, made: Omit<Membership, 'id'>): Step {
  const row = { id: (market.memberships.length + 1) as Membership['id'], ...made }
  const memberships = [...market.memberships, { ...row, ended: false }]
  return { what, changes: [{ entity: 'membership', id: row.id, row }], market: { ...market, memberships } }
}

function ended(what: string, market: Market, some: readonly Row[]): Step {
  const memberships = market.memberships.map(one => (some.includes(one) ? { ...one, ended: true } : one))
  const changes = some.map(({ id }): Change => ({ entity: 'membership', id }))
  return { what, changes, market: { ...market, memberships } }
}

function changed(what: string, market: Market, change: Change): Step {
  const { facts } = market
  switch (change.entity) {
    case 'policy': {
      const others = facts.policies.filter(({ id }) => id !== change.id)
      const policies = change.row ? [...others, change.row] : others
      return { what, changes: [change], market: { ...market, facts: { ...facts, policies } } }
    }
    case 'user': {
      const users = facts.users.map(one => (one.id === change.id && change.row ? change.row : one))
      return { what, changes: [change], market: { ...market, facts: { ...facts, users } } }
    }
    case 'attribute': {
      const { key, value, subject } = change.row
      const isThis = (one: Facts['attributes'][number]) =>
        one.key === key && one.value === value && JSON.stringify(one.subject) === JSON.stringify(subject)
      const others = facts.attributes.filter(one => !isThis(one))
      const attributes = change.holds ? [...others, change.row] : others
      return { what, changes: [change], market: { ...market, facts: { ...facts, attributes } } }
    }
    default:
      throw new TypeError(change.entity)
  }
}

function guardrail(id: Policy['id'], random: Random): Policy {
  const who: UserId[] = [1, 2, 3, 4, 5].filter(() => random.chance(0.6)) as UserId[]
  return {
    id,
    version: 1,
    name: 'guardrail of the law',
    kind: 'guardrail',
    level: random.pick(['READ', 'WRITE']),
    reach: 'global',
    appliesTo: random.pick([{ everything: true }, { any: [{ tag: 'A' }] }]),
    who: { when: { kind: 'call', name: 'isUser', args: who.map(one => `u${one}`) } },
    subscribe: 'automatic',
    discoverable: false,
  }
}

/** The steps of one sequence, one after the other. */
export function* sequenceOf(facts: Facts, now: number, seed: number, length: number): Generator<Step> {
  const random = randomOf(seed * 17 + 5)
  let market = marketIn(facts, now)
  for (let at = 0; at < length; at++) {
    const step = stepIn(market, random)
    market = step.market
    yield step
  }
}
