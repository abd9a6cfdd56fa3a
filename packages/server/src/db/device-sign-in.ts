/** Terminals that wait for somebody to approve them. What is expired is not there, whether it is forgotten yet or not. */
import type { Permission } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Tx } from './act.ts'
import type { Database } from './schema.ts'

export interface NewDeviceSignIn {
  /** Of what the terminal polls with. */
  readonly hash: Buffer
  readonly userCode: string
  readonly device: string
  readonly ip: string
  readonly minutes: number
}

export interface Approval {
  readonly permissions: readonly Permission[] | null
  readonly keyExpiresAt: Date
  readonly openedBy: number | null
}

/** @param most that may wait at once. @returns when it ends; undefined when so many wait, or the code is in use */
export async function insertDeviceSignIn(db: Kysely<Database>, asked: NewDeviceSignIn, most: number) {
  const { hash, userCode, device, ip, minutes } = asked
  await sql`
    delete from device_sign_in where hash in (
      select hash from device_sign_in where expires_at < now() limit 1000 for update skip locked
    )
  `.execute(db)
  const { rows } = await sql<{ expiresAt: number }>`
    insert into device_sign_in (hash, user_code, device, ip, expires_at)
    select ${hash}, ${userCode}, ${device}, ${ip}, now() + make_interval(mins => ${minutes})
    where (select count(*) from device_sign_in) < ${most}
    on conflict do nothing
    returning expires_at as "expiresAt"
  `.execute(db)
  return rows[0]?.expiresAt
}

/** By what the terminal polls with. */
export async function findByDevice(db: Kysely<Database>, hash: Buffer) {
  return db
    .selectFrom('device_sign_in')
    .leftJoin('person', 'person.id', 'device_sign_in.person_id')
    .where('hash', '=', hash)
    .where('expires_at', '>', sql<number>`now()`)
    .select(['verdict', 'person_id as personId', 'person.userid', 'person.name'])
    .executeTakeFirst()
}

/** One that waits, by what its person types. */
export async function findByUserCode(db: Kysely<Database>, userCode: string) {
  return db
    .selectFrom('device_sign_in')
    .where('user_code', '=', userCode)
    .where('verdict', 'is', null)
    .where('expires_at', '>', sql<number>`now()`)
    .select(['device', 'ip', 'created_at as createdAt', 'expires_at as expiresAt'])
    .executeTakeFirst()
}

/** Of two decisions at the same moment one is taken. @param approval null: denied */
export async function decideDeviceSignIn(tx: Tx, userCode: string, person: number, approval: Approval | null) {
  return tx
    .updateTable('device_sign_in')
    .set({
      verdict: approval === null ? 'deny' : 'approve',
      person_id: person,
      permissions: approval?.permissions ? [...approval.permissions] : null,
      key_expires_at: approval?.keyExpiresAt ?? null,
      opened_by: approval?.openedBy ?? null,
    })
    .where('user_code', '=', userCode)
    .where('verdict', 'is', null)
    .where('expires_at', '>', sql<number>`now()`)
    .returning(['device', 'ip'])
    .executeTakeFirst()
}

/** Uses an approved one up: of two that come for the key at the same moment, one gets it. */
export async function takeApproved(tx: Tx, hash: Buffer) {
  return tx
    .deleteFrom('device_sign_in')
    .where('hash', '=', hash)
    .where('verdict', '=', 'approve')
    .where('expires_at', '>', sql<number>`now()`)
    .returning([
      'device',
      'person_id as personId',
      'permissions',
      'key_expires_at as keyExpiresAt',
      'opened_by as openedBy',
    ])
    .executeTakeFirst()
}
