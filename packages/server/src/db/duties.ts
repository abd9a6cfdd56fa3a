/** The two duties that a deployment may keep apart: who administers people, and who says what people reach. */
import { type Permission, Problem } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import { dutiesAreApart } from './settings.ts'

const apart: readonly Permission[] = ['GOVERNANCE', 'USER_ADMIN']

/** @throws Problem `duties-separated` */
export async function keepDutiesApart(tx: Tx, userid: string, wanted: readonly Permission[]): Promise<void> {
  if (!apart.every(permission => wanted.includes(permission))) return
  if (await dutiesAreApart(tx)) throw new Problem('duties-separated', { userid })
}

/** How many hold both, disabled people included, since they may be enabled again; and the first hundred. */
export async function holdersOfBothDuties(
  tx: Tx,
): Promise<{ readonly count: number; readonly some: readonly { readonly id: number; readonly userid: string }[] }> {
  const rows = await tx
    .selectFrom('person')
    .innerJoin('person_permission', 'person_permission.person_id', 'person.id')
    .where('person.deleted_at', 'is', null)
    .where('person_permission.permission', 'in', apart)
    .groupBy(['person.id', 'person.userid'])
    .having(sql<boolean>`count(*) = ${apart.length}`)
    .orderBy('person.userid')
    .limit(100)
    .select(['person.id', 'person.userid', sql<number>`count(*) over ()`.as('count')])
    .execute()
  return { count: rows[0]?.count ?? 0, some: rows.map(({ id, userid }) => ({ id, userid })) }
}
