/** What a node holds: an entitlement index, and what is needed beside it to keep it right. */
import type { EntitlementIndex, Facts, Instant, PolicyId, UserId } from '@headgate/core'
import { entitlementIndex } from '@headgate/core'
import type { Tx } from '../db/act.ts'
import { allFacts, type FactBatch } from '../db/all-facts.ts'
import { currentMoment } from '../db/facts.ts'
import type { UnreadablePolicy } from '../db/policy-facts.ts'

export interface Held {
  readonly index: EntitlementIndex
  /** The last change that is in the index. */
  sequence: number
  /** By id of the row: whoever loses a principal is not named by the change that says so. */
  readonly principalOwners: Map<number, UserId>
  /** Stored policies that cannot be read: they give nothing, and whoever they guard gets nothing. */
  readonly unreadable: Map<PolicyId, UnreadablePolicy>
}

/** All facts of a snapshot, read in batches and kept as no more than the index. */
export async function loadIndex(tx: Tx): Promise<Held> {
  return filledWith(allFacts(tx), await currentMoment(tx))
}

/** An index of these facts, as of that moment. */
export async function filledWith(batches: AsyncIterable<FactBatch>, { sequence, now }: Moment): Promise<Held> {
  const held = emptyIndex(sequence, now)
  const dataSources: Facts['dataSources'][number][] = []
  for await (const { dataSources: some = [], ...rows } of batches) {
    for (const row of some) dataSources.push(row)
    add(held, rows)
  }
  // Last and at once: each is bound to its policies once.
  held.index.bindings.fill(dataSources)
  held.index.bindings.sweep()
  return held
}

/** A change, and the time as of which ends are judged. */
type Moment = Pick<Held, 'sequence'> & { readonly now: Instant }

function emptyIndex(sequence: number, now: Instant): Held {
  return { index: entitlementIndex(noFacts, now), sequence, principalOwners: new Map(), unreadable: new Map() }
}

/** Straight into the lists: nothing has been asked of this index yet, so there is nothing to bring up to date. */
function add({ index, principalOwners, unreadable }: Held, rows: FactBatch): void {
  const { facts, bindings, members, memberships, subscriptions } = index
  for (const row of rows.integrations ?? []) bindings.setIntegration(row.id, row)
  for (const row of rows.domains ?? []) bindings.setDomain(row.name, row)
  for (const row of rows.policies ?? []) bindings.setPolicy(row.id, row)
  for (const row of rows.selections ?? []) bindings.setSelection(row, true)
  for (const row of rows.unreadable ?? []) unreadable.set(row.id, row)
  for (const { id, name } of rows.groups ?? []) facts.setGroup(id, { name })
  for (const row of rows.users ?? []) facts.setUser(row.id, row)
  for (const row of rows.groupAttributes ?? []) facts.setAttribute(row, true)
  for (const { key, value, users } of rows.holders ?? []) facts.addHolders(key, value, users)
  for (const { group, users } of rows.belonging ?? []) {
    for (const user of users) facts.setGroupMember(group, user, true)
  }
  for (const [user, all] of Map.groupBy(rows.principals ?? [], ({ principal }) => principal.user)) {
    const ofUser = all.map(({ principal }) => principal)
    facts.setPrincipals(user, ofUser)
    for (const { id } of all) principalOwners.set(id, user)
  }
  for (const row of rows.subscriptions ?? []) subscriptions.set(row, true)
  for (const row of rows.members ?? []) members.set(row.id, row)
  for (const row of rows.dataProducts ?? []) bindings.setProduct(row.id, row)
  for (const row of rows.memberships ?? []) memberships.set(row.id, row, index.now)
}

const noFacts: Facts = {
  integrations: [],
  users: [],
  groups: [],
  attributes: [],
  principals: [],
  dataSources: [],
  policies: [],
  domains: [],
  selections: [],
  subscriptions: [],
  members: [],
  dataProducts: [],
  memberships: [],
}
