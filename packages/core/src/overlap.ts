/**
 * What people reach on a data source because a wider one's grants open it too, marked as such (02).
 *
 * For showing, explaining and exporting. Its rows are another type than entitlements on purpose: no grant is ever
 * made for an overlap.
 */
import { coveringAmong } from './covering.ts'
import type { Entitlement, OwnReason } from './entitlement.ts'
import type { DataSource, DataSourceId, Facts, Instant, Level, UserId } from './facts.ts'

/** The person is entitled to a data source that covers this one. */
export interface OverlapReason {
  readonly kind: 'overlap'
  /** The covering data source. */
  readonly id: DataSourceId
  readonly level: Level
  /** When the covering entitlement ends or falls below this level, if it does. */
  readonly until?: Instant
  readonly via: { readonly dataSource: DataSourceId }
}

export type Reason = OwnReason | OverlapReason

export interface Access {
  readonly user: UserId
  readonly dataSource: DataSourceId
  /** The highest of the person's own and what covering data sources open. */
  readonly level: Level
  /** The person's own level; absent where there is only overlap. */
  readonly entitled?: Level
  /** The entitlement's own reasons, then overlaps by covering data source. */
  readonly because: readonly Reason[]
}

/**
 * The entitlements and, marked, what covering data sources open; by data source, then user.
 *
 * Expects the entitlements of the covering data sources among those given (`coveringDataSources` names them). Disabled
 * data sources appear where a wider one still opens them: that is the truth about who reaches them.
 */
export function withOverlap(entitlements: readonly Entitlement[], facts: Facts): Access[] {
  const covering = coveringAmong(facts)
  const byDataSource = Map.groupBy(entitlements, ({ dataSource }) => dataSource)

  const found: Access[] = []
  for (const dataSource of facts.dataSources.toSorted((a, b) => a.id - b.id)) {
    const own = byDataSource.get(dataSource.id) ?? []
    const wider = covering(dataSource).flatMap(({ id }) => byDataSource.get(id) ?? [])
    for (const access of merged(dataSource, own, wider)) found.push(access)
  }
  return found
}

function merged(dataSource: DataSource, own: readonly Entitlement[], wider: readonly Entitlement[]): Access[] {
  const byUser = new Map<UserId, Access>()
  for (const { user, level, because } of own) {
    byUser.set(user, { user, dataSource: dataSource.id, level, entitled: level, because })
  }
  for (const outer of wider.toSorted((a, b) => a.dataSource - b.dataSource)) {
    const { user } = outer
    const before = byUser.get(user)
    byUser.set(user, {
      ...(before ?? { user, dataSource: dataSource.id }),
      level: before?.level === 'WRITE' ? 'WRITE' : outer.level,
      because: [...(before?.because ?? []), overlapReason(outer)],
    })
  }
  return [...byUser.values()].sort((a, b) => a.user - b.user)
}

/** The mark of a covering entitlement on what lies inside. */
export function overlapReason({ dataSource, level, because }: Omit<Entitlement, 'user'>): OverlapReason {
  const until = endOf(because.filter(reason => level === 'READ' || reason.level === 'WRITE'))
  const ends = until === undefined ? {} : { until }
  return { kind: 'overlap', id: dataSource, level, ...ends, via: { dataSource } }
}

/** The last end, when every reason ends. */
function endOf(because: readonly OwnReason[]): Instant | undefined {
  const ends = because.map(reason => (reason.kind === 'policy' ? undefined : reason.until))
  return ends.every(end => end !== undefined) ? Math.max(...ends) : undefined
}
