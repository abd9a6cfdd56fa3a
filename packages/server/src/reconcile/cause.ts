/**
 * Which change of a fact brought about a change of a grant, and whether the brake counts it (05). Names one only when
 * there is no doubt; what several causes may have brought is `unknown`. Doubt counts, unless nothing that it may have
 * been would. Pure.
 */
import { type DataSourceId, type Instant, isCounted, type OwnReason, type UserId } from '@headgate/core'
import type { FactChange } from '../db/fact-change.ts'

export interface Affected {
  readonly user: UserId
  readonly dataSource: DataSourceId
  /** Before and after, as far as known. */
  readonly because: readonly OwnReason[]
}

export interface Cause {
  readonly name: string
  readonly isCounted: boolean
}

const unknownCause: Cause = { name: 'unknown', isCounted: true }
const expiry: Cause = { name: 'member-expired', isCounted: false }

/** What is done to the loop itself, or found by the audit, makes no grant wanted or unwanted. */
export const neutralCauses = ['integration-mode-changed', 'integration-brake-changed', 'run-released', 'audit'] as const
const neutral: ReadonlySet<string> = new Set(neutralCauses)

/** @param changes those whose effect is not in the ledger yet; undefined: too many to look at */
export function causesOf(changes: readonly FactChange[] | undefined, now: Instant): (grant: Affected) => Cause {
  if (changes === undefined) return () => unknownCause
  const telling = changes.filter(({ cause }) => !neutral.has(cause))
  const common = onlyName(telling)
  const isMeant = telling.length > 0 && telling.every(isExempt)
  return grant => {
    const { because } = grant
    const isOver = (reason: OwnReason) => reason.kind === 'member' && (reason.until ?? now + 1) <= now
    // It would be gone whatever else was changed.
    if (because.length > 0 && because.every(isOver)) return expiry
    const about = telling.filter(change => isAbout(change, grant))
    if (about.length === 0 && because.some(isOver)) return expiry
    const name = common ?? onlyName(about) ?? unknownCause.name
    return { name, isCounted: !(isMeant || (about.length > 0 && about.every(isExempt))) }
  }
}

/**
 * For what has been unwanted since before these changes: the change, if any, by which a person meant this very grant to
 * go all the same.
 */
export function meantSince(changes: readonly FactChange[] | undefined, grant: Affected): Cause | undefined {
  const meant = changes?.find(change => isExempt(change) && isOf(change, grant))
  return meant && { name: meant.cause, isCounted: false }
}

function onlyName(changes: readonly FactChange[]): string | undefined {
  const [first, ...others] = changes
  return others.every(({ cause }) => cause === first?.cause) ? first?.cause : undefined
}

function isExempt({ cause, previewed }: FactChange): boolean {
  return !isCounted(cause, previewed)
}

/** Names the grant's own person or data source, or a reason that it had. */
function isOf({ entity, entityId }: FactChange, { user, dataSource, because }: Affected): boolean {
  if (entity === 'user') return Number(entityId) === user
  if (entity === 'dataSource') return Number(entityId) === dataSource
  if (entity === 'subscription') return entityId.startsWith(`${dataSource}/${user}/`)
  return entity === 'member' && because.some(({ kind, id }) => kind === 'member' && id === Number(entityId))
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
    case 'subscription':
      return entityId.startsWith(`${dataSource}/${user}/`)
    case 'dataSourceTag':
    case 'dataSourceDomain':
    case 'selection':
      return entityId.startsWith(`${dataSource}/`)
    case 'member':
      return (
        named?.dataSource === dataSource || because.some(({ kind, id }) => kind === 'member' && id === Number(entityId))
      )
    default:
      return true
  }
}
