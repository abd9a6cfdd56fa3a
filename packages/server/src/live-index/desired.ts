/**
 * What AWS should hold for some entitlements, by the facts of the index. Pure.
 *
 * Whether one grant makes another superfluous is between the grants of one person, so all that is needed is that
 * person's entitlements to the data sources concerned.
 */
import {
  type DataSourceId,
  type DesiredGrants,
  desiredGrants,
  type Entitlement,
  type EntitlementIndex,
  entitlementsOf,
  type Facts,
  type IntegrationId,
  type OwnReason,
  type Reason,
  type UserId,
  whatIsReached,
} from '@headgate/core'

/** The entitlements must hold all of each person's to these data sources and to those of the integration that cover them. */
export function desiredFor(
  { bindings, facts }: EntitlementIndex,
  integration: IntegrationId,
  entitlements: readonly Entitlement[],
): DesiredGrants {
  const target = bindings.integrations.get(integration)
  const dataSources = new Set(entitlements.map(({ dataSource }) => dataSource))
  const users = new Set(entitlements.map(({ user }) => user))
  const needed: Facts = {
    integrations: target ? [target] : [],
    dataSources: [...dataSources].flatMap(id => bindings.sources.get(id)?.row ?? []),
    principals: [...users].flatMap(user => facts.findPerson(user)?.principals ?? []),
    users: [],
    groups: [],
    attributes: [],
    policies: [],
    domains: [],
    selections: [],
    subscriptions: [],
    members: [],
    dataProducts: [],
    memberships: [],
  }
  return desiredGrants(entitlements, needed, integration)
}

/** Everybody's entitlements to the data sources of an integration; by data source, then user. */
export function allEntitlements(index: EntitlementIndex, integration: IntegrationId): Entitlement[] {
  const found: Entitlement[] = []
  for (const { id, row } of index.bindings.sources.values()) {
    if (row.integration !== integration) continue
    for (const entitlement of entitlementsOf(index, id)) found.push(entitlement)
  }
  return found
}

/** The same for some people. */
export function entitlementsOfPeople(
  index: EntitlementIndex,
  integration: IntegrationId,
  people: Iterable<UserId>,
): Entitlement[] {
  const found: Entitlement[] = []
  for (const user of people) {
    for (const { dataSource, entitled, because } of reachedBy(index, user)) {
      if (!entitled || index.bindings.sources.get(dataSource)?.row.integration !== integration) continue
      found.push({ user, dataSource, level: entitled, because: because.filter(isOwn) })
    }
  }
  return found
}

export function isOwn(reason: Reason): reason is OwnReason {
  return reason.kind !== 'overlap'
}

/** Everything that a person reaches, by data source. */
export function reachedBy(index: EntitlementIndex, user: UserId) {
  return whatIsReached(index, user, { limit: Number.POSITIVE_INFINITY }).rows
}

/** The data source and those whose grants open it too; none where it is unknown. */
export function openedThrough({ bindings }: EntitlementIndex, dataSource: DataSourceId): readonly CoveredSource[] {
  const source = bindings.sources.get(dataSource)
  return source ? [source, ...bindings.covering(source)] : []
}

type CoveredSource = NonNullable<ReturnType<EntitlementIndex['bindings']['sources']['get']>>
