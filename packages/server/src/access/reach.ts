/**
 * What AWS should hold for the accesses shown, as of one state of the index. Pure: the line's own functions, asked for
 * just these people and data sources, so that what is shown and what is enforced cannot differ.
 */
import {
  type Access,
  accessTo,
  type DataSourceId,
  type DesiredGrant,
  type Entitlement,
  type EntitlementIndex,
  numbersOf,
  type OwnReason,
  type Unmapped,
  type UserId,
  unionOf,
} from '@headgate/core'
import { desiredFor, isOwn, openedThrough } from '../live-index/desired.ts'

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

/** Everybody who reaches a data source, in no order. */
export function peopleReaching(index: EntitlementIndex, dataSource: DataSourceId): UserId[] {
  const sets = openedThrough(index, dataSource).map(source => index.standing(source).read)
  return Array.from(numbersOf(unionOf(sets)), number => index.facts.personAt(number).id)
}

export function reached(index: EntitlementIndex, accesses: readonly Access[]): Reached[] {
  return accesses.map(access => {
    const { user, dataSource, because } = access
    const through = openedThrough(index, dataSource).flatMap(({ id }) => accessTo(index, user, id) ?? [])
    const entitled = through.flatMap(toEntitlement)
    const roots = because.flatMap(reason =>
      isOwn(reason) ? [reason] : (entitled.find(outer => outer.dataSource === reason.id)?.because ?? []),
    )
    return { access, standing: standingOf(index, access, entitled), roots }
  })
}

function toEntitlement({ user, dataSource, entitled, because }: Access): Entitlement[] {
  return entitled ? [{ user, dataSource, level: entitled, because: because.filter(isOwn) }] : []
}

function standingOf(index: EntitlementIndex, access: Access, entitled: readonly Entitlement[]): Standing {
  const { dataSource, because } = access
  const [overlap] = because.flatMap(reason => (reason.kind === 'overlap' ? [reason.id] : []))
  const integration = index.bindings.sources.get(dataSource)?.row.integration
  if (!access.entitled || integration === undefined) return { is: 'via', by: overlap ?? dataSource }
  const { grants, unmapped, subsumed } = desiredFor(index, integration, entitled)
  const isThis = (one: { readonly dataSource: DataSourceId }) => one.dataSource === dataSource
  const grant = grants.find(isThis)
  if (grant) return { is: 'granted', grant }
  const covered = subsumed.find(one => isThis(one.grant))
  if (covered) return { is: 'covered', by: covered.by }
  return { is: 'unmapped', why: unmapped.find(({ entitlement }) => isThis(entitlement))?.why ?? 'noPrincipal' }
}
