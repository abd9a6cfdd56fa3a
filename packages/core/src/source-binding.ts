/**
 * Which policies bind each data source, kept up as policies and data sources change: `binding.ts` for an index.
 *
 * Data sources that the same formulas bind share one binding. A guardrail goes up to every data source whose scope
 * covers the one it applies to, disabled or not, so each keeps count of what lies below it. Knows no people.
 */
import { policyFinder, takesIn } from './applies-to.ts'
import type { OwnReason } from './entitlement.ts'
import type {
  DataSource,
  DataSourceId,
  Domain,
  Integration,
  IntegrationId,
  Level,
  Policy,
  PolicyId,
  Selection,
} from './facts.ts'
import type { Formula, Formulas } from './formula.ts'
import type { Placement, PlacementIndex } from './placement.ts'
import { callsOf } from './policy/expression.ts'
import type { Scope } from './scope.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'

/** A policy asked on certain tags, if it looks at tags; shared by the data sources that ask the same. */
export interface Question {
  readonly key: string
  readonly policy: Policy
  readonly tags: readonly string[]
  /** By integration reached through; by 0 where the policy does not look at principals. */
  readonly formulas: Map<number, Formula>
  uses: number
  /** Let go of: whoever needs it asks anew. */
  isGone: boolean
}

/** The guardrails of a data source itself, as the data sources above it see them. */
interface Guarding {
  readonly key: string
  readonly questions: readonly Question[]
  readonly integration: IntegrationId
}

export interface Binding {
  readonly key: string
  /** Active grant policies that let people in without their doing, by id. */
  readonly grants: readonly Grant[]
  /** Those that let in who has subscribed; by id. */
  readonly offers: readonly Grant[]
  /** All of which have to hold, for any access and for writing. */
  readonly guards: Readonly<Record<Level, readonly Formula[]>>
  readonly sources: Set<Source>
}

export interface Grant {
  readonly policy: Policy
  readonly formula: Formula
  readonly reason: OwnReason
  readonly mark: string
}

export interface Source {
  readonly id: DataSourceId
  row: DataSource
  grants: readonly Question[]
  guarding: Guarding | undefined
  /** Of the data sources that it covers: how many have which guardrails. */
  readonly below: Map<Guarding, number>
  /** Absent where the data source gives nothing: disabled, or of no known integration. */
  binding: Binding | undefined
}

export interface Rebound {
  readonly source: Source
  readonly before: Binding | undefined
  readonly after: Binding | undefined
}

export interface SourceBindings {
  readonly sources: ReadonlyMap<DataSourceId, Source>
  readonly policies: ReadonlyMap<PolicyId, Policy>
  readonly integrations: ReadonlyMap<IntegrationId, Integration>
  readonly bindings: ReadonlyMap<string, Binding>
  readonly placement: Placement & Pick<PlacementIndex, 'domain'>
  /** Many data sources at once, none of which is there yet. */
  fill(rows: readonly DataSource[]): void
  /** Each answers whose binding is another one now. */
  setIntegration(id: IntegrationId, row: Integration | undefined): Rebound[]
  setDataSource(id: DataSourceId, row: DataSource | undefined): Rebound[]
  setPolicy(id: PolicyId, row: Policy | undefined): Rebound[]
  setDomain(name: string, row: Domain | undefined): Rebound[]
  setSelection(row: Selection, holds: boolean): Rebound[]
  /**
   * The bindings that hold one of these formulas; for a guardrail only those with a grant policy that may let someone
   * in: one that is not grounded, or of the `open` ones.
   */
  holding(formulas: Iterable<Formula>, open: () => readonly Formula[]): Set<Binding>
  /** The bindings with one of these grounded formulas, or any that is not grounded, in a grant policy. */
  granted(held: readonly Formula[]): Set<Binding>
  /** The policies that apply to a data source, by id. */
  policiesOn(row: DataSource): readonly Policy[]
  /** Active data sources of the same account and region whose scope covers this one's, widest first, without it. */
  covering(source: Source): Source[]
  /** Those that its own scope covers, disabled ones included. */
  covered(source: Source): Source[]
  /** The formula of a policy on a data source; undone by `sweep` unless a binding holds it. */
  formulaOf(policy: Policy, on: DataSource, through: IntegrationId): Formula
  /** Lets go of the bindings and questions that no data source has any more. */
  sweep(): void
}

export function sourceBindings(formulas: Formulas, placement: PlacementIndex): SourceBindings {
  const sources = new Map<DataSourceId, Source>()
  const policies = new Map<PolicyId, Policy>()
  const integrations = new Map<IntegrationId, Integration>()
  /** By account and region: only there do scopes cover each other. */
  const realms = new Map<string, ScopeIndex<Source>>()
  const finder = policyFinder(placement)
  const questions = new Map<string, Question>()
  const guardings = new Map<string, Guarding>()
  const bindings = new Map<string, Binding>()
  const granting = new Map<Formula, Set<Binding>>()
  const guarding = new Map<Formula, Set<Binding>>()
  /** The granting ones that hold for people of whom nothing is known. */
  const ungrounded = new Set<Formula>()
  const looks = new WeakMap<Policy, Looks>()
  // Lists of questions and of policies are shared by data sources with the same tags, so what follows from one is found
  // by the list itself: with 10,000 policies on a tag of 10,000 data sources nothing else would come to an end.
  const asking = new WeakMap<readonly Policy[], Pick<Source, 'grants' | 'guarding'>>()
  const bindingOf = new WeakMap<readonly Question[], Map<Guarding | undefined, Bound>>()
  const idleQuestions = new Set<Question>()
  const idleBindings = new Set<Binding>()

  function looksOf(policy: Policy): Looks {
    const known = looks.get(policy) ?? looksAt(policy)
    looks.set(policy, known)
    return known
  }

  function ask(policy: Policy, tags: readonly string[]): Question {
    const seen = looksOf(policy).tags ? [...new Set(tags)].sort() : []
    const key = JSON.stringify([policy.id, policy.version, ...seen])
    const known = questions.get(key)
    // A policy may come back changed under the same version; the older question dies with its data sources.
    if (known?.policy === policy) return known
    const made: Question = { key, policy, tags: seen, formulas: new Map(), uses: 0, isGone: false }
    questions.set(key, made)
    idleQuestions.add(made)
    return made
  }

  function use(list: readonly Question[], by: 1 | -1): void {
    for (const question of list) {
      question.uses += by
      if (question.uses === 0) idleQuestions.add(question)
    }
  }

  function formulaFor({ policy, tags, formulas: known }: Question, through: IntegrationId): Formula {
    if ('everyone' in policy.who) return formulas.everyone
    const at = looksOf(policy).principals ? through : 0
    const same = known.get(at)
    if (same) return same
    const made = formulas.resolve(policy.who.when, { tags, through })
    formulas.use(made)
    known.set(at, made)
    return made
  }

  function realmOf(row: DataSource): ScopeIndex<Source> | undefined {
    const integration = integrations.get(row.integration)
    if (!integration) return undefined
    const name = `${integration.accountId} ${integration.region}`
    const known = realms.get(name) ?? scopeIndex([], scopeOf)
    realms.set(name, known)
    return known
  }

  function above(source: Source): Source[] {
    const found = realmOf(source.row)?.coveredBy(source.row.scope) ?? []
    return found.filter(one => one !== source)
  }

  function covered(source: Source): Source[] {
    const found = realmOf(source.row)?.inside(source.row.scope) ?? []
    return found.filter(one => one !== source)
  }

  function guardingOf(questionsOf: readonly Question[], { integration }: DataSource): Guarding | undefined {
    if (questionsOf.length === 0) return undefined
    const key = `${integration} ${questionsOf.map(one => one.key).join()}`
    const known = guardings.get(key)
    if (known?.questions.every((one, at) => one === questionsOf[at])) return known
    const made: Guarding = { key, questions: questionsOf, integration }
    guardings.set(key, made)
    return made
  }

  /** Counts a data source's guardrails on everything above it, or takes them off; answers who that may change. */
  function countBelow(source: Source, guarding: Guarding | undefined, by: 1 | -1): Source[] {
    if (!guarding) return []
    use(guarding.questions, by)
    const changed: Source[] = []
    for (const outer of above(source)) {
      const count = (outer.below.get(guarding) ?? 0) + by
      if (count === 0) outer.below.delete(guarding)
      else outer.below.set(guarding, count)
      if (count === 0 || (count === 1 && by === 1)) changed.push(outer)
    }
    return changed
  }

  function askedOf(row: DataSource): Pick<Source, 'grants' | 'guarding'> {
    const taking = finder.taking(row)
    const known = asking.get(taking)
    const isGone = (question: Question) => question.isGone
    if (known && !known.grants.some(isGone) && !known.guarding?.questions.some(isGone)) return known
    const asked = taking.map(policy => ask(policy, row.tags))
    const grants = asked.filter(({ policy }) => policy.kind === 'grant')
    const guarding = guardingOf(
      asked.filter(({ policy }) => policy.kind === 'guardrail'),
      row,
    )
    asking.set(taking, { grants, guarding })
    return { grants, guarding }
  }

  /** The data source takes its place among the others: counted above it, and counting what is below. */
  function enter(source: Source): Set<Source> {
    const changed = new Set([source])
    const realm = realmOf(source.row)
    if (!realm) return changed
    const { grants, guarding } = askedOf(source.row)
    source.grants = grants
    source.guarding = guarding
    use(grants, 1)
    for (const outer of countBelow(source, source.guarding, 1)) changed.add(outer)
    for (const inner of covered(source)) {
      if (inner.guarding) source.below.set(inner.guarding, (source.below.get(inner.guarding) ?? 0) + 1)
    }
    realm.add(source)
    return changed
  }

  function leave(source: Source): Set<Source> {
    use(source.grants, -1)
    source.grants = noQuestions
    const changed = new Set([source, ...countBelow(source, source.guarding, -1)])
    source.guarding = undefined
    source.below.clear()
    realmOf(source.row)?.delete(source)
    return changed
  }

  function rebind(changed: Iterable<Source>): Rebound[] {
    const rebound: Rebound[] = []
    for (const source of changed) {
      const before = source.binding
      const after = bindingFor(source)
      if (after === before) continue
      before?.sources.delete(source)
      if (before?.sources.size === 0) idleBindings.add(before)
      source.binding = after?.sources.add(source) && after
      rebound.push({ source, before, after })
    }
    return rebound
  }

  function bindingFor(source: Source): Binding | undefined {
    const { row, guarding, below } = source
    if (row.disabled || !integrations.has(row.integration) || sources.get(row.id) !== source) return undefined
    const shared = below.size === 0 ? bindingOf.get(source.grants)?.get(guarding) : undefined
    if (shared?.through === row.integration && bindings.get(shared.binding.key) === shared.binding)
      return shared.binding
    const given = source.grants.map(one => grantOf(one.policy, formulaFor(one, row.integration)))
    const guards = { READ: new Set<Formula>(), WRITE: new Set<Formula>() }
    function guard(by: Guarding): void {
      for (const one of by.questions) {
        guards[one.policy.level].add(formulaFor(one, by.integration))
        // The outer grant goes to the outer integration's principal, so a guardrail about principals must hold for both.
        guards[one.policy.level].add(formulaFor(one, row.integration))
      }
    }
    if (guarding) guard(guarding)
    for (const inner of below.keys()) guard(inner)
    const found = sharedBinding(given, { READ: inOrder(guards.READ), WRITE: inOrder(guards.WRITE) })
    if (below.size === 0) {
      const ofGrants = bindingOf.get(source.grants) ?? new Map<Guarding | undefined, Bound>()
      bindingOf.set(source.grants, ofGrants.set(guarding, { through: row.integration, binding: found }))
    }
    return found
  }

  function inOrder(found: Set<Formula>): Formula[] {
    found.delete(formulas.everyone)
    return [...found].sort((a, b) => a.number - b.number)
  }

  function sharedBinding(given: readonly Grant[], guards: Binding['guards']): Binding {
    const granted = given.map(({ mark, formula }) => `${mark}${formula.number}`)
    const key = `${granted.join()} ${guards.READ.map(one => one.number).join()} ${guards.WRITE.map(one => one.number).join()}`
    const known = bindings.get(key)
    if (known) return known
    const [grants, offers] = [given.filter(one => !isOffer(one)), given.filter(isOffer)]
    const made: Binding = { key, grants, offers, guards, sources: new Set() }
    bindings.set(key, made)
    for (const formula of formulasOf(made)) formulas.use(formula)
    for (const { formula } of grants) {
      granting.set(formula, (granting.get(formula) ?? new Set()).add(made))
      if (!formula.isGrounded) ungrounded.add(formula)
    }
    for (const formula of [...guards.READ, ...guards.WRITE]) {
      guarding.set(formula, (guarding.get(formula) ?? new Set()).add(made))
    }
    return made
  }

  function setDataSource(id: DataSourceId, row: DataSource | undefined): Rebound[] {
    const known = sources.get(id)
    const changed = new Set<Source>()
    if (known) for (const one of leave(known)) changed.add(one)
    if (!row) sources.delete(id)
    if (row) {
      const source = known ?? { id, row, grants: [], guarding: undefined, below: new Map(), binding: undefined }
      source.row = row
      sources.set(id, source)
      for (const one of enter(source)) changed.add(one)
    }
    return rebind(changed)
  }

  function setPolicy(id: PolicyId, row: Policy | undefined): Rebound[] {
    const before = policies.get(id)
    if (before) finder.delete(before)
    if (row) finder.add(row)
    if (row) policies.set(id, row)
    else policies.delete(id)
    const changed = new Set<Source>()
    const replace = replacing(before)
    for (const source of sources.values()) {
      const was = before !== undefined && takesIn(before, source.row, placement)
      const is = row !== undefined && takesIn(row, source.row, placement)
      if (was || is) for (const one of askAnew(source, replace, is ? row : undefined)) changed.add(one)
    }
    return rebind(changed)
  }

  /** The data source asks one policy in place of the one that goes. */
  function askAnew(source: Source, replace: ReturnType<typeof replacing>, come: Policy | undefined): Source[] {
    if (!realmOf(source.row)) return []
    const question = come && ask(come, source.row.tags)
    const grants = replace(source.grants, come?.kind === 'grant' ? question : undefined)
    const own = source.guarding?.questions ?? noQuestions
    const asked = replace(own, come?.kind === 'guardrail' ? question : undefined)
    return asksNow(source, { grants, guarding: asked === own ? source.guarding : guardingOf(asked, source.row) })
  }

  function asksNow(source: Source, { grants, guarding }: Pick<Source, 'grants' | 'guarding'>): Source[] {
    use(grants, 1)
    use(source.grants, -1)
    source.grants = grants
    if (guarding === source.guarding) return [source]
    const changed = [source, ...countBelow(source, guarding, 1), ...countBelow(source, source.guarding, -1)]
    source.guarding = guarding
    return changed
  }

  function setDomain(name: string, row: Domain | undefined): Rebound[] {
    const all = [...sources.values()]
    const was = all.map(source => placement.isIn(source.row, name))
    placement.setDomain(name, row)
    finder.forget()
    return rebind(all.filter((source, at) => was[at] !== placement.isIn(source.row, name)).flatMap(placedAnew))
  }

  function setSelection(row: Selection, holds: boolean): Rebound[] {
    placement.setSelection(row, holds)
    const source = sources.get(row.dataSource)
    return source ? rebind(placedAnew(source)) : []
  }

  function placedAnew(source: Source): Source[] {
    return realmOf(source.row) ? asksNow(source, askedOf(source.row)) : []
  }

  function fill(rows: readonly DataSource[]): void {
    for (const row of rows) {
      const source: Source = {
        id: row.id,
        row,
        grants: noQuestions,
        guarding: undefined,
        below: new Map(),
        binding: undefined,
      }
      sources.set(row.id, source)
      enter(source)
    }
    rebind(sources.values())
  }

  function setIntegration(id: IntegrationId, row: Integration | undefined): Rebound[] {
    const before = integrations.get(id)
    if (before && row && before.accountId === row.accountId && before.region === row.region) {
      // Location and subsumption are about grants only.
      integrations.set(id, row)
      return []
    }
    const ours = sources
      .values()
      .filter(source => source.row.integration === id)
      .toArray()
    const changed = new Set<Source>()
    for (const source of ours) for (const one of leave(source)) changed.add(one)
    if (row) integrations.set(id, row)
    else integrations.delete(id)
    for (const source of ours) for (const one of enter(source)) changed.add(one)
    return rebind(changed)
  }

  function granted(held: readonly Formula[]): Set<Binding> {
    return new Set([...held, ...ungrounded].flatMap(formula => [...(granting.get(formula) ?? [])]))
  }

  function holding(some: Iterable<Formula>, open: () => readonly Formula[]): Set<Binding> {
    const found = new Set<Binding>()
    // A guardrail may bind everything, and few grant policies let one person in: those say where to look.
    let opened: ReadonlySet<Binding> | undefined
    for (const formula of some) {
      for (const binding of granting.get(formula) ?? []) found.add(binding)
      const guarded = guarding.get(formula)
      if (!guarded) continue
      opened ??= granted(open())
      for (const binding of guarded.intersection(opened)) found.add(binding)
    }
    return found
  }

  function sweep(): void {
    for (const binding of idleBindings) {
      if (binding.sources.size > 0 || bindings.get(binding.key) !== binding) continue
      bindings.delete(binding.key)
      for (const formula of formulasOf(binding)) {
        for (const holders of [granting, guarding]) {
          const there = holders.get(formula)
          if (there?.delete(binding) && there.size === 0) holders.delete(formula)
        }
        if (!granting.has(formula)) ungrounded.delete(formula)
        formulas.release(formula)
      }
    }
    for (const question of idleQuestions) {
      if (question.uses > 0) continue
      if (questions.get(question.key) === question) questions.delete(question.key)
      for (const formula of question.formulas.values()) formulas.release(formula)
      question.formulas.clear()
      question.isGone = true
    }
    if (idleQuestions.size > 0)
      for (const [key, { questions: own }] of guardings) {
        if (own.some(({ uses }) => uses === 0)) guardings.delete(key)
      }
    idleBindings.clear()
    idleQuestions.clear()
    formulas.sweep()
  }

  return {
    sources,
    policies,
    integrations,
    bindings,
    placement,
    fill,
    setIntegration,
    setDataSource,
    setPolicy,
    setDomain,
    setSelection,
    holding,
    granted,
    policiesOn: row => finder.taking(row),
    covering: source => above(source).filter(({ row }) => !row.disabled),
    covered,
    formulaOf: (policy, on, through) => formulaFor(ask(policy, on.tags), through),
    sweep,
  }
}

interface Bound {
  readonly through: IntegrationId
  readonly binding: Binding
}

function scopeOf({ row: { scope } }: Source): Scope {
  return scope
}

interface Looks {
  readonly tags: boolean
  readonly principals: boolean
}

function looksAt({ who }: Policy): Looks {
  if ('everyone' in who) return { tags: false, principals: false }
  const names = new Set(Array.from(callsOf(who.when), ({ name }) => name))
  return {
    tags: names.has('hasTagAsAttribute') || names.has('hasTagAsGroup'),
    principals: names.has('hasPrincipal'),
  }
}

function grantOf(policy: Policy, formula: Formula): Grant {
  const { id, version, level } = policy
  const mark = `${id}.${version}${level}${policy.subscribe === 'manual' ? '?' : ','}`
  return { policy, formula, reason: { kind: 'policy', id, version, level }, mark }
}

function isOffer({ policy }: Grant): boolean {
  return policy.subscribe === 'manual'
}

/** Every formula of a binding, once. */
export function formulasOf({ grants, offers, guards }: Binding): Set<Formula> {
  return new Set([...[...grants, ...offers].map(({ formula }) => formula), ...guards.READ, ...guards.WRITE])
}

const noQuestions: readonly Question[] = []

/** Replaces one policy's question in a list, by policy id; in the same list the same way only once. */
function replacing(gone: Policy | undefined) {
  const known = new Map<readonly Question[], Map<Question | undefined, readonly Question[]>>()

  function replaced(list: readonly Question[], come: Question | undefined): readonly Question[] {
    if (!come && !list.some(({ policy }) => policy === gone)) return list
    const rest = list.filter(({ policy }) => policy !== gone)
    if (!come) return rest
    const at = rest.findIndex(({ policy }) => policy.id > come.policy.id)
    return at === -1 ? [...rest, come] : rest.toSpliced(at, 0, come)
  }

  return (list: readonly Question[], come: Question | undefined): readonly Question[] => {
    const ofList = known.get(list) ?? new Map<Question | undefined, readonly Question[]>()
    const found = ofList.get(come) ?? replaced(list, come)
    known.set(list, ofList.set(come, found))
    return found
  }
}
