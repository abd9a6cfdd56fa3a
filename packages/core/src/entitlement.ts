/**
 * Step 3 of the line: who is entitled to what, and every reason why.
 *
 * Grant policies and members combine with OR and let people in; guardrails combine with AND, let nobody in and beat
 * everything (04). What is not said by a fact is not given. Owning gives nothing. No clock: `now` is an argument.
 */
import { type Audience, audiences } from './audience.ts'
import { type Bindings, bindings } from './binding.ts'
import type {
  DataSource,
  DataSourceId,
  Facts,
  GroupId,
  Instant,
  Level,
  Member,
  MemberId,
  PolicyId,
  UserId,
} from './facts.ts'
import { gatherPeople, type People } from './people.ts'

/** A grant policy or a membership that lets the person in, at the level that it gives. */
export type OwnReason =
  | { readonly kind: 'policy'; readonly id: PolicyId; readonly version: number; readonly level: Level }
  | {
      readonly kind: 'member'
      readonly id: MemberId
      readonly level: Level
      readonly until?: Instant
      /** The group that was made a member. */
      readonly via?: { readonly group: GroupId }
    }

export interface Entitlement {
  readonly user: UserId
  readonly dataSource: DataSourceId
  /** The highest; WRITE includes READ. */
  readonly level: Level
  /**
   * All reasons, policies before members, then by id. A reason may give more than the level does: who may write by
   * a policy and fails a WRITE guardrail is entitled to READ because of that policy.
   */
  readonly because: readonly OwnReason[]
}

/**
 * Everybody's entitlements; by data source, then user. `only` narrows the answer to some data sources: it is the same
 * as leaving the others out of the full answer.
 */
export function deriveEntitlements(
  facts: Facts,
  now: Instant,
  only: { readonly dataSources?: ReadonlySet<DataSourceId> } = {},
): Entitlement[] {
  const people = gatherPeople(facts)
  const audience = audiences(facts, people)
  const bindingsOf = bindings(facts)
  const membersOf = Map.groupBy(facts.members, ({ dataSource }) => dataSource)
  const integrations = new Set(facts.integrations.map(({ id }) => id))

  const found: Entitlement[] = []
  for (const dataSource of facts.dataSources.toSorted((a, b) => a.id - b.id)) {
    if (dataSource.disabled || !integrations.has(dataSource.integration)) continue
    if (only.dataSources && !only.dataSources.has(dataSource.id)) continue
    const binding = bindingsOf(dataSource)
    const members = (membersOf.get(dataSource.id) ?? []).filter(member => !isExpired(member, now))
    const letIn = reasonsByUser(dataSource, binding, members, audience, people)
    const eligible = eligibility(dataSource, binding, audience)
    for (const [user, because] of [...letIn].sort(([a], [b]) => a - b)) {
      const level = levelOf(because, eligible(user))
      if (level) found.push({ user, dataSource: dataSource.id, level, because })
    }
  }
  return found
}

/** The first instant after `now` at which the entitlements can change without a fact changing; undefined: never. */
export function nextExpiry(facts: Facts, now: Instant): Instant | undefined {
  let next: Instant | undefined
  for (const { until } of facts.members) {
    if (until !== undefined && until > now && (next === undefined || until < next)) next = until
  }
  return next
}

function isExpired({ until }: Member, now: Instant): boolean {
  return until !== undefined && until <= now
}

function reasonsByUser(
  dataSource: DataSource,
  { grants }: Bindings,
  members: readonly Member[],
  audience: Audience,
  people: People,
): Map<UserId, OwnReason[]> {
  const letIn = new Map<UserId, OwnReason[]>()
  function add(users: Iterable<UserId>, reason: OwnReason): void {
    for (const user of users) {
      const because = letIn.get(user)
      if (because) because.push(reason)
      else letIn.set(user, [reason])
    }
  }

  for (const policy of grants) {
    const { id, version, level } = policy
    add(audience(policy, dataSource, dataSource.integration), { kind: 'policy', id, version, level })
  }
  for (const { id, level, until, subject } of members.toSorted((a, b) => a.id - b.id)) {
    const via = 'group' in subject ? { via: { group: subject.group } } : {}
    add(people.usersOf(subject), { kind: 'member', id, level, ...(until === undefined ? {} : { until }), ...via })
  }
  return letIn
}

/** The highest level that the guardrails leave a user; undefined: none. */
function eligibility(
  dataSource: DataSource,
  { guardrails }: Bindings,
  audience: Audience,
): (user: UserId) => Level | undefined {
  const needed = { READ: new Set<ReadonlySet<UserId>>(), WRITE: new Set<ReadonlySet<UserId>>() }
  for (const { policy, on } of guardrails) {
    needed[policy.level].add(audience(policy, on, on.integration))
    // The outer grant goes to the outer integration's principal, so a guardrail about principals must hold for both.
    needed[policy.level].add(audience(policy, on, dataSource.integration))
  }
  const [forRead, forWrite] = [[...needed.READ], [...needed.WRITE]]
  return user => {
    if (!forRead.every(users => users.has(user))) return undefined
    return forWrite.every(users => users.has(user)) ? 'WRITE' : 'READ'
  }
}

function levelOf(because: readonly OwnReason[], eligible: Level | undefined): Level | undefined {
  if (!eligible) return undefined
  return eligible === 'WRITE' && because.some(({ level }) => level === 'WRITE') ? 'WRITE' : 'READ'
}
