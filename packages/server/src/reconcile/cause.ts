/**
 * Which change of a fact brought about a change of a grant, and whether the brake counts it (05). Names one only when
 * there is no doubt; what several causes may have brought is `unknown`. Doubt counts, unless nothing that it may have
 * been would, or the grant would be gone by what somebody meant, whatever else was changed. Pure.
 */
import {
  type DataSourceId,
  type GrantPermission,
  type Instant,
  isCounted,
  type OwnReason,
  type UserId,
} from '@headgate/core'
import type { Changes, FactChange } from '../db/fact-change.ts'

export interface Affected {
  readonly user: UserId
  readonly dataSource: DataSourceId
  readonly permission: GrantPermission
  /** Before and after, as far as known. */
  readonly because: readonly OwnReason[]
}

export interface Cause {
  readonly name: string
  readonly isCounted: boolean
}

const unknownName = 'unknown'

/** What is done to the loop itself, or found by the audit, makes no grant wanted or unwanted. */
export const neutralCauses = ['integration-mode-changed', 'integration-brake-changed', 'run-released', 'audit'] as const
const neutral: ReadonlySet<string> = new Set(neutralCauses)

/** @param changes those whose effect is not in the ledger yet */
export function causesOf(changes: Changes, now: Instant): (grant: Affected) => Cause {
  const kinds = changes.kinds.filter(({ cause }) => !neutral.has(cause))
  const telling = changes.list.filter(({ cause }) => !neutral.has(cause))
  const common = onlyName(kinds)
  const isMeant = kinds.length > 0 && kinds.every(isExempt)
  const endOf = endingsIn(telling, now)
  return grant => {
    const end = endOf(grant)
    if (end) return end
    if (changes.isFlood) return { name: common ?? unknownName, isCounted: !isMeant }
    const about = telling.filter(change => isAbout(change, grant))
    const expiry = about.length === 0 ? grant.because.map(reason => expiryOf(reason, now)).find(Boolean) : undefined
    if (expiry) return expiry
    const name = common ?? onlyName(about) ?? unknownName
    return { name, isCounted: !(isMeant || (about.length > 0 && about.every(isExempt))) }
  }
}

/**
 * For what has been unwanted since before these changes: what, if anything, ended it that somebody meant, or agreed to
 * from the start.
 */
export function meantSince(changes: Changes, now: Instant): (grant: Affected) => Cause | undefined {
  const endOf = endingsIn(changes.list, now)
  const meant = changes.list.filter(change => isExempt(change) && change.after === null)
  return grant => {
    const end = endOf(grant)
    if (end) return end
    const one = meant.find(change => isOf(change, grant))
    return one && { name: one.cause, isCounted: false }
  }
}

/** The things that somebody ended, by their ids: whose held grants have to be looked at again. */
export interface Ended {
  readonly users: readonly number[]
  readonly dataSources: readonly number[]
  readonly members: readonly number[]
  readonly memberships: readonly number[]
  readonly policies: readonly number[]
  /** `dataSource/user`. */
  readonly subscriptions: readonly string[]
}

export function endedIn(changes: Changes): Ended {
  const meant = changes.list.filter(isExempt)
  const of = (entity: string) => [...new Set(meant.filter(one => one.entity === entity).map(one => one.entityId))]
  return {
    users: of('user').map(Number).filter(Number.isSafeInteger),
    dataSources: of('dataSource').map(Number).filter(Number.isSafeInteger),
    members: of('member').map(Number).filter(Number.isSafeInteger),
    memberships: of('membership').map(Number).filter(Number.isSafeInteger),
    policies: of('policy').map(Number).filter(Number.isSafeInteger),
    subscriptions: [...new Set(of('subscription').map(id => id.split('/').slice(0, 2).join('/')))],
  }
}

/**
 * For a grant: what by itself is enough for it to be gone. Its person or its data source has ended because somebody
 * meant it to, or each of the reasons that give its permission has, by its date or by somebody's hand.
 */
function endingsIn(changes: readonly FactChange[], now: Instant): (grant: Affected) => Cause | undefined {
  const last = new Map<string, { change: FactChange; meant?: FactChange }>()
  for (const change of changes) {
    if (!mayEnd.has(change.entity)) continue
    const key = `${change.entity} ${change.entityId}`
    const meant = isExempt(change) ? change : last.get(key)?.meant
    last.set(key, { change, ...(meant ? { meant } : {}) })
  }
  function endOf(entity: string, id: number, isEnd: (after: After) => boolean): Cause | undefined {
    const one = last.get(`${entity} ${id}`)
    if (!one?.meant || !isEnd(one.change.after as After)) return undefined
    return { name: one.meant.cause, isCounted: false }
  }
  const isDisabled = (after: After) => after === null || after.disabled === true

  function endOfReason(reason: OwnReason): Cause | undefined {
    const expiry = expiryOf(reason, now)
    if (expiry) return expiry
    return endOf(reason.kind, reason.id, after => {
      if (after === null) return true
      if (reason.kind !== 'member') return false
      return (reason.level === 'WRITE' && after.level === 'READ') || (after.until ?? now + 1) <= now
    })
  }

  return ({ user, dataSource, permission, because }) => {
    const end = endOf('user', user, isDisabled) ?? endOf('dataSource', dataSource, isDisabled)
    if (end) return end
    // Of a READWRITE grant only what lets its person write: without that it is a READ grant at most.
    const giving = because.filter(({ level }) => permission === 'READ' || level === 'WRITE')
    const ends = giving.map(endOfReason)
    return ends.every(one => one !== undefined) ? ends[0] : undefined
  }
}

/** As much of an after-image as tells whether the thing has ended. */
type After = { readonly disabled?: boolean; readonly level?: string; readonly until?: Instant } | null

const mayEnd: ReadonlySet<string> = new Set(['user', 'dataSource', 'member', 'membership', 'policy'])

/** That the reason is over by its own date. */
function expiryOf(reason: OwnReason, now: Instant): Cause | undefined {
  if (reason.kind === 'policy' || (reason.until ?? now + 1) > now) return undefined
  return { name: reason.kind === 'member' ? 'member-expired' : 'membership-expired', isCounted: false }
}

function onlyName(changes: readonly Pick<FactChange, 'cause'>[]): string | undefined {
  const [first, ...others] = changes
  return others.every(({ cause }) => cause === first?.cause) ? first?.cause : undefined
}

function isExempt({ cause, previewed }: Pick<FactChange, 'cause' | 'previewed'>): boolean {
  return !isCounted(cause, previewed)
}

/** Names the grant's own person or data source, or a reason that it had. */
function isOf({ entity, entityId }: FactChange, { user, dataSource, because }: Affected): boolean {
  if (entity === 'user') return Number(entityId) === user
  if (entity === 'dataSource') return Number(entityId) === dataSource
  if (entity === 'subscription') return entityId.startsWith(`${dataSource}/${user}/`)
  const isReason = entity === 'member' || entity === 'membership'
  return isReason && because.some(({ kind, id }) => kind === entity && id === Number(entityId))
}

/** A change of a group may be about anybody, so it is about this one too. */
function isAbout({ entity, entityId, after }: FactChange, { user, dataSource, because }: Affected): boolean {
  const named = after as {
    readonly user?: unknown
    readonly dataSource?: unknown
    readonly dataSources?: readonly unknown[]
  } | null
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
    case 'membership':
      // One that is gone no longer says whose it was.
      return named?.user === user || because.some(({ kind, id }) => kind === 'membership' && id === Number(entityId))
    case 'dataProduct':
      return (
        (named?.dataSources ?? []).includes(dataSource) ||
        because.some(reason => reason.kind === 'membership' && reason.via.product === entityId)
      )
    default:
      return true
  }
}
