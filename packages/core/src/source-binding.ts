/**
 * Which policies bind each data source, kept up as policies and data sources change.
 *
 * Data sources that the same formulas bind share one binding. A guardrail goes up to every data source whose scope
 * covers the one it applies to, disabled or not, so each keeps count of what lies below it. Knows no people.
 */
import { policyFinder, takesIn } from './applies-to.ts'
import { type Binding, type BindingTable, bindingTable } from './binding-table.ts'
import type {
  DataProduct,
  DataProductId,
  DataSource,
  DataSourceId,
  Domain,
  Integration,
  IntegrationId,
  Policy,
  PolicyId,
  Selection,
} from './facts.ts'
import type { Formula, Formulas } from './formula.ts'
import { onceForTwo } from './once-for-two.ts'
import type { Placement, PlacementIndex } from './placement.ts'
import { type Asked, type Detailing, type Guarding, questionTable } from './question.ts'
import type { Scope } from './scope.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'

export interface Source {
  readonly id: DataSourceId
  /** With the tags of its data products. */
  row: DataSource
  asked: Asked
  /** How many data sources cover it; most have none to be looked for. */
  above: number
  /** Of the data sources that it covers: how many have which guardrails, if any. Absent where it covers none. */
  below: Map<Guarding | undefined, number> | undefined
  /** Absent where the data source gives nothing: disabled, or of no known integration. */
  binding: Binding | undefined
}

/** Data sources that went from the same binding to the same other one. */
export interface Rebound {
  readonly sources: readonly Source[]
  readonly before: Binding | undefined
  readonly after: Binding | undefined
}

export interface SourceBindings extends Pick<BindingTable, 'holding' | 'granted'> {
  readonly sources: ReadonlyMap<DataSourceId, Source>
  readonly policies: ReadonlyMap<PolicyId, Policy>
  readonly integrations: ReadonlyMap<IntegrationId, Integration>
  readonly bindings: ReadonlySet<Binding>
  readonly placement: Placement & Pick<PlacementIndex, 'domains' | 'selectedFor' | 'products'>
  /** Many data sources at once, none of which is there yet. */
  fill(rows: readonly DataSource[]): void
  /** Each answers whose binding is another one now. */
  setIntegration(id: IntegrationId, row: Integration | undefined): Rebound[]
  setDataSource(id: DataSourceId, row: DataSource | undefined): Rebound[]
  setPolicy(id: PolicyId, row: Policy | undefined): Rebound[]
  setDomain(name: string, row: Domain | undefined): Rebound[]
  setSelection(row: Selection, holds: boolean): Rebound[]
  setProduct(id: DataProductId, row: DataProduct | undefined): Rebound[]
  /** The policies that apply to a data source, by id. */
  policiesOn(row: DataSource): readonly Policy[]
  /** Active data sources of the same account and region whose scope covers this one's, widest first, without it. */
  covering(source: Source): Source[]
  /** Those that its own scope covers, disabled ones included. */
  covered(source: Source): Source[]
  /** Those, of whatever account, whose scope covers a path, disabled ones included; in no order. */
  at(path: Scope): Source[]
  /** The formula of a policy on a data source; undone by `sweep` unless a binding holds it. */
  formulaOf(policy: Policy, on: DataSource, through: IntegrationId): Formula
  /** Lets go of the bindings and questions that no data source has any more. */
  sweep(): void
}

export function sourceBindings(formulas: Formulas, placement: PlacementIndex, detailing: Detailing): SourceBindings {
  const sources = new Map<DataSourceId, Source>()
  const policies = new Map<PolicyId, Policy>()
  const integrations = new Map<IntegrationId, Integration>()
  /** By account and region: only there do scopes cover each other. */
  const realms = new Map<string, ScopeIndex<Source>>()
  const realmOfIntegration = new Map<IntegrationId, ScopeIndex<Source>>()
  const finder = policyFinder(placement)
  const questions = questionTable(formulas, finder, detailing)
  const table = bindingTable(formulas)

  function realmOf(row: DataSource): ScopeIndex<Source> | undefined {
    return realmOfIntegration.get(row.integration)
  }

  function above(source: Source): Source[] {
    return source.above === 0 ? [] : findAbove(source)
  }

  function findAbove(source: Source): Source[] {
    const found = realmOf(source.row)?.coveredBy(source.row.scope) ?? []
    return found.filter(one => one !== source)
  }

  function covered(source: Source): Source[] {
    // One that was taken out has no count of them any more.
    if (!source.below && sources.get(source.id) === source) return []
    return inside(source)
  }

  function inside(source: Source): Source[] {
    const found = realmOf(source.row)?.inside(source.row.scope) ?? []
    return found.filter(one => one !== source)
  }

  /** Counts a data source's guardrails on everything above it, or takes them off; answers who that may change. */
  function countBelow(source: Source, { guarding }: Asked, by: 1 | -1): Source[] {
    return above(source).filter(outer => {
      const count = counted(outer, guarding, by)
      return count === 0 || (count === 1 && by === 1)
    })
  }

  function counted(outer: Source, guarding: Guarding | undefined, by: number): number {
    outer.below ??= new Map()
    const count = (outer.below.get(guarding) ?? 0) + by
    if (count > 0) outer.below.set(guarding, count)
    else outer.below.delete(guarding)
    if (outer.below.size === 0) outer.below = undefined
    return count
  }

  function newSource(row: DataSource): Source {
    return { id: row.id, row, asked: questions.nothing, above: 0, below: undefined, binding: undefined }
  }

  /** The data source takes its place among the others: counted above it, and counting what is below. */
  function enter(source: Source): Set<Source> {
    const changed = new Set([source])
    const realm = realmOf(source.row)
    if (!realm) return changed
    ask(source, questions.askedOn(source.row))
    source.above = findAbove(source).length
    for (const outer of countBelow(source, source.asked, 1)) changed.add(outer)
    for (const inner of inside(source)) {
      counted(source, inner.asked.guarding, 1)
      inner.above++
    }
    realm.add(source)
    return changed
  }

  function leave(source: Source): Set<Source> {
    const changed = new Set([source, ...countBelow(source, source.asked, -1)])
    for (const inner of covered(source)) inner.above--
    ask(source, questions.nothing)
    source.below = undefined
    realmOf(source.row)?.delete(source)
    return changed
  }

  function ask(source: Source, asked: Asked): void {
    questions.use(asked)
    questions.release(source.asked)
    source.asked = asked
  }

  /** Where a data source that stays asks something else; `changed` takes in whatever that may change. */
  function askInstead(source: Source, asked: Asked, changed: Set<Source>): void {
    const before = source.asked
    ask(source, asked)
    changed.add(source)
    if (asked.guarding === before.guarding || source.above === 0) return
    for (const outer of [...countBelow(source, asked, 1), ...countBelow(source, before, -1)]) changed.add(outer)
  }

  function rebind(changed: Iterable<Source>): Rebound[] {
    const rebound: (Rebound & { readonly sources: Source[] })[] = []
    const known = onceForTwo<Binding | undefined, Binding | undefined, Source[]>()
    for (const source of changed) {
      const before = source.binding
      const after = bindingFor(source)
      if (after === before) continue
      source.binding = after
      const alike = known(before, after, () => {
        const sources: Source[] = []
        rebound.push({ sources, before, after })
        return sources
      })
      alike.push(source)
    }
    for (const one of rebound) move(one)
    return rebound
  }

  function move({ sources, before, after }: Rebound): void {
    if (before && after?.sources.size === 0 && before.sources.size === sources.length) {
      // All of them: the set itself goes over, instead of each.
      const empty = after.sources
      after.sources = before.sources
      before.sources = empty
    } else {
      if (before) for (const source of sources) before.sources.delete(source)
      if (after) for (const source of sources) after.sources.add(source)
    }
    if (before?.sources.size === 0) table.isIdle(before)
  }

  function bindingFor({ row, asked, below }: Source): Binding | undefined {
    // Gone, or of no known integration, it asks nothing.
    if (row.disabled || asked === questions.nothing) return undefined
    if (!below && asked.binding && table.all.has(asked.binding)) return asked.binding
    const through = row.integration
    const own = asked.guarding ? [asked.guarding] : []
    const guardings = below ? [...new Set([...own, ...below.keys()])].filter(one => one !== undefined) : own
    const binding = table.bindingOf(questions.grantsOf(asked, through), questions.guardsOf(guardings, through))
    if (!below) asked.binding = binding
    return binding
  }

  function fill(rows: readonly DataSource[]): void {
    for (const given of rows) {
      const row = placement.tagged(given)
      const source = newSource(row)
      sources.set(row.id, source)
      const realm = realmOf(row)
      if (!realm) continue
      realm.add(source)
      ask(source, questions.askedOn(row))
    }
    for (const source of sources.values()) {
      source.above = findAbove(source).length
      countBelow(source, source.asked, 1)
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
    const ours = [...sources.values()].filter(source => source.row.integration === id)
    const changed = new Set<Source>()
    for (const source of ours) for (const one of leave(source)) changed.add(one)
    if (row) {
      const name = `${row.accountId} ${row.region}`
      const realm = realms.get(name) ?? scopeIndex([], scopeOf)
      realms.set(name, realm)
      realmOfIntegration.set(id, realm)
      integrations.set(id, row)
    } else {
      realmOfIntegration.delete(id)
      integrations.delete(id)
    }
    for (const source of ours) for (const one of enter(source)) changed.add(one)
    return rebind(changed)
  }

  function setDataSource(id: DataSourceId, given: DataSource | undefined): Rebound[] {
    const row = given && placement.tagged(given)
    const known = sources.get(id)
    const changed = new Set<Source>()
    if (known) for (const one of leave(known)) changed.add(one)
    if (!row) sources.delete(id)
    if (row) {
      const source = known ?? newSource(row)
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
    const replaced = questions.replacing(before, row)
    for (const source of sources.values()) {
      if (source.asked === questions.nothing) continue
      const was = before !== undefined && takesIn(before, source.row, placement)
      const is = row !== undefined && takesIn(row, source.row, placement)
      if (!was && !is) continue
      askInstead(source, replaced(source.asked, source.row, is), changed)
    }
    return rebind(changed)
  }

  function setDomain(name: string, row: Domain | undefined): Rebound[] {
    const all = [...sources.values()]
    const was = all.map(source => placement.isIn(source.row, name))
    placement.setDomain(name, row)
    finder.forget()
    return rebind(placedAnew(all.filter((source, at) => was[at] !== placement.isIn(source.row, name))))
  }

  function setSelection(row: Selection, holds: boolean): Rebound[] {
    placement.setSelection(row, holds)
    const source = sources.get(row.dataSource)
    return source ? rebind(placedAnew([source])) : []
  }

  function setProduct(id: DataProductId, row: DataProduct | undefined): Rebound[] {
    const before = placement.products.get(id)
    placement.setProduct(id, row)
    const touched: Source[] = []
    for (const one of new Set([...(before?.dataSources ?? []), ...(row?.dataSources ?? [])])) {
      const source = sources.get(one)
      if (!source) continue
      source.row = placement.tagged(source.row)
      touched.push(source)
    }
    return rebind(placedAnew(touched))
  }

  function placedAnew(some: readonly Source[]): Set<Source> {
    const changed = new Set<Source>()
    for (const source of some) if (realmOf(source.row)) askInstead(source, questions.askedOn(source.row), changed)
    return changed
  }

  return {
    sources,
    policies,
    integrations,
    bindings: table.all,
    placement,
    fill,
    setIntegration,
    setDataSource,
    setPolicy,
    setDomain,
    setSelection,
    setProduct,
    holding: table.holding,
    granted: table.granted,
    policiesOn: row => finder.taking(row),
    covering: source => above(source).filter(({ row }) => !row.disabled),
    covered,
    at: path => [...realms.values()].flatMap(realm => realm.coveredBy(path)),
    formulaOf: questions.formulaOf,
    sweep() {
      table.sweep()
      questions.sweep()
      formulas.sweep()
    },
  }
}

function scopeOf({ row: { scope } }: Source): Scope {
  return scope
}
