/** People: who they are, what they may do in Headgate, what is known of them, and who they are in AWS. */
import { permissions as allPermissions, type Permission, Problem } from '@headgate/core/api'
import { hashKey } from '../directory/new-key.ts'
import { type Act, act, system, type Tx } from './act.ts'
import { insertKey } from './api-key.ts'
import type { Db } from './open.ts'

export interface NewPerson {
  readonly userid: string
  readonly name: string
  readonly email?: string | undefined
  readonly kind: 'person' | 'role-user' | 'service'
  readonly permissions: readonly Permission[]
}

/**
 * The person who may do everything, with a key to begin with.
 * @param key as made by `newKey`
 * @throws Problem `user-exists`
 */
export async function createFirstAdmin(db: Db, person: { userid: string; name: string }, key: string): Promise<number> {
  const { result } = await act(db, system, async done => {
    const id = await insertPerson(done, { ...person, kind: 'person', permissions: allPermissions })
    const made = { person: id, name: 'first key', hash: hashKey(key), permissions: null, expiresAt: null }
    await insertKey(done.tx, made)
    return id
  })
  return result
}

/** @throws Problem `user-exists` */
export async function insertPerson({ tx, changed, audit }: Act, person: NewPerson): Promise<number> {
  const { userid, name, email, kind, permissions } = person
  const row = await tx
    .insertInto('person')
    .values({ userid, name, email: email ?? null, kind })
    .onConflict(conflict => conflict.column('userid').where('deleted_at', 'is', null).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!row) {
    const other = await findByUserid(tx, userid)
    throw new Problem('user-exists', { userid, id: other?.id ?? 0 })
  }
  await insertPermissions(tx, row.id, permissions)
  changed('user', row.id, { id: row.id, userid, disabled: false }, 'user-created')
  audit({
    action: 'CREATE',
    targetType: 'USER',
    targets: [{ type: 'USER', id: String(row.id), name: userid }],
    payload: { type: 'UserCreated', after: { userid, name, email, kind, permissions } },
  })
  return row.id
}

async function insertPermissions(tx: Tx, person: number, permissions: readonly Permission[]): Promise<void> {
  if (permissions.length === 0) return
  const rows = [...new Set(permissions)].map(permission => ({ person_id: person, permission }))
  await tx.insertInto('person_permission').values(rows).execute()
}

async function findByUserid(tx: Tx, userid: string) {
  return tx
    .selectFrom('person')
    .where('userid', '=', userid)
    .where('deleted_at', 'is', null)
    .select('id')
    .executeTakeFirst()
}
