/**
 * Brings an index to what was found: row by row what is otherwise, nothing for what is so already.
 *
 * Without a pause, so that nobody ever sees half of it.
 */
import { isDeepStrictEqual } from 'node:util'
import type {
  Attribute,
  Change,
  DataProductId,
  DataSourceId,
  Difference,
  GroupId,
  IntegrationId,
  MemberId,
  MembershipId,
  PolicyId,
  Selection,
  Subscription,
  UserId,
} from '@headgate/core'
import type { FactRows, Touched } from '../db/facts.ts'
import type { Held } from './held.ts'
import type { News, Unstored } from './news.ts'

/** Told of each change with what was so before and what it did, which has to be read at once. */
export type OnChange = (change: Change, before: Change, did: Difference) => void

export function applyNews(held: Held, news: News, onChange: OnChange): void {
  const { index } = held
  for (const change of changesSince(held, news)) {
    const before = index.inverseOf(change)
    if (!isDeepStrictEqual(before, change)) onChange(change, before, index.applyChange(change))
  }
  keepBeside(held, news)
  held.sequence = news.sequence
}

function* changesSince({ index }: Held, news: News): Generator<Change> {
  yield { entity: 'now', now: news.now }
  yield* changesFor(index, news)
}

/** What changes something at all; each is to be asked for once the one before it is in the index. */
export function* realChanges(index: Held['index'], news: Unstored): Generator<Change> {
  for (const change of changesFor(index, news)) {
    if (!isDeepStrictEqual(index.inverseOf(change), change)) yield change
  }
}

function* changesFor(index: Held['index'], { touched, rows }: Unstored): Generator<Change> {
  const integrations = byId(rows.integrations)
  for (const id of touched.integrations as ReadonlySet<IntegrationId>) {
    yield { entity: 'integration', id, row: integrations.get(id) }
  }
  const groups = byId(rows.groups)
  for (const id of touched.groups as ReadonlySet<GroupId>) {
    const group = groups.get(id)
    yield { entity: 'group', id, row: group && { name: group.name } }
  }
  const users = byId(rows.users)
  for (const id of touched.users as ReadonlySet<UserId>) yield { entity: 'user', id, row: users.get(id) }
  const groupMembers = new Set(rows.groupMembers?.map(({ group, user }) => `${group}/${user}`))
  for (const [key, { group, user }] of touched.groupMembers) {
    yield { entity: 'groupMember', group, user, holds: groupMembers.has(key) }
  }
  yield* attributeChanges(index.facts, touched, rows)
  const principals = Map.groupBy(rows.principals ?? [], ({ principal }) => principal.user)
  for (const user of touched.usersOfPrincipals as ReadonlySet<UserId>) {
    const all = principals.get(user) ?? []
    yield { entity: 'principals', user, rows: all.map(({ principal }) => principal) }
  }
  const policies = byId(rows.policies)
  for (const id of touched.policies as ReadonlySet<PolicyId>) yield { entity: 'policy', id, row: policies.get(id) }
  const domains = new Map(rows.domains?.map(row => [row.name, row]))
  for (const name of touched.domains) yield { entity: 'domain', name, row: domains.get(name) }
  const dataSources = byId(rows.dataSources)
  for (const id of touched.dataSources as ReadonlySet<DataSourceId>) {
    yield { entity: 'dataSource', id, row: dataSources.get(id) }
  }
  const selections = new Set(rows.selections?.map(selectionKey))
  for (const [key, row] of touched.selections) yield { entity: 'selection', row, holds: selections.has(key) }
  const subscriptions = new Set(rows.subscriptions?.map(subscriptionKey))
  for (const [key, row] of touched.subscriptions) {
    yield { entity: 'subscription', row, holds: subscriptions.has(key) }
  }
  const members = byId(rows.members)
  for (const id of touched.members as ReadonlySet<MemberId>) yield { entity: 'member', id, row: members.get(id) }
  const products = new Map(rows.dataProducts?.map(row => [row.id, row]))
  for (const id of touched.dataProducts as ReadonlySet<DataProductId>) {
    yield { entity: 'dataProduct', id, row: products.get(id) }
  }
  const memberships = byId(rows.memberships)
  for (const id of touched.memberships as ReadonlySet<MembershipId>) {
    yield { entity: 'membership', id, row: memberships.get(id) }
  }
}

/** Of each person and group touched: what is held no more goes, what is new comes. */
function* attributeChanges(facts: Held['index']['facts'], touched: Touched, rows: FactRows): Generator<Change> {
  const held = Map.groupBy(rows.attributes ?? [], ({ subject }) => subjectKey(subject))
  function* changesOf(subject: Attribute['subject'], before: readonly { key: string; value: string }[]) {
    const now = held.get(subjectKey(subject)) ?? []
    const stays = new Set(now.map(valueKey))
    // A copy: the list changes as its values go.
    for (const { key, value } of [...before]) {
      if (stays.has(valueKey({ key, value }))) stays.delete(valueKey({ key, value }))
      else yield { entity: 'attribute', row: { subject, key, value }, holds: false } as const
    }
    for (const row of now) if (stays.has(valueKey(row))) yield { entity: 'attribute', row, holds: true } as const
  }
  for (const user of touched.usersOfAttributes as ReadonlySet<UserId>) {
    yield* changesOf({ user }, facts.person(user).values)
  }
  for (const group of touched.groupsOfAttributes as ReadonlySet<GroupId>) {
    yield* changesOf({ group }, facts.group(group).values)
  }
}

function keepBeside({ principalOwners, unreadable }: Held, { touched, rows }: News): void {
  for (const { id, principal } of rows.principals ?? []) principalOwners.set(id, principal.user)
  for (const id of touched.policies as ReadonlySet<PolicyId>) unreadable.delete(id)
  for (const one of rows.unreadable ?? []) unreadable.set(one.id, one)
}

function byId<Row extends { readonly id: number }>(rows: readonly Row[] = []): Map<number, Row> {
  return new Map(rows.map(row => [row.id, row]))
}

function subjectKey(subject: Attribute['subject']): string {
  return 'user' in subject ? `user ${subject.user}` : `group ${subject.group}`
}

/** As the id of the change says it. */
function selectionKey({ dataSource, policy }: Selection): string {
  return `${dataSource}/${policy}`
}

function subscriptionKey({ dataSource, user, level }: Subscription): string {
  return `${dataSource}/${user}/${level}`
}

function valueKey({ key, value }: { readonly key: string; readonly value: string }): string {
  return JSON.stringify([key, value])
}
