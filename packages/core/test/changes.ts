/** Random changes of a world, applied to plain rows: what the index has to agree with. */
import type { Change, Facts, GroupId, User } from '../src/index.ts'
import { domainNames, membershipOf, now, policyOf, productOf, type Random, scopeOf, worldOf } from './worlds.ts'

/** Rows, memberships of groups that are gone included, and the time. */
export interface World {
  readonly facts: Facts
  readonly memberships: ReadonlyMap<GroupId, ReadonlySet<User['id']>>
  readonly now: number
}

export function startOf(facts: Facts): World {
  return { facts, memberships: new Map(facts.groups.map(({ id, users }) => [id, new Set(users)])), now }
}

export function applied(world: World, change: Change): World {
  const { facts, memberships } = world
  switch (change.entity) {
    case 'now':
      return { ...world, now: change.now }
    case 'user':
      return { ...world, facts: { ...facts, users: replaced(facts.users, change.id, change.row) } }
    case 'integration':
      return { ...world, facts: { ...facts, integrations: replaced(facts.integrations, change.id, change.row) } }
    case 'dataSource':
      return { ...world, facts: { ...facts, dataSources: replaced(facts.dataSources, change.id, change.row) } }
    case 'policy':
      return { ...world, facts: { ...facts, policies: replaced(facts.policies, change.id, change.row) } }
    case 'member':
      return { ...world, facts: { ...facts, members: replaced(facts.members, change.id, change.row) } }
    case 'dataProduct':
      return { ...world, facts: { ...facts, dataProducts: replaced(facts.dataProducts, change.id, change.row) } }
    case 'membership':
      return { ...world, facts: { ...facts, memberships: replaced(facts.memberships, change.id, change.row) } }
    case 'domain': {
      const others = facts.domains.filter(({ name }) => name !== change.name)
      return { ...world, facts: { ...facts, domains: change.row ? [...others, change.row] : others } }
    }
    case 'selection':
      return { ...world, facts: { ...facts, selections: held(facts.selections, change) } }
    case 'subscription':
      return { ...world, facts: { ...facts, subscriptions: held(facts.subscriptions, change) } }
    case 'principals': {
      const others = facts.principals.filter(({ user }) => user !== change.user)
      return { ...world, facts: { ...facts, principals: [...others, ...change.rows] } }
    }
    case 'attribute':
      return { ...world, facts: { ...facts, attributes: held(facts.attributes, change) } }
    case 'group': {
      const users = [...(memberships.get(change.id) ?? [])]
      const row = change.row && { id: change.id, name: change.row.name, users }
      return { ...world, facts: { ...facts, groups: replaced(facts.groups, change.id, row) } }
    }
    case 'groupMember': {
      const users = new Set(memberships.get(change.group))
      if (change.holds) users.add(change.user)
      else users.delete(change.user)
      const groups = facts.groups.map(group => (group.id === change.group ? { ...group, users: [...users] } : group))
      return { ...world, facts: { ...facts, groups }, memberships: new Map([...memberships, [change.group, users]]) }
    }
  }
}

/** Something that may become so in a world of `worldOf`: rows come, change and go, known or not. */
export function changeOf({ facts, now: at }: World, random: Random): Change {
  const otherSeed = random.below(1_000_000)
  // Few changes take anything from another world.
  const other = () => worldOf(otherSeed, 1)
  const id = <T>(): T => (1 + random.below(6)) as T
  const gone = random.chance(0.2)
  const row = <T extends { readonly id: unknown }>(rows: readonly T[], wanted: T['id']) => {
    const found = gone || rows.length === 0 ? undefined : { ...random.pick(rows), id: wanted }
    return found as T | undefined
  }
  switch (random.below(18)) {
    case 0: {
      const user = id<Facts['users'][number]['id']>()
      return {
        entity: 'user',
        id: user,
        row: gone ? undefined : { id: user, userid: `u${user}`, disabled: random.chance(0.3) },
      }
    }
    case 1: {
      const name = random.pick(['Analysts', 'A', 'D', 'All Users', 'A.B'])
      return { entity: 'group', id: id(), row: gone ? undefined : { name } }
    }
    case 2:
    case 3:
      return { entity: 'groupMember', group: id(), user: id(), holds: random.chance(0.6) }
    case 4:
    case 5: {
      const held = facts.attributes.length > 0 && random.chance(0.4)
      return { entity: 'attribute', row: random.pick(held ? facts.attributes : other().attributes), holds: !held }
    }
    case 6: {
      const user = id<Facts['users'][number]['id']>()
      const rows = random.chance(0.3) ? [] : other().principals.filter(one => one.user === user)
      return { entity: 'principals', user, rows }
    }
    case 7: {
      const made = row(other().members, id())
      return { entity: 'member', id: made?.id ?? id(), row: made }
    }
    case 8: {
      const wanted = (1 + random.below(10)) as Facts['dataSources'][number]['id']
      const made = row(random.chance(0.5) ? facts.dataSources : other().dataSources, wanted)
      const scope = random.chance(0.3) ? scopeOf(`s3://lake/${random.pick(['a/*', 'a/b/*', 'z/*', '*'])}`) : made?.scope
      return { entity: 'dataSource', id: wanted, row: made && scope ? { ...made, scope } : undefined }
    }
    case 9: {
      const wanted = 1 + random.below(8)
      const made = policyOf(wanted, random.chance(0.4) ? 'guardrail' : 'grant', random)
      return { entity: 'policy', id: made.id, row: gone ? undefined : made }
    }
    case 10: {
      const name = random.pick(domainNames)
      const { tags } = random.pick(other().domains)
      return { entity: 'domain', name, row: gone ? undefined : { name, tags } }
    }
    case 11: {
      const policy = facts.policies.length > 0 ? random.pick(facts.policies).id : id<Facts['policies'][number]['id']>()
      return { entity: 'selection', row: { policy, dataSource: id() }, holds: random.chance(0.6) }
    }
    case 12: {
      const [user, dataSource] = [id<User['id']>(), id<Facts['dataSources'][number]['id']>()]
      const level = random.chance(0.5) ? 'READ' : 'WRITE'
      return { entity: 'subscription', row: { user, dataSource, level }, holds: random.chance(0.6) }
    }
    case 13:
    case 14: {
      const wanted = (1 + random.below(7)) as Facts['memberships'][number]['id']
      return { entity: 'membership', id: wanted, row: gone ? undefined : membershipOf(wanted, random) }
    }
    case 15: {
      const { id: wanted, ...made } = productOf(random.pick(['p1', 'p2', 'p3'] as never[]), random)
      return { entity: 'dataProduct', id: wanted, row: gone ? undefined : { id: wanted, ...made } }
    }
    case 16:
      return { entity: 'now', now: at - 1 + random.below(3) }
    default: {
      if (random.chance(0.6)) return { entity: 'now', now: at - 1 + random.below(3) }
      const wanted = (1 + random.below(4)) as Facts['integrations'][number]['id']
      const made = row(other().integrations, wanted)
      const vendsTo = random.pick([[], ['111111111111'], ['arn:aws:iam::111111111111:role/u1']])
      return { entity: 'integration', id: wanted, row: made && random.chance(0.5) ? { ...made, vendsTo } : made }
    }
  }
}

/** The rows with this one among them once, or not at all. */
function held<Row>(rows: readonly Row[], { row, holds }: { readonly row: Row; readonly holds: boolean }): Row[] {
  const text = JSON.stringify(row)
  const others = rows.filter(one => JSON.stringify(one) !== text)
  return holds ? [...others, row] : others
}

function replaced<Row extends { readonly id: unknown }>(
  rows: readonly Row[],
  id: Row['id'],
  row: Row | undefined,
): Row[] {
  const others = rows.filter(one => one.id !== id)
  return row ? [...others, row] : others
}
