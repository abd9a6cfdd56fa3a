/**
 * Who reaches what as of one set of facts, and what AWS should hold for it. Pure: the line's own functions, asked for
 * one data source or one person, so that what is shown and what is enforced cannot differ.
 */
import {
  type Access,
  coveringDataSources,
  type DataSourceId,
  type DesiredGrant,
  deriveEntitlements,
  desiredGrants,
  type Entitlement,
  type Facts,
  type Instant,
  type OwnReason,
  type Unmapped,
  type UserId,
  withOverlap,
} from '@headgate/core'

/** What AWS is to be told about an access. */
export type Standing =
  /** Only a covering data source's grant opens it. */
  | { readonly is: 'via'; readonly by: DataSourceId }
  | { readonly is: 'unmapped'; readonly why: Unmapped['why'] }
  | { readonly is: 'granted'; readonly grant: DesiredGrant }
  /** A grant on a covering data source does for both. */
  | { readonly is: 'covered'; readonly by: DesiredGrant }

export interface Reached {
  readonly access: Access
  readonly standing: Standing
  /** The policies and members behind it, those of covering data sources included. */
  readonly roots: readonly OwnReason[]
}

/** Everybody who reaches one data source, by user id. The facts must hold its whole account and region. */
export function whoReaches(facts: Facts, now: Instant, dataSource: DataSourceId): Reached[] {
  const dataSources = new Set([dataSource, ...coveringDataSources(facts, dataSource)])
  const entitlements = deriveEntitlements(facts, now, { dataSources })
  return reached(entitlements, facts).filter(({ access }) => access.dataSource === dataSource)
}

/** Everything that the people in these facts reach, by data source. */
export function whatIsReached(facts: Facts, now: Instant): Reached[] {
  return reached(deriveEntitlements(facts, now), facts)
}

function reached(entitlements: readonly Entitlement[], facts: Facts): Reached[] {
  const standings = standingsOf(entitlements, facts)
  const entitled = new Map(entitlements.map(one => [keyOf(one.dataSource, one.user), one]))
  return withOverlap(entitlements, facts).map(access => {
    const { user, dataSource, because } = access
    const [first] = because.flatMap(reason => (reason.kind === 'overlap' ? [reason.id] : []))
    const standing = standings.get(keyOf(dataSource, user)) ?? { is: 'via', by: first ?? dataSource }
    const roots = because.flatMap(reason =>
      reason.kind === 'overlap' ? (entitled.get(keyOf(reason.id, user))?.because ?? []) : [reason],
    )
    return { access, standing, roots }
  })
}

function standingsOf(entitlements: readonly Entitlement[], facts: Facts): Map<string, Standing> {
  const standings = new Map<string, Standing>()
  for (const { id } of facts.integrations) {
    const { grants, unmapped, subsumed } = desiredGrants(entitlements, facts, id)
    for (const grant of grants) standings.set(keyOf(grant.dataSource, grant.user), { is: 'granted', grant })
    for (const { entitlement, why } of unmapped) {
      standings.set(keyOf(entitlement.dataSource, entitlement.user), { is: 'unmapped', why })
    }
    for (const { grant, by } of subsumed) standings.set(keyOf(grant.dataSource, grant.user), { is: 'covered', by })
  }
  return standings
}

function keyOf(dataSource: DataSourceId, user: UserId): string {
  return `${dataSource} ${user}`
}
