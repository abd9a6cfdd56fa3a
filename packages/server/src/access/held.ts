/**
 * What stays in AWS though nobody wants it: held grants count as access wherever access is listed, for that is what
 * AWS gives.
 */
import { type DataSourceId, type EntitlementIndex, printScope } from '@headgate/core'
import type { AccessRow } from '@headgate/core/api'
import { type HeldGrant, whyHeld } from '../db/grant-list.ts'

/** A data source as it is shown; undefined: it is gone. */
export function shownSource({ bindings }: EntitlementIndex, id: DataSourceId): AccessRow['dataSource'] | undefined {
  const source = bindings.sources.get(id)?.row
  return source && { id, name: source.name, scope: printScope(source.scope) }
}

/** A person and a data source between which there is nothing but a held grant. */
export function heldAccess(
  held: readonly HeldGrant[],
  user: AccessRow['user'],
  dataSource: AccessRow['dataSource'] | undefined,
): AccessRow | undefined {
  const [first] = held
  if (!first || !dataSource) return undefined
  return {
    user,
    dataSource,
    level: held.some(({ permission }) => permission === 'READWRITE') ? 'WRITE' : 'READ',
    because: [],
    selfGiven: false,
    provisioning: { status: 'held', message: `no longer entitled; ${whyHeld(first)}` },
  }
}
