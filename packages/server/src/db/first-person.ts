/** Who was here first: made by a program at set-up, until somebody says who they are. */
import { type Kysely, sql } from 'kysely'
import type { Act } from './act.ts'
import { lockPerson, nameTaken, personTarget } from './person.ts'
import type { Database } from './schema.ts'

/** The first people ever made here, deleted ones included. */
export async function firstPeople(db: Kysely<Database>, most: number): Promise<{ id: number; userid: string }[]> {
  return db.selectFrom('person').select(['id', 'userid']).orderBy('id').limit(most).execute()
}

/** @throws Problem `user-exists` */
export async function renamePerson(
  { tx, changed, audit }: Act,
  id: number,
  names: { readonly userid: string; readonly name: string },
): Promise<void> {
  const before = await lockPerson(tx, id)
  const { userid, name } = names
  const other = await tx
    .selectFrom('person')
    .where(sql`look_alike(userid)`, '=', sql`look_alike(${userid})`)
    .where('deleted_at', 'is', null)
    .where('id', '<>', id)
    .select('id')
    .executeTakeFirst()
  if (other) throw await nameTaken(tx, userid)
  await tx.updateTable('person').set({ userid, name }).where('id', '=', id).execute()
  changed('user', id, { id, userid, disabled: before.disabled }, 'user-renamed')
  audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget({ id, userid })],
    payload: { type: 'UserUpdated', before: { userid: before.userid, name: before.name }, after: { userid, name } },
  })
}
