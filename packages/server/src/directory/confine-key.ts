/**
 * A key never lets anyone do more, or longer, than whoever makes it could at that moment; and whoever may hold it besides
 * its owner is written down with it, however many keys lie between.
 */
import type { Permission } from '@headgate/core/api'

export interface KeyMaker {
  readonly id: number
  readonly openedBy?: number
  readonly permissions: ReadonlySet<Permission>
  readonly keyIsNarrowed: boolean
  readonly keyExpiresAt?: number
}

/** What a key of one's own is confined to, when nothing narrower is asked for; null: whatever its owner may. */
export function confinedTo({ keyIsNarrowed, permissions }: KeyMaker): Permission[] | null {
  return keyIsNarrowed ? [...permissions].sort() : null
}

/** Who besides the owner may hold what the caller makes. */
export function openerOf({ id, openedBy }: Pick<KeyMaker, 'id' | 'openedBy'>, owner: number): number | null {
  return openedBy ?? (id === owner ? null : id)
}

/** The earlier one; nothing asked for: as late as may be. */
export function endOfKey<Asked extends Date | null>(asked: Asked, { keyExpiresAt }: KeyMaker): Asked | Date {
  if (keyExpiresAt === undefined || (asked !== null && asked.getTime() <= keyExpiresAt)) return asked
  return new Date(keyExpiresAt)
}
