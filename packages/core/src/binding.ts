/**
 * Which policies speak about a data source: grant policies that apply to it, guardrails that bind it.
 *
 * A guardrail binds the data sources it applies to and every one whose scope covers such a data source, in the same
 * account and region, whichever the integrations: AWS grants only add up, so the outer grant must meet the inner
 * minimum (02). Nothing is ever taken out of a guardrail's reach here.
 */
import { takesIn } from './applies-to.ts'
import type { DataSource, DataSourceId, Facts, Policy } from './facts.ts'
import type { Scope } from './scope.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'

export interface BindingPolicies {
  readonly grants: readonly { readonly policy: Policy }[]
  /** `via` is the covered data source that brings the guardrail along; one that binds both ways stands twice. */
  readonly guardrails: readonly { readonly policy: Policy; readonly via?: DataSourceId }[]
}

/** The policies that speak about one data source, disabled or not; by id, then `via`. Empty for an unknown one. */
export function bindingPolicies(facts: Facts, dataSource: DataSourceId): BindingPolicies {
  const asked = facts.dataSources.find(({ id }) => id === dataSource)
  if (!asked) return { grants: [], guardrails: [] }
  const { grants, guardrails } = bindings(facts)(asked)
  return {
    grants: grants.map(policy => ({ policy })),
    guardrails: guardrails
      .map(({ policy, on }) => (on === asked ? { policy } : { policy, via: on.id }))
      .sort((a, b) => a.policy.id - b.policy.id || (a.via ?? 0) - (b.via ?? 0)),
  }
}

/** The active data sources whose grants also open this one; widest first. */
export function coveringDataSources(facts: Facts, dataSource: DataSourceId): DataSourceId[] {
  const asked = facts.dataSources.find(({ id }) => id === dataSource)
  return asked
    ? neighbours(facts)
        .covering(asked)
        .map(({ id }) => id)
    : []
}

export interface Bindings {
  /** By id. */
  readonly grants: readonly Policy[]
  /** Each with the data source it applies to: the one asked about, or one that it covers. */
  readonly guardrails: readonly { readonly policy: Policy; readonly on: DataSource }[]
}

export function bindings(facts: Facts): (dataSource: DataSource) => Bindings {
  const { covered } = neighbours(facts)
  const grantPolicies = facts.policies.filter(({ kind }) => kind === 'grant').sort((a, b) => a.id - b.id)
  const guardrails = facts.policies.filter(({ kind }) => kind === 'guardrail')

  const known = new Map<DataSource, readonly Policy[]>()
  function guardrailsOf(dataSource: DataSource): readonly Policy[] {
    const found = known.get(dataSource) ?? guardrails.filter(policy => takesIn(policy.appliesTo, dataSource))
    known.set(dataSource, found)
    return found
  }

  return dataSource => ({
    grants: grantPolicies.filter(policy => takesIn(policy.appliesTo, dataSource)),
    guardrails: [dataSource, ...covered(dataSource)].flatMap(on => guardrailsOf(on).map(policy => ({ policy, on }))),
  })
}

interface Neighbours {
  /** Active data sources of the same account and region whose scope covers this one's, itself left out; widest first. */
  covering(dataSource: DataSource): DataSource[]
  /** The other way round. */
  covered(dataSource: DataSource): DataSource[]
}

export function neighbours(facts: Facts): Neighbours {
  const realms = new Map(facts.integrations.map(({ id, accountId, region }) => [id, `${accountId} ${region}`]))
  const byRealm = new Map<string | undefined, ScopeIndex<DataSource>>()
  for (const dataSource of facts.dataSources) {
    if (dataSource.disabled) continue
    const realm = realms.get(dataSource.integration)
    const index = byRealm.get(realm) ?? scopeIndex<DataSource>([], ({ scope }) => scope)
    byRealm.set(realm, index)
    index.add(dataSource)
  }

  function others(dataSource: DataSource, ask: (index: ScopeIndex<DataSource>, scope: Scope) => DataSource[]) {
    const index = byRealm.get(realms.get(dataSource.integration))
    return index ? ask(index, dataSource.scope).filter(({ id }) => id !== dataSource.id) : []
  }
  return {
    covering: dataSource => others(dataSource, (index, scope) => index.coveredBy(scope)),
    covered: dataSource => others(dataSource, (index, scope) => index.inside(scope)),
  }
}
