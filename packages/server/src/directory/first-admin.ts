/** The person who may do everything, made at set-up: without one, nobody could make the others. */
import { Problem } from '@headgate/core/api'
import { act, system } from '../db/act.ts'
import { insertKey, sayKeyMade } from '../db/api-key.ts'
import { firstPeople } from '../db/first-person.ts'
import { hasLocalAccounts } from '../db/local-account.ts'
import type { Db } from '../db/open.ts'
import { createFirstAdmin, findPersonId, personTarget } from '../db/person.ts'
import { readSettings } from '../db/settings.ts'
import { newKey } from './new-key.ts'
import { linkForFirstAdmin, type MadeLink } from './set-up.ts'

const userid = 'admin'

/**
 * The link by which the first admin gives themselves user name, name and password; each call replaces the one before.
 * Undefined once it was used, or when Headgate is in use without passwords. To be shown to whoever holds the machine.
 */
export async function firstSetUpLink(db: Db): Promise<MadeLink | undefined> {
  const [only, another] = await firstPeople(db.kysely, 2)
  const isByProgram = only === undefined || (another === undefined && only.userid === userid)
  if (!isByProgram || (await hasLocalAccounts(db.kysely))) return undefined
  const { localAccounts } = await readSettings(db.kysely)
  return localAccounts ? linkForFirstAdmin(db, only?.id ?? null) : undefined
}

/** A new key of the first admin, who is made unless there. To be called by whoever holds the machine, never by a route. */
export async function firstAdminKey(db: Db): Promise<string> {
  const { key, hash } = newKey()
  try {
    await createFirstAdmin(db, { userid, name: 'Admin' }, key)
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'user-exists')) throw error
    await act(db, system, async doing => {
      const person = await findPersonId(doing.tx, userid)
      if (person === undefined) throw error
      const made = await insertKey(doing.tx, {
        person,
        name: 'set-up',
        hash,
        permissions: null,
        expiresAt: null,
        openedBy: null,
      })
      sayKeyMade(doing, personTarget({ id: person, userid }), made)
    })
  }
  return key
}
