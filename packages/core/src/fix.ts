/**
 * The single changes that would give a person access, or more of it: each one supposed and the formulas asked again.
 *
 * Names no change that would not do alone. Bounded: the first candidates only, each costs one question about one person.
 */
import type { EntitlementIndex } from './entitlement-index.ts'
import type { Person } from './fact-index.ts'
import type { DataProductId, DataSource, IntegrationId, Level, PrincipalKind } from './facts.ts'
import type { Leaf } from './formula.ts'
import { attributeOf, isReserved, productsIn, tagsSeen } from './marketplace.ts'
import { isExpired } from './member-index.ts'
import { takenUp } from './on-top.ts'
import { nobody, peopleSetOf } from './people-set.ts'
import { callsOf } from './policy/expression.ts'
import { allUsers } from './policy/truth.ts'
import type { Source } from './source-binding.ts'
import { memberReason, standingOf } from './standing.ts'

export type Fix = Supposed & {
  /** The level it would give. */
  readonly gives: Level
}

export type Supposed =
  /** Without a value: any. */
  | { readonly fix: 'giveAttribute' | 'takeAttribute'; readonly key: string; readonly value?: string }
  | { readonly fix: 'joinGroup' | 'leaveGroup'; readonly group: string }
  | { readonly fix: 'map'; readonly principal: PrincipalKind; readonly integration: IntegrationId }
  | { readonly fix: 'addMember'; readonly level: Level }
  /** The person asks for the data product, and is let in. */
  | { readonly fix: 'requestProduct'; readonly product: DataProductId; readonly level: Level }
  /** The person asks for the data source, where a policy opens requests, and becomes a member. */
  | { readonly fix: 'request'; readonly level: Level }
  /** The person's own doing: takes up what a manual policy offers. */
  | { readonly fix: 'subscribe'; readonly level: Level }

const mostCandidates = 200

/** For an enabled person and an active data source; `entitled` is what they have now. */
export function fixesFor(index: EntitlementIndex, person: Person, source: Source, entitled: Level | undefined): Fix[] {
  if (!source.binding || !person.user || person.user.disabled) return []
  const fixes: Fix[] = []
  for (const supposed of candidatesFor(index, person, source)) {
    const gives = levelSupposing(index, person, source, supposed)
    if (gives && gives !== entitled) fixes.push({ ...supposed, gives })
  }
  return fixes
}

function candidatesFor(index: EntitlementIndex, person: Person, source: Source): Supposed[] {
  const found = new Map<string, Supposed>()
  function add(supposed: Supposed): void {
    // Nobody gives or takes what is reserved, whatever policy speaks of it.
    if (!('key' in supposed && isReserved(supposed.key))) found.set(JSON.stringify(supposed), supposed)
  }
  add({ fix: 'addMember', level: 'READ' })
  add({ fix: 'addMember', level: 'WRITE' })
  for (const { policy } of source.binding?.offers ?? []) add({ fix: 'subscribe', level: policy.level })
  for (const on of [source, ...index.bindings.covered(source)]) {
    for (const policy of index.bindings.policiesOn(on.row)) {
      const { who, kind } = policy
      if ('everyone' in who || (kind === 'grant' && on !== source)) continue
      if (policy.opensRequests) {
        add({ fix: 'request', level: policy.level })
        continue
      }
      if (policy.protected) {
        const { level } = policy
        for (const product of productsIn(on.row.tags, level)) add({ fix: 'requestProduct', product, level })
        continue
      }
      const tags = tagsSeen(policy, on.row.tags)
      for (const { name, args } of callsOf(who.when)) {
        if (found.size >= mostCandidates) return [...found.values()]
        for (const supposed of candidatesOf(index, name, args, person, { ...on.row, tags }, source.row.integration))
          add(supposed)
      }
    }
  }
  return [...found.values()]
}

function candidatesOf(
  { facts }: EntitlementIndex,
  name: string,
  args: readonly string[],
  person: Person,
  { tags, integration }: DataSource,
  through: IntegrationId,
): Supposed[] {
  const [key = '', value] = args
  const taken = person.values
    .filter(one => one.key === key)
    .map((one): Supposed => ({ fix: 'takeAttribute', key, value: one.value }))
  const group = (one: string): Supposed[] => {
    if (one === allUsers || facts.groupsNamed(one).length === 0) return []
    const isIn = person.groups.some(mine => mine.name === one)
    return [{ fix: isIn ? 'leaveGroup' : 'joinGroup', group: one }]
  }
  switch (name) {
    case 'hasAttribute':
      return [{ fix: 'giveAttribute', key, ...(value === undefined ? {} : { value }) }, ...taken]
    case 'isInGroups':
    case 'isInAnyGroup':
      return args.flatMap(group)
    case 'hasTagAsAttribute':
      return [...tags.map((tag): Supposed => ({ fix: 'giveAttribute', key, value: tag })), ...taken]
    case 'hasTagAsGroup':
      return tags.flatMap(group)
    case 'hasPrincipal':
      return [...new Set([integration, through])].map(at => ({
        fix: 'map',
        principal: key as PrincipalKind,
        integration: at,
      }))
    default:
      return []
  }
}

function levelSupposing(
  index: EntitlementIndex,
  person: Person,
  source: Source,
  supposed: Supposed,
): Level | undefined {
  const people = peopleSetOf([person.number])
  const ask = index.audiences.within(people, ({ leaf }) => {
    const isSo = leaf && supposedTruth(index, person, supposed, leaf)
    return isSo === undefined ? undefined : isSo ? people : nobody
  })
  const joined = 'group' in supposed ? index.facts.groupsNamed(supposed.group) : []
  const members = index.members
    .of(source.id)
    .filter(member => !isExpired(member, index.now))
    .map(member => {
      const { subject } = member
      const isSupposed = 'group' in subject && joined.some(({ id }) => id === subject.group)
      const asFactsSay = index.facts.subjectPeople(subject, people)
      const now = !isSupposed ? asFactsSay : supposed.fix === 'joinGroup' ? people : nobody
      return { reason: memberReason(member), people: now }
    })
  if (supposed.fix === 'addMember' || supposed.fix === 'request') {
    members.push({ reason: { kind: 'member', id: -1 as never, level: supposed.level }, people })
  }
  const subscribed = takenUp(
    source.binding,
    level => {
      const isSupposed = supposed.fix === 'subscribe' && supposed.level === level
      return isSupposed ? people : index.subscriptions.subscribers(source.id, level)
    },
    ask,
  )
  const { read, write } = standingOf(source.binding, [...subscribed, ...members], ask)
  return write.size > 0 ? 'WRITE' : read.size > 0 ? 'READ' : undefined
}

/** What a leaf would be; undefined: as the facts have it. */
function supposedTruth(index: EntitlementIndex, person: Person, supposed: Supposed, leaf: Leaf): boolean | undefined {
  switch (supposed.fix) {
    case 'addMember':
    case 'request':
    case 'subscribe':
      return undefined
    case 'requestProduct': {
      const { key, value } = attributeOf({ user: person.id, ...supposed })
      return leaf.is === 'value' && leaf.key === key && leaf.value === value ? true : undefined
    }
    case 'map':
      if (leaf.is !== 'principal' || leaf.integration !== supposed.integration) return undefined
      return leaf.kind === supposed.principal
    case 'giveAttribute':
      if (leaf.is === 'key') return leaf.key === supposed.key ? true : undefined
      return leaf.is === 'value' && leaf.key === supposed.key && leaf.value === supposed.value ? true : undefined
    case 'takeAttribute': {
      if (leaf.is !== 'value' && leaf.is !== 'key') return undefined
      if (leaf.key !== supposed.key) return undefined
      const rest = index.facts
        .valuesOf(person, leaf.key)
        .filter(({ value, from }) => from !== undefined || value !== supposed.value)
      return leaf.is === 'key' ? rest.length > 0 : rest.some(({ value }) => value === leaf.value)
    }
    default: {
      const groups = index.facts.groupsNamed(supposed.group)
      if (leaf.is === 'group') return leaf.name === supposed.group ? supposed.fix === 'joinGroup' : undefined
      if (leaf.is !== 'value' && leaf.is !== 'key') return undefined
      const isMeant = (one: { readonly key: string; readonly value: string }) =>
        one.key === leaf.key && (leaf.is === 'key' || one.value === leaf.value)
      if (!groups.some(({ values }) => values.some(isMeant))) return undefined
      if (supposed.fix === 'joinGroup') return true
      return index.facts
        .valuesOf(person, leaf.key)
        .some(({ value, from }) => isMeant({ key: leaf.key, value }) && !groups.some(group => group === from))
    }
  }
}
