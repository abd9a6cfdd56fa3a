/** People as a provider makes, changes and ends them. What an admin said of them, and what others assert, stays. */
import { nameKey } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { sql } from 'kysely'
import type { StoredUser } from '../scim/present.ts'
import type { Act, Tx } from './act.ts'
import { keepAnAdmin, personTarget, removePerson } from './person.ts'
import { insertedFor, type NewScimUser, type ScimUserRow, toUser } from './scim-user.ts'

/** What the provider says of the person itself. */
export interface ProvidedPerson {
  readonly userid: string
  readonly name: string
  readonly email: string | undefined
  readonly externalId: string | undefined
  readonly isActive: boolean
}

/** The one cause for whatever a provider says: counted by the brake. */
const cause = 'identity-provider'

/**
 * A new person with what the provider says of them. Undefined where the name is taken: see `adoptPerson`.
 * @throws Problem `scim-external-id-taken`
 */
export async function insertProvidedPerson(
  act: Act,
  provider: string,
  person: ProvidedPerson,
  user: NewScimUser,
): Promise<StoredUser | undefined> {
  const { userid, name, email, externalId, isActive } = person
  const { rows } = await sql<{ id: number } & (ScimUserRow | { person_id: null })>`
    with made as (
      insert into person (userid, name, email, kind, provider, active_at_provider)
      values (${userid}, ${name}, ${email ?? null}, 'person', ${provider}, ${isActive})
      on conflict do nothing returning id
    ), known as (
      insert into person_identity (provider, person_id, external_id)
      select ${provider}::text, id, ${externalId ?? null}::text from made
      on conflict do nothing returning person_id
    ), synced as (${insertedFor(sql`known`, user)})
    select made.id, synced.* from made left join synced on true`.execute(act.tx)
  const [made] = rows
  if (!made) return undefined
  if (made.person_id === null) throw await externalIdTaken(act.tx, provider, externalId)
  const { id } = made
  act.changed('user', id, { id, userid, disabled: !isActive }, cause)
  act.audit({
    action: 'CREATE',
    targetType: 'USER',
    targets: [personTarget({ id, userid })],
    payload: {
      type: 'UserCreated',
      after: { userid, name, email: email ?? null, kind: 'person', provider, active: isActive },
    },
  })
  return toUser(made)
}

/**
 * Whoever has the name, where the provider brought them already when they signed in.
 * @throws Problem `scim-name-taken` unless they are known to this provider, and not yet by SCIM; `last-admin`,
 * `scim-external-id-taken`
 */
export async function adoptPerson(act: Act, provider: string, person: ProvidedPerson): Promise<number> {
  const { rows } = await sql<{ id: number; userid: string; owner: string | null; isOurs: boolean; isSynced: boolean }>`
    select p.id, p.userid, p.provider as owner,
      exists (select from person_identity i where i.person_id = p.id and i.provider = ${provider}) as "isOurs",
      exists (select from scim_user s where s.person_id = p.id) as "isSynced"
    from person p where look_alike(p.userid) = look_alike(${person.userid}) and p.deleted_at is null
    order by p.twin limit 1`.execute(act.tx)
  const [other] = rows
  if (!other) throw new Problem('not-ready', { reason: 'somebody of that name was just removed' })
  if (!other.isOurs || other.isSynced || nameKey(other.userid) !== nameKey(person.userid))
    throw nameTaken(provider, person.userid, other)
  if (!person.isActive) await keepAnAdmin(act.tx, other.id)
  await changeProvidedPerson(act, provider, other.id, person)
  return other.id
}

function nameTaken(
  provider: string,
  userName: string,
  other: { readonly id: number; readonly userid: string; readonly owner: string | null; readonly isSynced: boolean },
): Problem {
  const who = `\`${other.userid}\` (id = ${other.id})`
  if (other.owner === provider && other.isSynced) {
    return new Problem('scim-name-taken', {
      userName,
      by: `another user of this provider, ${who}`,
      fix: 'update that one',
    })
  }
  const by = other.owner === null ? `the local user ${who}` : `user ${who} of identity provider \`${other.owner}\``
  const fix = `a user admin can link that user to \`${provider}\`, or remove or rename them`
  return new Problem('scim-name-taken', { userName, by, fix })
}

/**
 * INVARIANT: where it makes somebody inactive, after `keepAnAdmin`.
 * @throws Problem `scim-name-taken`, `scim-external-id-taken`
 */
export async function changeProvidedPerson(
  { tx, changed, audit }: Act,
  provider: string,
  id: number,
  person: ProvidedPerson,
): Promise<void> {
  const { userid, name, email = null, externalId = null, isActive } = person
  const before = await tx
    .selectFrom('person')
    .innerJoin('person_identity', 'person_identity.person_id', 'person.id')
    .where('person.id', '=', id)
    .where('person_identity.provider', '=', provider)
    .select(['userid', 'name', 'email', 'active_at_provider', 'disabled_locally', 'external_id'])
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (externalId !== before.external_id) {
    if (await isExternalIdTaken(tx, provider, id, externalId)) throw await externalIdTaken(tx, provider, externalId)
    await tx
      .updateTable('person_identity')
      .set({ external_id: externalId })
      .where('person_id', '=', id)
      .where('provider', '=', provider)
      .execute()
  }
  const isSame = userid === before.userid && isActive === before.active_at_provider
  if (isSame && name === before.name && email === before.email) return
  if (userid !== before.userid) await refuseTaken(tx, provider, id, userid)
  await tx
    .updateTable('person')
    .set({ userid, name, email, active_at_provider: isActive, provider })
    .where('id', '=', id)
    .execute()
  if (!isSame) changed('user', id, { id, userid, disabled: before.disabled_locally || !isActive }, cause)
  audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget({ id, userid: before.userid })],
    payload: {
      type: 'UserUpdated',
      before: { userid: before.userid, name: before.name, email: before.email, active: before.active_at_provider },
      after: { userid, name, email, active: isActive },
    },
  })
}

/** History stays. Throws Problem `last-admin`. */
export async function removeProvidedPerson(act: Act, id: number): Promise<void> {
  await removePerson(act, id, cause)
}

async function refuseTaken(tx: Tx, provider: string, id: number, userid: string): Promise<void> {
  const { rows } = await sql<{ id: number; userid: string; owner: string | null; isSynced: boolean }>`
    select p.id, p.userid, p.provider as owner,
      exists (select from scim_user s where s.person_id = p.id) as "isSynced"
    from person p where look_alike(p.userid) = look_alike(${userid}) and p.deleted_at is null and p.id <> ${id}
    order by p.twin limit 1`.execute(tx)
  if (rows[0]) throw nameTaken(provider, userid, rows[0])
}

async function isExternalIdTaken(tx: Tx, provider: string, id: number, externalId: string | null): Promise<boolean> {
  const other = await tx
    .selectFrom('person_identity')
    .where('provider', '=', provider)
    .where('external_id', '=', externalId)
    .where('person_id', '<>', id)
    .select('person_id')
    .executeTakeFirst()
  return other !== undefined
}

async function externalIdTaken(tx: Tx, provider: string, externalId: string | null | undefined): Promise<Problem> {
  const other = await tx
    .selectFrom('person_identity')
    .where('provider', '=', provider)
    .where('external_id', '=', externalId ?? null)
    .select('person_id as id')
    .executeTakeFirst()
  return new Problem('scim-external-id-taken', { externalId, id: other?.id })
}
