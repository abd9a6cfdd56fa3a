/**
 * Why a person reaches a data source, or why not: every rule considered, with the facts it was decided by.
 *
 * Reads the very formulas that decide. A single fix is only named when the same formulas, with that one thing supposed,
 * say yes. Changes nothing, and knows nothing of AWS but what is handed in.
 */
import { accessTo } from './ask.ts'
import type { EntitlementIndex } from './entitlement-index.ts'
import { type Explained, explainExpression } from './explain-expression.ts'
import type {
  DataSourceId,
  GroupId,
  Instant,
  IntegrationId,
  Level,
  MemberId,
  Policy,
  PolicyId,
  UserId,
} from './facts.ts'
import { type Fix, fixesFor } from './fix.ts'
import { isExpired } from './member-index.ts'
import type { Reason } from './overlap.ts'
import { hasPerson, peopleSetOf } from './people-set.ts'
import type { Source } from './source-binding.ts'

export interface Question {
  readonly user: UserId
  readonly dataSource: DataSourceId
}

export interface ExplainedPolicy {
  readonly id: PolicyId
  readonly version: number
  readonly name: string
  readonly level: Level
  /** Whether it lets the person in, or, a guardrail, through. */
  readonly holds: boolean
  /** Only on manual grant policies, which let in nobody who has not subscribed. */
  readonly subscribed?: boolean
  /** The covered data source that brings a guardrail along. */
  readonly via?: DataSourceId
  /** The integration asked through, where a guardrail of a covered data source is asked through the outer one's. */
  readonly through?: IntegrationId
  /** Absent where it is about everyone, or about nobody. */
  readonly tree?: Explained
  /** It lets nobody in: people may ask. */
  readonly opensRequests?: true
}

export interface ExplainedMember {
  readonly id: MemberId
  readonly level: Level
  readonly group?: { readonly id: GroupId; readonly name?: string }
  readonly until?: Instant
  /** False once it has ended. */
  readonly holds: boolean
}

export interface Explanation {
  /** The highest level reached, overlaps included. */
  readonly verdict: Level | 'none'
  /** The level of the person's own entitlement. */
  readonly entitled?: Level
  readonly because: readonly Reason[]
  /** What stands in the way of everything else. */
  readonly obstacles: readonly Obstacle[]
  /** By id. */
  readonly grants: readonly ExplainedPolicy[]
  /** By id, then `via`. */
  readonly guardrails: readonly ExplainedPolicy[]
  readonly members: readonly ExplainedMember[]
  /** Each alone would give access, or more of it; empty where more than one thing is missing. */
  readonly fixes: readonly Fix[]
}

export type Obstacle =
  | 'unknownUser'
  | 'userDisabled'
  | 'unknownDataSource'
  | 'dataSourceDisabled'
  | 'unknownIntegration'
  /** There is neither a grant policy nor a member: nobody is let in. */
  | 'nothingLetsIn'

export function explain(index: EntitlementIndex, { user, dataSource }: Question): Explanation {
  const person = index.facts.findPerson(user)
  const source = index.bindings.sources.get(dataSource)
  const obstacles = obstaclesOf(index, user, source)
  if (!person?.user || !source) return { ...nothing, obstacles }

  // Rules are shown as they would be for an enabled user; a disabled one is an obstacle of its own.
  const people = peopleSetOf([person.number])
  const ask = index.audiences.within(people)
  const holds = (policy: Policy, on: Source, through: IntegrationId) =>
    ask(index.bindings.formulaOf(policy, on.row, through)).size > 0
  function explained(policy: Policy, on: Source, through: IntegrationId): ExplainedPolicy {
    const { id, version, name, level, who, opensRequests } = policy
    if (opensRequests) return { id, version, name, level, holds: false, opensRequests }
    const tree = 'when' in who ? { tree: explainExpression(index, policy, who.when, person!, on.row, through) } : {}
    return { id, version, name, level, holds: holds(policy, on, through), ...tree }
  }

  function subscribable(said: ExplainedPolicy, { level, subscribe }: Policy): ExplainedPolicy {
    if (subscribe === 'automatic') return said
    const subscribed = index.subscriptions.has({ user, dataSource, level })
    return { ...said, holds: said.holds && subscribed, subscribed }
  }

  const through = source.row.integration
  const grants = index.bindings.policiesOn(source.row).filter(({ kind }) => kind === 'grant')
  const guardrails = [source, ...index.bindings.covered(source)].flatMap(on =>
    index.bindings.policiesOn(on.row).flatMap(policy => {
      if (policy.kind !== 'guardrail') return []
      const via = on === source ? {} : { via: on.id }
      const outer = { ...explained(policy, on, through), ...via }
      if (on.row.integration === through) return [outer]
      return [
        { ...explained(policy, on, on.row.integration), ...via },
        { ...outer, through },
      ]
    }),
  )
  const access = accessTo(index, user, dataSource)
  const answer: Explanation = {
    verdict: access?.level ?? 'none',
    ...(access?.entitled ? { entitled: access.entitled } : {}),
    because: access?.because ?? [],
    obstacles,
    grants: grants.map(policy => subscribable(explained(policy, source, through), policy)),
    guardrails: guardrails.sort((a, b) => a.id - b.id || (a.via ?? 0) - (b.via ?? 0)),
    members: membersOf(index, user, source),
    fixes: access?.level === 'WRITE' ? [] : fixesFor(index, person, source, access?.entitled),
  }
  index.formulas.sweep()
  return answer
}

const nothing: Omit<Explanation, 'obstacles'> = {
  verdict: 'none',
  because: [],
  grants: [],
  guardrails: [],
  members: [],
  fixes: [],
}

function obstaclesOf(index: EntitlementIndex, user: UserId, source: Source | undefined): Obstacle[] {
  const found: Obstacle[] = []
  const person = index.facts.findPerson(user)
  if (!person?.user) found.push('unknownUser')
  else if (!hasPerson(index.facts.enabled, person.number)) found.push('userDisabled')
  if (!source) return [...found, 'unknownDataSource']
  if (source.row.disabled) found.push('dataSourceDisabled')
  if (!index.bindings.integrations.has(source.row.integration)) found.push('unknownIntegration')
  const isOpened = source.asked.grants.length > 0 || index.members.of(source.id).some(one => !isExpired(one, index.now))
  if (!source.row.disabled && !isOpened) found.push('nothingLetsIn')
  return found
}

function membersOf(index: EntitlementIndex, user: UserId, source: Source): ExplainedMember[] {
  const { number } = index.facts.person(user)
  return index.members.of(source.id).flatMap(({ id, level, until, subject }) => {
    const isMeant = hasPerson(index.facts.subjectPeople(subject, peopleSetOf([number])), number)
    if (!isMeant) return []
    const name = 'group' in subject ? index.facts.group(subject.group).name : undefined
    const group = 'group' in subject ? { group: { id: subject.group, ...(name === undefined ? {} : { name }) } } : {}
    const ends = until === undefined ? {} : { until }
    return [{ id, level, ...group, ...ends, holds: !isExpired({ until }, index.now) }]
  })
}
