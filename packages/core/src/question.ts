/**
 * What policies ask on data sources: a policy and the tags it looks at, each such question once, with its formula.
 *
 * Data sources that the same policies take in with the same tags ask the same, and share all that follows from it: with
 * 10,000 policies on a tag of 10,000 data sources nothing else would come to an end. Knows no people.
 */
import type { PolicyFinder } from './applies-to.ts'
import type { Binding, Grant, Guards } from './binding-table.ts'
import type { OwnReason } from './entitlement.ts'
import type { DataSource, IntegrationId, Policy } from './facts.ts'
import type { Formula, Formulas } from './formula.ts'
import { hashed, interned } from './interned.ts'
import { tagsSeen } from './marketplace.ts'
import { callsOf } from './policy/expression.ts'
import type { Detail } from './standing.ts'
import { distinct, type TagMap, tagMap } from './tag-map.ts'

/** A policy asked on certain tags, if it looks at tags. */
export interface Question {
  readonly rule: Rule
  readonly tags: readonly string[]
  readonly number: number
  /** By integration reached through; where the policy does not look at principals the first is for all. */
  given: readonly Given[]
  /** How many of `Asked` and `Guarding` in use hold it. */
  uses: number
}

/** A grant policy as it stands in bindings; of a guardrail only the formula counts. */
interface Given extends Grant {
  readonly through: IntegrationId
}

/** A policy as it is asked. */
interface Rule {
  readonly policy: Policy
  readonly looksAtTags: boolean
  readonly looksAtPrincipals: boolean
  readonly reason: OwnReason
  readonly mark: string
  readonly questions: TagMap<Question>
}

/** The guardrails of a data source itself, as the data sources above it see them. */
export interface Guarding {
  readonly questions: readonly Question[]
  readonly number: number
  readonly integration: IntegrationId
  /** What they come to through that integration, once somebody asked. */
  own: Guards | undefined
  uses: number
}

/** All that is asked on a data source; the very same for data sources of one integration that ask the same. */
export interface Asked {
  readonly integration: IntegrationId
  /** By policy id. */
  readonly grants: readonly Question[]
  readonly guarding: Guarding | undefined
  /** The last binding of a data source that asks this and covers nothing. */
  binding: Binding | undefined
  /** By how many data sources. */
  uses: number
  /** Let go of: whoever needs it asks anew. */
  isGone: boolean
}

export interface Questions {
  /** What data sources ask that have no place, or none yet. */
  readonly nothing: Asked
  askedOn(row: DataSource): Asked
  use(asked: Asked): void
  release(asked: Asked): void
  /** For one change: what is asked once the one policy's question has taken the other one's place. */
  replacing(
    gone: Policy | undefined,
    come: Policy | undefined,
  ): (asked: Asked, row: DataSource, comes: boolean) => Asked
  grantsOf(asked: Asked, through: IntegrationId): Grant[]
  guardsOf(all: readonly Guarding[], through: IntegrationId): Guards
  /** The formula of a policy on a data source; undone by `sweep` unless something holds it. */
  formulaOf(policy: Policy, on: DataSource, through: IntegrationId): Formula
  /** Lets go of the questions that no data source has any more. */
  sweep(): void
}

/** For a policy whose reasons are each person's own: which, for a person, on a data source with these tags. */
export type Detailing = (policy: Policy, tags: readonly string[]) => Detail | undefined

export function questionTable(formulas: Formulas, finder: PolicyFinder, detailing: Detailing): Questions {
  const rules = new WeakMap<Policy, Rule>()
  const guardings = interned<Guarding>()
  const askings = interned<Asked>()
  const asking = new WeakMap<readonly Policy[], Asked>()
  const idleQuestions = new Set<Question>()
  const idleGuardings = new Set<Guarding>()
  const idleAskings = new Set<Asked>()
  let made = 0

  function ruleOf(policy: Policy): Rule {
    const known = rules.get(policy)
    if (known) return known
    const rule = ruleFor(policy)
    rules.set(policy, rule)
    return rule
  }

  function ask(policy: Policy, tags: readonly string[]): Question {
    const rule = ruleOf(policy)
    const seen = rule.looksAtTags ? tagsSeen(policy, tags) : noTags
    const known = rule.questions.get(seen)
    if (known) return known
    const question: Question = { rule, tags: distinct(seen), number: made++, given: [], uses: 0 }
    rule.questions.set(seen, question)
    idleQuestions.add(question)
    return question
  }

  function givenBy(question: Question, through: IntegrationId): Given {
    const { rule, tags, given } = question
    const known = rule.looksAtPrincipals ? given.find(one => one.through === through) : given[0]
    if (known) return known
    const { policy, reason, mark } = rule
    const { who } = policy
    const asked = { tags, through, seesReserved: policy.protected }
    const formula = 'everyone' in who ? formulas.everyone : formulas.resolve(who.when, asked)
    formulas.use(formula)
    const detail = detailing(policy, tags)
    // Policies alike in all but whose reasons they have are not alike.
    const made = { policy, formula, reason, mark: detail ? `${mark}${tags.join()} ` : mark, through, detail }
    question.given = [...given, made]
    return made
  }

  function askedOn(row: DataSource): Asked {
    const taking = finder.taking(row)
    const known = asking.get(taking)
    if (known && !known.isGone) return known
    const all = taking.map(policy => ask(policy, row.tags))
    const grants = all.filter(({ rule }) => rule.policy.kind === 'grant')
    const guardrails = all.filter(({ rule }) => rule.policy.kind === 'guardrail')
    const asked = askedBy(row.integration, grants, guardingBy(guardrails, row.integration))
    asking.set(taking, asked)
    return asked
  }

  function askedBy(integration: IntegrationId, grants: readonly Question[], guarding: Guarding | undefined): Asked {
    const asked: Asked = { integration, grants, guarding, binding: undefined, uses: 0, isGone: false }
    const hash = hashOfAsked(asked)
    const known = askings.find(hash, one => isSameAsked(one, asked))
    if (known) return known
    askings.add(hash, asked)
    idleAskings.add(asked)
    return asked
  }

  function guardingBy(questions: readonly Question[], integration: IntegrationId): Guarding | undefined {
    if (questions.length === 0) return undefined
    const hash = hashOf(questions, integration)
    const known = guardings.find(hash, one => one.integration === integration && isSameList(one.questions, questions))
    if (known) return known
    const guarding: Guarding = { questions, number: made++, integration, own: undefined, uses: 0 }
    guardings.add(hash, guarding)
    idleGuardings.add(guarding)
    return guarding
  }

  function use({ grants, guarding }: Asked): void {
    for (const question of grants) question.uses++
    if (guarding && guarding.uses++ === 0) for (const question of guarding.questions) question.uses++
  }

  function release(asked: Asked): void {
    const { grants, guarding } = asked
    idleAskings.add(asked)
    releaseAll(grants)
    if (!guarding || --guarding.uses > 0) return
    releaseAll(guarding.questions)
    idleGuardings.add(guarding)
  }

  function releaseAll(questions: readonly Question[]): void {
    for (const question of questions) if (--question.uses === 0) idleQuestions.add(question)
  }

  function replacing(gone: Policy | undefined, come: Policy | undefined) {
    const known = new Map<Asked, Map<Question | undefined, Asked>>()
    const isGrant = come?.kind === 'grant'

    function replaced(asked: Asked, question: Question | undefined, { integration }: DataSource): Asked {
      const own = asked.guarding?.questions ?? noQuestions
      const grants = replacedIn(asked.grants, gone, isGrant ? question : undefined)
      const guardrails = replacedIn(own, gone, isGrant ? undefined : question)
      const guarding = guardrails === own ? asked.guarding : guardingBy(guardrails, integration)
      return askedBy(integration, grants, guarding)
    }

    return (asked: Asked, row: DataSource, comes: boolean): Asked => {
      const question = come && comes ? ask(come, row.tags) : undefined
      const alike = known.get(asked) ?? new Map<Question | undefined, Asked>()
      known.set(asked, alike)
      const found = alike.get(question) ?? replaced(asked, question, row)
      alike.set(question, found)
      return found
    }
  }

  function guardsOf(all: readonly Guarding[], through: IntegrationId): Guards {
    const [first] = all
    if (all.length === 1 && first!.integration === through) {
      first!.own ??= guardsBy(all, through)
      return first!.own
    }
    return all.length === 0 ? noGuards : guardsBy(all, through)
  }

  function guardsBy(all: readonly Guarding[], through: IntegrationId): Guards {
    const guards = { READ: new Set<Formula>(), WRITE: new Set<Formula>() }
    for (const { questions, integration } of all) {
      for (const one of questions) {
        const { level } = one.rule.policy
        guards[level].add(givenBy(one, integration).formula)
        // The outer grant goes to the outer integration's principal, so a guardrail about principals must hold for both.
        if (integration !== through) guards[level].add(givenBy(one, through).formula)
      }
    }
    return { READ: inOrder(guards.READ), WRITE: inOrder(guards.WRITE) }
  }

  function inOrder(found: Set<Formula>): Formula[] {
    found.delete(formulas.everyone)
    return [...found].sort((a, b) => a.number - b.number)
  }

  function sweep(): void {
    for (const asked of idleAskings) {
      if (asked.uses > 0) continue
      askings.delete(hashOfAsked(asked), asked)
      asked.isGone = true
    }
    for (const guarding of idleGuardings) {
      if (guarding.uses === 0) guardings.delete(hashOf(guarding.questions, guarding.integration), guarding)
    }
    for (const question of idleQuestions) {
      if (question.uses > 0) continue
      question.rule.questions.delete(question.tags)
      for (const { formula } of question.given) formulas.release(formula)
      question.given = []
    }
    idleAskings.clear()
    idleGuardings.clear()
    idleQuestions.clear()
  }

  return {
    nothing: {
      integration: 0 as IntegrationId,
      grants: [],
      guarding: undefined,
      binding: undefined,
      uses: 0,
      isGone: false,
    },
    askedOn,
    use: asked => {
      if (asked.uses++ === 0) use(asked)
    },
    release: asked => {
      if (--asked.uses === 0) release(asked)
    },
    replacing,
    grantsOf: ({ grants }, through) => grants.map(one => givenBy(one, through)),
    guardsOf,
    formulaOf: (policy, on, through) => givenBy(ask(policy, on.tags), through).formula,
    sweep,
  }
}

const noTags: readonly string[] = []
const noQuestions: readonly Question[] = []
const noGuards: Guards = { READ: [], WRITE: [] }

function ruleFor(policy: Policy): Rule {
  const { id, version, level, who } = policy
  const names = new Set('everyone' in who ? [] : Array.from(callsOf(who.when), ({ name }) => name))
  return {
    policy,
    looksAtTags: names.has('hasTagAsAttribute') || names.has('hasTagAsGroup'),
    looksAtPrincipals: names.has('hasPrincipal'),
    reason: { kind: 'policy', id, version, level },
    mark: `${id}.${version}${level}${policy.subscribe === 'manual' ? '?' : ','}`,
    questions: tagMap(),
  }
}

function hashOfAsked({ integration, grants, guarding }: Asked): number {
  return hashed(hashOf(grants, integration), guarding?.number ?? -1)
}

function isSameAsked(a: Asked, b: Asked): boolean {
  return a.integration === b.integration && a.guarding === b.guarding && isSameList(a.grants, b.grants)
}

function hashOf(questions: readonly Question[], integration: IntegrationId): number {
  return questions.reduce((hash, { number }) => hashed(hash, number), hashed(0, integration))
}

function isSameList(a: readonly Question[], b: readonly Question[]): boolean {
  return a.length === b.length && a.every((one, at) => one === b[at])
}

/** By policy id; the same list where nothing in it changes. */
function replacedIn(
  list: readonly Question[],
  gone: Policy | undefined,
  come: Question | undefined,
): readonly Question[] {
  if (!come && !list.some(({ rule }) => rule.policy === gone)) return list
  const rest = list.filter(({ rule }) => rule.policy !== gone)
  if (!come) return rest
  const at = rest.findIndex(({ rule }) => rule.policy.id > come.rule.policy.id)
  return at === -1 ? [...rest, come] : rest.toSpliced(at, 0, come)
}
