/**
 * Changing the settings of the deployment. What would contradict the state of things is refused: keeping duties apart
 * that somebody holds together, and switching passwords off by whoever has shown no other way in.
 */
import { Problem, type Settings } from '@headgate/core/api'
import { type Actor, act } from '../db/act.ts'
import { holdersOfBothDuties } from '../db/duties.ts'
import type { Db } from '../db/open.ts'
import { replaceSettings } from '../db/settings.ts'
import { endSessions } from '../db/sign-in-session.ts'
import { local } from './sign-in.ts'

/** @throws Problem `version-stale`, `local-accounts-needed`, `duties-held-together` */
export async function changeSettings(
  db: Db,
  caller: Actor & { readonly session?: { readonly via: string } },
  version: number,
  settings: Settings,
): Promise<void> {
  await act(db, caller, async doing => {
    // Locks the settings: whoever gives permissions waits, or has given them already.
    const before = await replaceSettings(doing, version, settings)
    if (before.localAccounts && !settings.localAccounts) {
      if (caller.session?.via === local) throw new Problem('local-accounts-needed')
      await endSessions(doing.tx, { via: local })
    }
    if (settings.separationOfDuties && !before.separationOfDuties) {
      const { count, some } = await holdersOfBothDuties(doing.tx)
      if (count > 0) {
        const names = some.map(({ userid }) => `\`${userid}\``).join(', ') + (count > some.length ? ', …' : '')
        throw new Problem('duties-held-together', { count, names, users: some })
      }
    }
  })
}
