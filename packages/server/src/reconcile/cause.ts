/**
 * Which change of a fact brought about a change of a grant. Names one only when there is no doubt: what several causes
 * may have brought is `unknown`, which the brake always counts (05). Pure.
 */
import type { DataSourceId, Instant, OwnReason, UserId } from '@headgate/core'
import type { FactChange } from '../db/fact-change.ts'

export interface Affected {
  readonly user: UserId
  readonly dataSource: DataSourceId
  /** Before and after, as far as known. */
  readonly because: readonly OwnReason[]
}

const unknownCause = 'unknown'

/** @param changes those whose effect is not in the ledger yet; undefined: too many to look at */
export function causesOf(changes: readonly FactChange[] | undefined, now: Instant): (grant: Affected) => string {
  if (changes === undefined) return () => unknownCause
  const common = onlyCause(changes)
  return grant => {
    if (common !== undefined) return common
    const isOver = grant.because.some(reason => reason.kind === 'member' && (reason.until ?? now + 1) <= now)
    if (changes.length === 0) return isOver ? 'member-expired' : unknownCause
    return onlyCause(changes.filter(change => isAbout(change, grant))) ?? unknownCause
  }
}

function onlyCause(changes: readonly FactChange[]): string | undefined {
  const [first, ...others] = changes
  return others.every(({ cause }) => cause === first?.cause) ? first?.cause : undefined
}

/** A change of a group may be about anybody, so it is about this one too. */
function isAbout({ entity, entityId, after }: FactChange, { user, dataSource, because }: Affected): boolean {
  const named = after as { readonly user?: unknown; readonly dataSource?: unknown } | null
  switch (entity) {
    case 'user':
      return Number(entityId) === user
    case 'attribute':
      return entityId.startsWith('group/') || entityId.startsWith(`user/${user}/`)
    case 'groupMember':
      return entityId.endsWith(`/${user}`)
    case 'principal':
      // A principal that is gone no longer says whose it was.
      return named === null || named.user === user
    case 'dataSource':
      return Number(entityId) === dataSource
    case 'dataSourceTag':
      return entityId.startsWith(`${dataSource}/`)
    case 'member':
      return (
        named?.dataSource === dataSource || because.some(({ kind, id }) => kind === 'member' && id === Number(entityId))
      )
    default:
      return true
  }
}
