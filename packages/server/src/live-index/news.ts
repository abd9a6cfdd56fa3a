/**
 * What changed since: the things that changes were about, as they are now.
 *
 * Level-based: a change only says what to look at, so neither its order nor its after-image matters, and the same thing
 * changed twice is looked at once. What cannot be understood is no news but a reason to look at everything.
 */
import type { DataSourceId, GroupId, Instant, PolicyId, Selection, Subscription, UserId } from '@headgate/core'
import type { Tx } from '../db/act.ts'
import { type FactChange, subjectsBetween } from '../db/fact-change.ts'
import {
  currentMoment,
  type FactRows,
  type GroupMember,
  integrationsOf,
  ownersOfPrincipals,
  type Touched,
  touchedFacts,
} from '../db/facts.ts'
import type { Held } from './held.ts'

export interface News {
  readonly sequence: number
  readonly now: Instant
  readonly touched: Touched
  readonly rows: FactRows
}

/** The same for changes that are not stored yet, as their own transaction sees them. */
export type Unstored = Pick<News, 'touched' | 'rows'>

type Owners = { readonly get: Held['principalOwners']['get'] }
type Subjects = readonly Pick<FactChange, 'entity' | 'entityId'>[]

/** More than this is read from the tables at once instead, which takes no longer. */
const mostSubjects = 10_000

/** For a snapshot. Undefined: too far behind, or changes that cannot be understood. */
export async function loadNews(tx: Tx, { sequence: since, principalOwners }: Held): Promise<News | undefined> {
  const { sequence, now } = await currentMoment(tx)
  if (sequence === since) return { sequence, now, touched: nothing, rows: {} }
  // A database that was put back to an older state.
  if (sequence < since) return undefined
  const subjects = await subjectsBetween(tx, since, sequence, mostSubjects)
  const news = subjects && (await newsOf(tx, principalOwners, subjects))
  return news && { sequence, now, ...news }
}

/** What some changes were about, as it is for this transaction. Undefined: a change that cannot be understood. */
export async function newsOf(tx: Tx, principalOwners: Owners, subjects: Subjects): Promise<Unstored | undefined> {
  const ids = subjectIds(subjects)
  if (!ids) return undefined
  const owners = [...ids.principals].flatMap(id => principalOwners.get(id) ?? [])
  const usersOfPrincipals = new Set([...owners, ...(await someOf(ids.principals, all => ownersOfPrincipals(tx, all)))])
  // A data source counts for nothing without its integration.
  const beneath = await someOf(ids.dataSources, all => integrationsOf(tx, all))
  const touched = { ...ids, usersOfPrincipals, integrations: new Set([...ids.integrations, ...beneath]) }
  return { touched, rows: await touchedFacts(tx, touched) }
}

function someOf(ids: ReadonlySet<number>, load: (ids: readonly number[]) => Promise<number[]>) {
  return ids.size === 0 ? Promise.resolve([]) : load([...ids])
}

/** Undefined where one says what we do not understand. */
function subjectIds(subjects: Subjects) {
  const found = {
    integrations: new Set<number>(),
    groups: new Set<number>(),
    users: new Set<number>(),
    groupMembers: new Map<string, GroupMember>(),
    groupsOfAttributes: new Set<number>(),
    usersOfAttributes: new Set<number>(),
    principals: new Set<number>(),
    policies: new Set<number>(),
    domains: new Set<string>(),
    dataSources: new Set<number>(),
    selections: new Map<string, Selection>(),
    subscriptions: new Map<string, Subscription>(),
    members: new Set<number>(),
    dataProducts: new Set<string>(),
    memberships: new Set<number>(),
  }
  const plain: Readonly<Record<string, Set<number>>> = {
    integration: found.integrations,
    group: found.groups,
    user: found.users,
    principal: found.principals,
    policy: found.policies,
    dataSource: found.dataSources,
    dataSourceTag: found.dataSources,
    dataSourceDomain: found.dataSources,
    member: found.members,
    membership: found.memberships,
  }
  for (const { entity, entityId } of subjects) {
    const [first = '', second = '', third] = entityId.split('/', 3)
    if (entity === 'attribute' && isId(second) && (first === 'user' || first === 'group')) {
      const of = first === 'user' ? found.usersOfAttributes : found.groupsOfAttributes
      of.add(Number(second))
    } else if (entity === 'groupMember' && isId(first) && isId(second)) {
      found.groupMembers.set(entityId, { group: Number(first) as GroupId, user: Number(second) as UserId })
    } else if (entity === 'domain') {
      found.domains.add(entityId)
    } else if (entity === 'dataProduct') {
      found.dataProducts.add(entityId)
    } else if (entity === 'selection' && isId(first) && isId(second)) {
      const selection = { dataSource: Number(first) as DataSourceId, policy: Number(second) as PolicyId }
      found.selections.set(entityId, selection)
    } else if (entity === 'subscription' && isId(first) && isId(second) && (third === 'READ' || third === 'WRITE')) {
      const [dataSource, user] = [Number(first) as DataSourceId, Number(second) as UserId]
      found.subscriptions.set(entityId, { dataSource, user, level: third })
    } else {
      const ids = plain[entity]
      if (!ids || !isId(first)) return undefined
      ids.add(Number(first))
    }
  }
  return found
}

function isId(text: string): boolean {
  return /^\d{1,15}$/.test(text)
}

const nothing: Touched = {
  integrations: new Set(),
  groups: new Set(),
  users: new Set(),
  groupMembers: new Map(),
  groupsOfAttributes: new Set(),
  usersOfAttributes: new Set(),
  usersOfPrincipals: new Set(),
  policies: new Set(),
  domains: new Set(),
  dataSources: new Set(),
  selections: new Map(),
  subscriptions: new Map(),
  members: new Set(),
  dataProducts: new Set(),
  memberships: new Set(),
}
