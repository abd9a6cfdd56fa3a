/**
 * Which revocations wait for something to be made first, so that nobody loses on the way what they are to keep.
 *
 * Only grants of the same person and grantee are tied. Nothing waits for a create that has failed, except where the
 * row gives no more than the person is entitled to anyway.
 */
import type { Instant } from './facts.ts'
import { type DesiredGrant, type GrantPermission, granteeKey, grantKey, type Subsumed } from './grant.ts'
import type { LedgerRow } from './ledger.ts'
import { printScope } from './scope.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'

/**
 * How far a desired grant is. Not awaited: its create has failed once, or it comes after a lowering or a revocation
 * that fails.
 */
export type Stage = { readonly is: 'pending' | 'notAwaited' } | { readonly is: 'active'; readonly since: Instant }

interface Tie {
  readonly why: 'createFirst' | 'settling'
  readonly until?: Instant
  /** What it waits for takes the place of all of it, or of a part. */
  readonly for: 'covering' | 'inside'
}

/** How long a new grant may go unseen in AWS: 05's figure; a deleted one was seen for up to 19 s (facts 3). */
const settleMs = 30_000

/** For an unwanted active row: what its revocation waits for; undefined: nothing. */
export function tiesOf(
  desired: readonly DesiredGrant[],
  subsumed: readonly Subsumed[],
  stageOf: (grant: DesiredGrant) => Stage,
  now: Instant,
): (row: LedgerRow) => Tie | undefined {
  const byHolder = Map.groupBy(desired, holderKey)
  const entitledAt = new Map(subsumed.map(one => [placeKey(one.grant), one]))
  const indexes = new Map<string, ScopeIndex<DesiredGrant>>()
  function indexFor(holder: string): ScopeIndex<DesiredGrant> {
    const index = indexes.get(holder) ?? scopeIndex(byHolder.get(holder) ?? [], ({ scope }) => scope)
    indexes.set(holder, index)
    return index
  }

  return row => {
    const entitled = entitledAt.get(placeKey(row))
    if (entitled && gives(entitled.grant.permission, row.permission)) {
      const stage = stageOf(entitled.by)
      return stage.is === 'active' ? settling(stage.since, now) : { why: 'createFirst', for: 'covering' }
    }

    const index = indexFor(holderKey(row))
    const place = printScope(row.scope)
    // A desired grant of the row's own key (another data source's, say) can only come after it.
    const others = (grant: DesiredGrant) => grantKey(grant) !== grantKey(row)
    // A covering grant that gives less takes nothing's place: that is a lowering, which never waits.
    const covering = index
      .coveredBy(row.scope)
      .filter(grant => others(grant) && gives(grant.permission, row.permission))
    const inside = index.inside(row.scope).filter(({ scope }) => printScope(scope) !== place)
    const isPending = (grant: DesiredGrant) => stageOf(grant).is === 'pending'
    if (covering.some(isPending)) return { why: 'createFirst', for: 'covering' }
    if (inside.some(isPending)) return { why: 'createFirst', for: 'inside' }

    const wider = covering.filter(({ scope }) => printScope(scope) !== place).map(stageOf)
    const since = wider.map(stage => (stage.is === 'active' ? stage.since : Number.NEGATIVE_INFINITY))
    return settling(Math.max(...since), now)
  }
}

function settling(since: Instant, now: Instant): Tie | undefined {
  const until = since + settleMs
  return until > now ? { why: 'settling', until, for: 'covering' } : undefined
}

function gives(permission: GrantPermission, needed: GrantPermission): boolean {
  return permission === 'READWRITE' || needed === 'READ'
}

function holderKey({ user, grantee }: Pick<DesiredGrant, 'user' | 'grantee'>): string {
  return `${user} ${granteeKey(grantee)}`
}

function placeKey(at: Pick<DesiredGrant, 'user' | 'grantee' | 'scope'>): string {
  return `${holderKey(at)} ${printScope(at.scope)}`
}
