/**
 * Who owns data sources: people and groups. Owners manage a data source; owning it opens no data, so it is no fact.
 *
 * Whether somebody is an owner is asked in `data-source.ts`.
 */
import { allUsers } from '@headgate/core'
import { type DataSource, Problem } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Act, AuditTarget } from './act.ts'
import { type DataSourceRow, dataSourceTarget } from './data-source.ts'
import { type Subject, subjectTarget } from './member.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type Owners = Pick<DataSource, 'owners' | 'ownerGroups'>

/** People by user name, groups by name; nobody who was deleted. */
export async function findOwners(db: Reader, dataSources: readonly number[]): Promise<(id: number) => Owners> {
  const people = await db
    .selectFrom('data_source_owner')
    .innerJoin('person', 'person.id', 'person_id')
    .where('data_source_id', '=', sql<number>`any(${dataSources})`)
    .where('deleted_at', 'is', null)
    .select(['data_source_id', 'person.id', 'person.userid'])
    .orderBy('person.userid')
    .execute()
  const groups = await db
    .selectFrom('data_source_owner')
    .innerJoin('people_group', 'people_group.id', 'group_id')
    .where('data_source_id', '=', sql<number>`any(${dataSources})`)
    .select(['data_source_id', 'people_group.id', 'people_group.name'])
    .orderBy('people_group.name')
    .execute()
  const peopleOf = Map.groupBy(people, row => row.data_source_id)
  const groupsOf = Map.groupBy(groups, row => row.data_source_id)
  return id => ({
    owners: (peopleOf.get(id) ?? []).map(({ id: owner, userid }) => ({ id: owner, userid })),
    ownerGroups: (groupsOf.get(id) ?? []).map(({ id: owner, name }) => ({ id: owner, name })),
  })
}

/**
 * Nothing happens where they own it already. The data source must be locked.
 * @throws Problem `user-not-found`, `group-not-found`, `group-built-in`
 */
export async function addOwner(act: Act, on: DataSourceRow, subject: Subject): Promise<Owners> {
  const target = await targetOf(act, subject)
  const added = await act.tx
    .insertInto('data_source_owner')
    .values({
      data_source_id: on.id,
      person_id: 'user' in subject ? subject.user : null,
      group_id: 'group' in subject ? subject.group : null,
    })
    .onConflict(conflict => conflict.doNothing())
    .returning('data_source_id')
    .execute()
  return tell(act, on, 'DataSourceOwnerAdded', added.length > 0 ? target : undefined)
}

/**
 * The data source must be locked.
 * @param mayOrphan whether the last owner may go
 * @throws Problem `owner-not-found`, `last-owner`
 */
export async function removeOwner(
  act: Act,
  on: DataSourceRow,
  subject: Subject,
  { mayOrphan }: { readonly mayOrphan: boolean },
): Promise<Owners> {
  const before = (await findOwners(act.tx, [on.id]))(on.id)
  const target = ownerAmong(before, subject)
  if (!target) {
    const who = 'user' in subject ? `user ${subject.user}` : `group ${subject.group}`
    throw new Problem('owner-not-found', { who, dataSource: on.id })
  }
  if (!mayOrphan && before.owners.length + before.ownerGroups.length === 1) {
    throw new Problem('last-owner', { name: on.name })
  }
  const all = act.tx.deleteFrom('data_source_owner').where('data_source_id', '=', on.id)
  await ('user' in subject
    ? all.where('person_id', '=', subject.user)
    : all.where('group_id', '=', subject.group)
  ).execute()
  return tell(act, on, 'DataSourceOwnerRemoved', target)
}

async function tell(act: Act, on: DataSourceRow, type: string, moved: AuditTarget | undefined): Promise<Owners> {
  const after = (await findOwners(act.tx, [on.id]))(on.id)
  if (moved) {
    act.audit({
      action: 'UPDATE',
      targetType: 'DATASOURCE',
      targets: [dataSourceTarget(on)],
      relatedResources: [moved],
      payload: { type, after },
    })
  }
  return after
}

function ownerAmong({ owners, ownerGroups }: Owners, subject: Subject): AuditTarget | undefined {
  if ('user' in subject) {
    const owner = owners.find(({ id }) => id === subject.user)
    return owner && { type: 'USER', id: String(owner.id), name: owner.userid }
  }
  const group = ownerGroups.find(({ id }) => id === subject.group)
  return group && { type: 'GROUP', id: String(group.id), name: group.name }
}

/** Everybody an owner would mean nobody, and the built-in group's people are not written down. */
async function targetOf({ tx }: Act, subject: Subject): Promise<AuditTarget> {
  const target = await subjectTarget(tx, subject)
  if (target.type === 'GROUP' && target.name === allUsers) throw new Problem('group-built-in', { name: allUsers })
  return target
}
