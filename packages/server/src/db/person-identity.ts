/** What people are known as at identity providers. A deleted person is known nowhere. */
import { Problem } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import { type PersonRow, personTarget } from './person.ts'
import type { Database } from './schema.ts'

export type PersonIdentity = Selectable<Database['person_identity']>

export async function findIdentity(
  db: Kysely<Database>,
  provider: string,
  person: number,
): Promise<PersonIdentity | undefined> {
  return db
    .selectFrom('person_identity')
    .selectAll()
    .where('provider', '=', provider)
    .where('person_id', '=', person)
    .executeTakeFirst()
}

export interface KnownPerson {
  readonly id: number
  readonly userid: string
  readonly name: string
  readonly subject?: string
  readonly isManaged: boolean
}

/** Whom the provider knows, by user name; the search looks at user name and name. */
export async function listKnown(
  db: Kysely<Database>,
  provider: string,
  { search = '', cursor, limit }: PageQuery,
): Promise<Page<KnownPerson>> {
  const pattern = containing(search)
  const matching = db
    .selectFrom('person_identity')
    .innerJoin('person', 'person.id', 'person_identity.person_id')
    .where('person_identity.provider', '=', provider)
    .where('person.deleted_at', 'is', null)
    .where(({ or, eb }) => or([eb('userid', 'ilike', pattern), eb('name', 'ilike', pattern)]))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(cursor)
  const rows = await matching
    .$if(after !== undefined, chosen => chosen.where('userid', '>', after as string))
    .select(['person.id', 'userid', 'name', 'subject', sql<boolean>`person.provider = ${provider}`.as('isManaged')])
    .orderBy('userid')
    .limit(limit + 1)
    .execute()
  const page = toPage(rows, limit, total, row => row.userid)
  return {
    ...page,
    items: page.items.map(({ subject, isManaged, ...person }) => ({
      ...person,
      ...(subject === null ? {} : { subject }),
      isManaged: isManaged ?? false,
    })),
  }
}

/** Whose subject it is. */
export async function personOfSubject(tx: Tx, provider: string, subject: string): Promise<number | undefined> {
  const row = await tx
    .selectFrom('person_identity')
    .innerJoin('person', 'person.id', 'person_identity.person_id')
    .where('person_identity.provider', '=', provider)
    .where('subject', '=', subject)
    .where('person.deleted_at', 'is', null)
    .select('person_id')
    .executeTakeFirst()
  return row?.person_id
}

/** Who is known to the provider by this user name and has not signed in through it yet. */
export async function personAwaited(tx: Tx, provider: string, userid: string): Promise<number | undefined> {
  const row = await tx
    .selectFrom('person_identity')
    .innerJoin('person', 'person.id', 'person_identity.person_id')
    .where('person_identity.provider', '=', provider)
    .where('subject', 'is', null)
    .where('person.deleted_at', 'is', null)
    .where('person.userid_key', '=', sql<string>`name_key(${userid})`)
    .select('person_id')
    .orderBy('person.twin')
    .limit(1)
    .executeTakeFirst()
  return row?.person_id
}

/**
 * From now on the person is known to the provider, by its subject where that is given.
 * @param openedBy who opens the account so, which others use already; null: nobody; absent: as it was before
 * @throws Problem `identity-taken` when the subject is somebody else
 */
export async function linkPerson(
  act: Act,
  provider: string,
  person: PersonRow,
  subject: string | null,
  openedBy?: number | null,
): Promise<void> {
  const other = subject === null ? undefined : await holderOf(act.tx, provider, subject)
  if (other && other.id !== person.id) {
    throw new Problem('identity-taken', { subject: subject ?? '', provider, userid: other.userid, id: other.id })
  }
  const before = await findIdentity(act.tx, provider, person.id)
  if (before && before.subject === subject) return
  const opened = openedBy === undefined ? {} : { opened_by: openedBy }
  await act.tx
    .insertInto('person_identity')
    .values({ provider, person_id: person.id, subject, opened_by: openedBy ?? null })
    .onConflict(conflict => conflict.columns(['provider', 'person_id']).doUpdateSet({ subject, ...opened }))
    .execute()
  act.audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(person)],
    payload: { type: 'IdentityLinked', provider, subject, before: before?.subject ?? null },
  })
}

async function holderOf(tx: Tx, provider: string, subject: string) {
  return tx
    .selectFrom('person_identity')
    .innerJoin('person', 'person.id', 'person_identity.person_id')
    .where('person_identity.provider', '=', provider)
    .where('subject', '=', subject)
    .select(['person.id', 'person.userid'])
    .executeTakeFirst()
}

/** Whether there was anything to unlink. */
export async function unlinkPerson(act: Act, provider: string, person: PersonRow): Promise<boolean> {
  const gone = await act.tx
    .deleteFrom('person_identity')
    .where('provider', '=', provider)
    .where('person_id', '=', person.id)
    .returning('subject')
    .execute()
  if (gone.length === 0) return false
  act.audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(person)],
    payload: { type: 'IdentityUnlinked', provider, before: gone[0]?.subject ?? null },
  })
  return true
}

/** Whether the provider knows anybody. @param bySubject who has signed in through it alone */
export async function hasIdentities(tx: Tx, provider: string, bySubject: boolean): Promise<boolean> {
  const row = await tx
    .selectFrom('person_identity')
    .where('provider', '=', provider)
    .$if(bySubject, some => some.where('subject', 'is not', null))
    .select('person_id')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
