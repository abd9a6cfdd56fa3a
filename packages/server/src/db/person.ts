/**
 * People: made, changed, disabled, deleted. What is known of them besides stands in `user-view.ts`.
 *
 * A deleted person's row stays for the history, without anything that could still let them in; the user name is free.
 */
import { normalName, normalText } from '@headgate/core'
import { permissions as allPermissions, type Permission, Problem } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import { hashKey } from '../directory/new-key.ts'
import { type Act, type AuditTarget, act, system, type Tx } from './act.ts'
import { insertKey, sayKeyMade } from './api-key.ts'
import { keepDutiesApart } from './duties.ts'
import { endMemberships } from './membership.ts'
import type { Db } from './open.ts'
import type { Database } from './schema.ts'
import { outdateSetUpLinks } from './set-up-link.ts'
import { attributeFactId } from './sourced-rows.ts'
import { removeAllSubscriptions } from './subscription.ts'

export type PersonRow = Selectable<Database['person']>
export type NamedPerson = Pick<PersonRow, 'id' | 'userid'>

export interface NewPerson {
  readonly userid: string
  readonly name: string
  readonly email?: string | undefined
  readonly kind: 'person' | 'role-user' | 'service'
  readonly permissions: readonly Permission[]
  /** Who brings them and says whether they are active; absent: made here. */
  readonly provider?: string
}

/**
 * The person who may do everything, with a key to begin with.
 * @param key as made by `newKey`
 * @throws Problem `user-exists`
 */
export async function createFirstAdmin(db: Db, person: { userid: string; name: string }, key: string): Promise<number> {
  const { result } = await act(db, system, async doing => {
    const id = await insertPerson(doing, { ...person, kind: 'person', permissions: allPermissions })
    const first = {
      person: id,
      name: 'first key',
      hash: hashKey(key),
      permissions: null,
      expiresAt: null,
      openedBy: null,
    }
    sayKeyMade(doing, personTarget({ id, userid: person.userid }), await insertKey(doing.tx, first))
    return id
  })
  return result
}

/** @throws Problem `name-invalid`, `user-exists`, `duties-separated` */
export async function insertPerson({ tx, changed, audit }: Act, person: NewPerson): Promise<number> {
  const { name, email, kind, provider } = person
  const userid = normalName(person.userid)
  const row = await tx
    .insertInto('person')
    .values({ userid, name, email: email ?? null, kind, provider: provider ?? null })
    .onConflict(conflict => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!row) throw await nameTaken(tx, userid)
  await keepDutiesApart(tx, userid, person.permissions)
  const permissions = await insertPermissions(tx, row.id, person.permissions)
  changed('user', row.id, factOf(row), provider === undefined ? 'user-created' : 'identity-provider')
  audit({
    action: 'CREATE',
    targetType: 'USER',
    targets: [personTarget(row)],
    payload: { type: 'UserCreated', after: { userid, name, email, kind, provider, permissions } },
  })
  return row.id
}

/**
 * The person, whom nobody else changes until the transaction ends.
 * @throws Problem `user-not-found`, for deleted people too
 */
export async function lockPerson(tx: Tx, id: number): Promise<PersonRow> {
  const row = await tx
    .selectFrom('person')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new Problem('user-not-found', { id })
  return row
}

export interface PersonChange {
  readonly name?: string | undefined
  /** null: has none. */
  readonly email?: string | null | undefined
  /** What an admin says; who is disabled so stays it, whatever their identity provider says. */
  readonly disabled?: boolean | undefined
  /** What their identity provider says. */
  readonly activeAtProvider?: boolean | undefined
}

/** @throws Problem `user-not-found`, `last-admin` */
export async function updatePerson({ tx, changed, audit }: Act, id: number, change: PersonChange): Promise<void> {
  if (change.disabled === true || change.activeAtProvider === false) await keepAnAdmin(tx, id)
  const before = await lockPerson(tx, id)
  const wanted = {
    name: change.name ?? before.name,
    email: change.email === undefined ? before.email : change.email,
    disabled_locally: change.disabled ?? before.disabled_locally,
    active_at_provider: change.activeAtProvider ?? before.active_at_provider,
  }
  const isSame = (Object.keys(wanted) as (keyof typeof wanted)[]).every(column => wanted[column] === before[column])
  if (isSame) return
  const after = await tx.updateTable('person').set(wanted).where('id', '=', id).returningAll().executeTakeFirstOrThrow()
  if (after.disabled !== before.disabled) changed('user', id, factOf(after), causeOf(before, after))
  audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(before)],
    payload: { type: 'UserUpdated', before: describe(before), after: describe(after) },
  })
}

function causeOf(before: PersonRow, after: PersonRow): string {
  if (after.disabled_locally === before.disabled_locally) return 'identity-provider'
  return after.disabled ? 'user-disabled' : 'user-enabled'
}

/**
 * @param dataSourceScopes where the permission to register holds, as `printScope` writes them; absent: everywhere
 * @throws Problem `user-not-found`, `last-admin`, `duties-separated`
 */
export async function replacePermissions(
  { tx, audit }: Act,
  id: number,
  wanted: readonly Permission[],
  dataSourceScopes?: readonly string[],
): Promise<void> {
  if (!wanted.includes(adminPermission)) await keepAnAdmin(tx, id)
  const person = await lockPerson(tx, id)
  await keepDutiesApart(tx, person.userid, wanted)
  const removed = await tx
    .deleteFrom('person_permission')
    .where('person_id', '=', id)
    .returning(['permission', 'scopes'])
    .execute()
  const before = removed.map(({ permission, scopes }) => permissionText(permission, scopes)).sort()
  const scopes = dataSourceScopes ? [...new Set(dataSourceScopes)].sort() : null
  const given = await insertPermissions(tx, id, wanted, scopes)
  const after = given.map(permission => permissionText(permission, permission === confinable ? scopes : null))
  if (before.join() === after.join()) return
  const holdsMore = given.some(permission => !removed.some(one => one.permission === permission))
  if (holdsMore) await outdateSetUpLinks(tx, id)
  audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(person)],
    payload: { type: 'PermissionsChanged', before, after },
  })
}

/**
 * Name and e-mail of whom a provider made are the provider's, which says them again at the next sign-in or sync.
 * Reads without a lock: whoever changes somebody locks the admins before the person.
 * @throws Problem `user-managed`
 */
export async function refuseManagedPerson(tx: Tx, id: number, { name, email }: PersonChange): Promise<void> {
  const person = await tx.selectFrom('person').selectAll().where('id', '=', id).executeTakeFirst()
  if (!person || person.provider === null) return
  const isOther = (name !== undefined && name !== person.name) || (email !== undefined && email !== person.email)
  if (isOther) throw new Problem('user-managed', { userid: person.userid, provider: person.provider })
}

/** @throws Problem `user-not-found`, `last-admin` */
export async function removePerson(act: Act, id: number, cause = 'user-deleted'): Promise<void> {
  const { tx, changed, audit } = act
  await keepAnAdmin(tx, id)
  const person = await lockPerson(tx, id)
  const mine = ['person_id', '=', id] as const
  const principals = await tx
    .deleteFrom('principal')
    .where(...mine)
    .returning(['id', 'kind', 'identifier', 'integration_id as integrationId'])
    .execute()
  for (const { id: gone } of principals) changed('principal', gone, null, cause)
  await tx
    .deleteFrom('asserted_principal')
    .where(...mine)
    .execute()
  const members = await tx
    .deleteFrom('member')
    .where(...mine)
    .returning(['id', 'data_source_id as dataSource', 'level', 'until'])
    .execute()
  for (const { id: gone } of members) changed('member', gone, null, cause)
  const subscriptions = await removeAllSubscriptions(act, { person: id }, cause)
  await endMemberships(act, { person: id }, 'user-deleted')
  const domainRights = await tx
    .deleteFrom('domain_right')
    .where(...mine)
    .returning(['domain', 'right'])
    .execute()
  const groups = await tx
    .deleteFrom('group_member')
    .where(...mine)
    .returning('group_id')
    .execute()
  for (const { group_id } of groups) changed('groupMember', `${group_id}/${id}`, null, cause)
  const attributes = await tx
    .deleteFrom('person_attribute')
    .where(...mine)
    .returning(['key', 'value'])
    .execute()
  for (const one of attributes) changed('attribute', attributeFactId({ type: 'user', id }, one), null, cause)
  const owned = await tx
    .deleteFrom('data_source_owner')
    .where(...mine)
    .returning('data_source_id')
    .execute()
  // Whoever comes back there is somebody new here.
  await tx
    .deleteFrom('person_identity')
    .where(...mine)
    .execute()
  await tx
    .deleteFrom('scim_user')
    .where(...mine)
    .execute()
  const permissions = await tx
    .deleteFrom('person_permission')
    .where(...mine)
    .returning('permission')
    .execute()
  const now = sql<Date>`now()`
  await tx
    .updateTable('api_key')
    .set({ revoked_at: now })
    .where(...mine)
    .where('revoked_at', 'is', null)
    .execute()
  await tx.updateTable('person').set({ deleted_at: now }).where('id', '=', id).execute()
  await promoteTwin(tx, person.userid)
  changed('user', id, null, cause)
  audit({
    action: 'DELETE',
    targetType: 'USER',
    targets: [personTarget(person)],
    payload: {
      type: 'UserDeleted',
      before: {
        ...describe(person),
        permissions: permissions.map(row => row.permission).sort(),
        groups: groups.map(row => row.group_id),
        attributes,
        principals: principals.map(({ id: _, ...principal }) => principal),
        members: members.map(({ until, ...member }) =>
          until === null ? member : { ...member, until: new Date(until) },
        ),
        subscriptions: subscriptions.map(({ dataSource, level }) => ({ dataSource, level })),
        domainRights,
        owns: owned.map(row => row.data_source_id),
      },
    },
  })
}

export function personTarget(person: NamedPerson): AuditTarget {
  return { type: 'USER', id: String(person.id), name: person.userid }
}

/** Who holds it can give every other permission back. */
const adminPermission = 'USER_ADMIN'

const adminLock = 0x4865_6165 // one change at a time of who administers people, or two admins could remove each other

/** Nobody else changes who administers people until the transaction ends; to be asked for before people are locked. */
export async function lockAdmins(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${adminLock})`.execute(tx)
}

/** After many were disabled at once, under `lockAdmins`. Throws Problem `last-admin` where nobody is left. */
export async function refuseNoAdmin(tx: Tx, userid: string): Promise<void> {
  const left = await tx
    .selectFrom('person')
    .innerJoin('person_permission', 'person_permission.person_id', 'person.id')
    .where('person_permission.permission', '=', adminPermission)
    .where('person.disabled', '=', false)
    .where('person.deleted_at', 'is', null)
    .select('person.id')
    .limit(1)
    .executeTakeFirst()
  if (!left) throw new Problem('last-admin', { userid, permission: adminPermission })
}

/**
 * To be asked for before the person is locked.
 * @throws Problem `last-admin` when without this person nobody could administer people
 */
export async function keepAnAdmin(tx: Tx, id: number): Promise<void> {
  await lockAdmins(tx)
  const admins = await tx
    .selectFrom('person')
    .innerJoin('person_permission', 'person_permission.person_id', 'person.id')
    .where('person_permission.permission', '=', adminPermission)
    .where('person.disabled', '=', false)
    .where('person.deleted_at', 'is', null)
    .select(['person.id', 'person.userid'])
    .limit(2)
    .execute()
  const [only] = admins
  if (admins.length !== 1 || only?.id !== id) return
  throw new Problem('last-admin', { userid: only.userid, permission: adminPermission })
}

/** What a permission was given as, for the audit event. */
function permissionText(permission: Permission, scopes: readonly string[] | null): string {
  return scopes === null ? permission : `${permission} (${scopes.join(', ')})`
}

/** The permission that may hold under some scopes alone. */
const confinable: Permission = 'CREATE_S3_DATASOURCE'

/** The scopes under which a person may register; undefined: everywhere that the permission reaches. */
export async function scopesToRegister(db: Kysely<Database>, person: number): Promise<readonly string[] | undefined> {
  const row = await db
    .selectFrom('person_permission')
    .where('person_id', '=', person)
    .where('permission', '=', confinable)
    .select('scopes')
    .executeTakeFirst()
  return row?.scopes ?? undefined
}

async function insertPermissions(
  tx: Tx,
  person: number,
  given: readonly Permission[],
  scopes: string[] | null = null,
): Promise<Permission[]> {
  const permissions = [...new Set(given)].sort()
  if (permissions.length === 0) return []
  const rows = permissions.map(permission => ({
    person_id: person,
    permission,
    scopes: permission === confinable ? scopes : null,
  }))
  await tx.insertInto('person_permission').values(rows).execute()
  return permissions
}

/** The id of the living person who is called so: in whatever case and width, but not by somebody who merely looks alike. */
export async function findPersonId(db: Kysely<Database>, userid: string): Promise<number | undefined> {
  const found = await db
    .selectFrom('person')
    .where('userid_key', '=', sql<string>`name_key(${userid})`)
    .where('deleted_at', 'is', null)
    .select('id')
    .orderBy(sql`userid = ${normalText(userid)}`, 'desc')
    .orderBy('twin')
    .limit(1)
    .executeTakeFirst()
  return found?.id
}

/** Where several names of before clash and the first of them goes, the next one takes its place. */
async function promoteTwin(tx: Tx, userid: string): Promise<void> {
  await sql`
    with alike as (
      select id, twin, row_number() over (order by twin) - 1 as rank from person
      where look_alike(userid) = look_alike(${userid}) and deleted_at is null)
    update person set twin = 0 from alike where person.id = alike.id and rank = 0 and alike.twin > 0`.execute(tx)
}

/** Why a user name is not free: who has it, or one that looks like it. */
export async function nameTaken(tx: Tx, userid: string): Promise<Problem> {
  const other = await tx
    .selectFrom('person')
    .where(sql`look_alike(userid)`, '=', sql`look_alike(${userid})`)
    .where('deleted_at', 'is', null)
    .select(['id', 'userid'])
    .orderBy('twin')
    .limit(1)
    .executeTakeFirst()
  return new Problem('user-exists', { userid: other?.userid ?? userid, id: other?.id })
}

function factOf({ id, userid, disabled }: PersonRow) {
  return { id, userid, disabled }
}

function describe({ userid, name, email, kind, disabled, provider, active_at_provider }: PersonRow) {
  const managed = provider === null ? {} : { provider, activeAtProvider: active_at_provider }
  return { userid, name, email, kind, disabled, ...managed }
}
