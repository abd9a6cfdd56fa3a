/**
 * The brake: how many revocations an integration may see within an hour before the rest wait for a person (05).
 *
 * One table says which causes it counts. Whoever names no cause, or one that is not in the table, is counted: what
 * nobody can explain is what the brake is for. Pure; what was counted is remembered by the ledger.
 */

/** `exempt`: somebody meant just this, or it was agreed from the start; never held, never counted. */
export const causes = {
  unknown: 'counted',
  // Whatever an identity provider says of people, groups and attributes, disabling included.
  'identity-provider': 'counted',
  'attribute-added': 'counted',
  'attribute-removed': 'counted',
  // Of a file that a person took in.
  import: 'counted',
  'group-created': 'counted',
  'group-deleted': 'counted',
  'group-member-added': 'counted',
  'group-member-removed': 'counted',
  'policy-activated': 'counted',
  'policy-archived': 'counted',
  'policy-deleted': 'counted',
  'policy-edited': 'counted',
  'policy-restored': 'counted',
  'policy-staged': 'counted',
  'policy-selected': 'counted',
  'policy-deselected': 'counted',
  'domain-created': 'counted',
  'domain-deleted': 'counted',
  'domain-tags-changed': 'counted',
  'domain-joined': 'counted',
  'domain-left': 'counted',
  subscribed: 'counted',
  'principal-added': 'counted',
  'principal-removed': 'counted',
  'principal-another': 'counted',
  'principal-confirmed': 'counted',
  'vending-changed': 'counted',
  'tag-added': 'counted',
  'tag-removed': 'counted',
  'member-added': 'exempt',
  'member-changed': 'exempt',
  'member-removed': 'exempt',
  'member-expired': 'exempt',
  'membership-added': 'exempt',
  'membership-revoked': 'exempt',
  'membership-expired': 'exempt',
  // Confirmed through a preview, as these are meant to be, they are exempt by that.
  'product-published': 'counted',
  'product-changed': 'counted',
  'product-unpublished': 'counted',
  'product-retired': 'counted',
  'product-deleted': 'exempt',
  unsubscribed: 'exempt',
  'user-disabled': 'exempt',
  'user-deleted': 'exempt',
  'data-source-disabled': 'exempt',
  'data-source-deleted': 'exempt',
  'integration-deleting': 'exempt',
  'integration-deleted': 'exempt',
} as const satisfies Readonly<Record<string, 'counted' | 'exempt'>>

/** @param isPreviewed somebody saw what the change would do, and confirmed it */
export function isCounted(cause: string, isPreviewed = false): boolean {
  const known: Readonly<Record<string, 'counted' | 'exempt'>> = causes
  return !isPreviewed && (Object.hasOwn(known, cause) ? known[cause] : 'counted') === 'counted'
}

/** What an integration's admins may set. */
export interface BrakeSetting {
  /** So many are let through whatever their share; 50 by default. */
  readonly revocations: number
  /** And so many percent of the grants in AWS, whatever their number; 20 by default. */
  readonly percent: number
}

export const brakeWindowMs = 3_600_000

/** How many counted revocations may still be begun: those that do not take the hour beyond both bounds. */
export function brakeRoom(
  { revocations, percent }: BrakeSetting,
  hour: {
    /** Counted revocations begun within the last hour. */
    readonly counted: number
    /** Grants in AWS now, and those counted ones that are not there any more. */
    readonly grants: number
  },
): number {
  const bound = Math.max(revocations, Math.floor((hour.grants * percent) / 100))
  return Math.max(0, bound - hour.counted)
}
