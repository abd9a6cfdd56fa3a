/**
 * What being let in would change for one person on one data source (06): asked of the very formulas that decide.
 *
 * Puts what an approval would add into the index, looks, and takes it out again; nothing stays.
 */
import { accessTo } from './ask.ts'
import type { Change } from './change.ts'
import type { EntitlementIndex } from './entitlement-index.ts'
import { type ExplainedPolicy, explain, type Obstacle } from './explain.ts'
import type { DataSourceId, Instant, Level, UserId } from './facts.ts'
import type { Fix } from './fix.ts'
import type { Reason } from './overlap.ts'
import { supposing } from './preview.ts'

export interface StatusOnSource {
  readonly dataSource: DataSourceId
  /** `current`: reached at that level already. `ifApproved`: would be. `prevented`: not even then. */
  readonly status: 'current' | 'ifApproved' | 'prevented'
  /** What is reached now; absent: nothing. */
  readonly level?: Level
  /** Of what is reached at the level asked for: when it ends by its own date, if it does. */
  readonly until?: Instant
  /** Of what is prevented: the guardrails that do not let the person through. */
  readonly guardrails: readonly ExplainedPolicy[]
  readonly obstacles: readonly Obstacle[]
  /** Of what is prevented: each alone, together with the approval, would give the access. */
  readonly missing: readonly Fix[]
}

/** By the data sources in the order given. `approval` are the changes that a yes would bring. */
export function accessStatus(
  index: EntitlementIndex,
  user: UserId,
  level: Level,
  dataSources: readonly DataSourceId[],
  approval: readonly Change[],
): StatusOnSource[] {
  const before = dataSources.map(dataSource => accessTo(index, user, dataSource))
  return supposing(index, approval, () =>
    dataSources.map((dataSource, at) => {
      const now = before[at]
      const reached = now ? { level: now.level } : {}
      if (now && suffices(now.level, level)) {
        const until = endOf(now.because, level)
        return { dataSource, status: 'current', ...reached, ...(until === undefined ? {} : { until }), ...nothing }
      }
      const then = accessTo(index, user, dataSource)
      if (then && suffices(then.level, level)) return { dataSource, status: 'ifApproved', ...reached, ...nothing }
      const { guardrails, obstacles, fixes } = explain(index, { user, dataSource })
      return {
        dataSource,
        status: 'prevented',
        ...reached,
        guardrails: guardrails.filter(one => !one.holds && suffices(level, one.level)),
        obstacles: obstacles.filter(one => one !== 'nothingLetsIn'),
        missing: fixes.filter(({ gives }) => suffices(gives, level)),
      }
    }),
  )
}

const nothing = { guardrails: [], obstacles: [], missing: [] } as const

function suffices(given: Level, asked: Level): boolean {
  return given === 'WRITE' || asked === 'READ'
}

/** The latest of the ends of what gives it; undefined where something lasts. */
function endOf(because: readonly Reason[], level: Level): Instant | undefined {
  const ends = because
    .filter(reason => suffices(reason.level, level))
    .map(reason => ('until' in reason ? reason.until : undefined))
  return ends.some(end => end === undefined) ? undefined : Math.max(...(ends as Instant[]))
}
