/** Who may do what in a domain: rights given to people and to groups. Not facts: they give no access to data. */
import { allUsers } from '@headgate/core'
import type { DomainDetail, DomainRight } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Act, AuditTarget, Tx } from './act.ts'
import type { Subject } from './member.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type RightsByDomain = ReadonlyMap<string, ReadonlySet<DomainRight>>

/** Theirs and those of their groups. */
export async function rightsOf(db: Reader, person: number): Promise<RightsByDomain> {
  const rows = await db
    .selectFrom('domain_right')
    .where(
      sql<boolean>`(person_id = ${person} or group_id in (
        select group_id from group_member where group_member.person_id = ${person}
        union select id from people_group where name = ${allUsers}))`,
    )
    .select(['domain', 'right'])
    .distinct()
    .orderBy('domain')
    .orderBy('right')
    .execute()
  const found = Map.groupBy(rows, ({ domain }) => domain)
  return new Map(Array.from(found, ([domain, ofIt]) => [domain, new Set(ofIt.map(row => row.right))]))
}

/** Any right in any domain, by themselves or by a group that not everybody is in. */
export async function holdsDomainRight(db: Reader, person: number): Promise<boolean> {
  const { rows } = await sql`
    select from domain_right where person_id = ${person}
      or group_id in (select group_id from group_member where person_id = ${person}) limit 1`.execute(db)
  return rows.length > 0
}

/** People first, by user name; then groups, by name. */
export async function listRights(db: Reader, domain: string): Promise<DomainDetail['rights']> {
  const rows = await db
    .selectFrom('domain_right')
    .leftJoin('person', 'person.id', 'person_id')
    .leftJoin('people_group', 'people_group.id', 'group_id')
    .where('domain', '=', domain)
    .select(['person_id', 'userid', 'group_id', 'people_group.name as group', 'right'])
    .orderBy('userid', order => order.asc().nullsLast())
    .orderBy('people_group.name')
    .orderBy('right')
    .execute()
  const bySubject = Map.groupBy(rows, ({ person_id, group_id }) => `${person_id}/${group_id}`)
  return Array.from(bySubject.values(), ofOne => {
    const [{ person_id, userid, group_id, group }] = ofOne as [(typeof rows)[number]]
    const rights = ofOne.map(row => row.right)
    return person_id === null
      ? { subject: { group: { id: group_id as number, name: group ?? '' } }, rights }
      : { subject: { user: { id: person_id, userid: userid ?? '' } }, rights }
  })
}

/** None: takes them all. Nothing where it is so already. Domain and subject must be locked. */
export async function replaceRights(
  { tx, audit }: Act,
  { domain, subject, target }: { readonly domain: string; readonly subject: Subject; readonly target: AuditTarget },
  wanted: readonly DomainRight[],
): Promise<void> {
  const before = await removeRights(tx, domain, subject)
  const after = [...new Set(wanted)].sort()
  const who = 'user' in subject ? { person_id: subject.user } : { group_id: subject.group }
  if (after.length > 0) {
    await tx
      .insertInto('domain_right')
      .values(after.map(right => ({ domain, person_id: null, group_id: null, ...who, right })))
      .execute()
  }
  if (before.join() === after.join()) return
  audit({
    action: 'UPDATE',
    targetType: 'DOMAIN',
    targets: [{ type: 'DOMAIN', id: domain, name: domain }],
    relatedResources: [target],
    payload: { type: 'DomainRightsChanged', before: { rights: before }, after: { rights: after } },
  })
}

async function removeRights(tx: Tx, domain: string, subject: Subject): Promise<DomainRight[]> {
  const of = tx.deleteFrom('domain_right').where('domain', '=', domain)
  const one = 'user' in subject ? of.where('person_id', '=', subject.user) : of.where('group_id', '=', subject.group)
  const rows = await one.returning('right').execute()
  return rows.map(row => row.right).sort()
}
