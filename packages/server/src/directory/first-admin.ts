/** The person who may do everything, made at set-up: without one, nobody could make the others. */
import { Problem } from '@headgate/core/api'
import { act, system } from '../db/act.ts'
import { insertKey, sayKeyMade } from '../db/api-key.ts'
import type { Db } from '../db/open.ts'
import { createFirstAdmin, findPersonId, hasPeople, personTarget } from '../db/person.ts'
import { newKey } from './new-key.ts'

const userid = 'admin'

/** Whether nobody has ever been made here. */
export async function isNewDeployment(db: Db): Promise<boolean> {
  return !(await hasPeople(db.kysely))
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
      const made = await insertKey(doing.tx, { person, name: 'set-up', hash, permissions: null, expiresAt: null })
      sayKeyMade(doing, personTarget({ id: person, userid }), made)
    })
  }
  return key
}
