/**
 * Set-up links: made by a user admin for a person, or by whoever holds the machine for an admin; used once.
 *
 * A link is worth what its person may do. So nobody makes one that would take over a mightier account in use
 * (`in-their-name.ts`), whatever way its person comes in; that is left to whoever holds the machine. A link does not outlast
 * a change of the password, nor the person's coming to hold more.
 */
import { permissions as allPermissions, Problem } from '@headgate/core/api'
import { type Act, type Actor, act, system } from '../db/act.ts'
import { renamePerson } from '../db/first-person.ts'
import { hasLocalAccounts, providerOf } from '../db/local-account.ts'
import type { Db } from '../db/open.ts'
import { findPersonId, insertPerson, lockPerson, personTarget } from '../db/person.ts'
import {
  adminLinkWaits,
  findSetUpLink,
  insertSetUpLink,
  isInUse,
  type SetUpLink,
  takeSetUpLink,
} from '../db/set-up-link.ts'
import { dutiesAreApart, readSettings } from '../db/settings.ts'
import { getUser } from '../db/user-view.ts'
import type { World } from '../world.ts'
import { openerOf } from './confine-key.ts'
import { type Opener, refuseMightier } from './in-their-name.ts'
import { hashKey, newKey } from './new-key.ts'
import { hashPassword, refuseWeakPassword } from './password.ts'
import { refuseReserved } from './reserved-names.ts'
import type { Client } from './session-cookie.ts'
import { needLocalAccounts, storePassword } from './sign-in.ts'
import { originOf } from './start-session.ts'

const hourMs = 3_600_000
/** A weekend may lie between making a link and using it; whoever holds the machine can make another at any time. */
const lifeMs = { person: 72 * hourMs, admin: 24 * hourMs }

export interface MadeLink {
  /** To be shown once, to whoever asked for it. */
  readonly token: string
  readonly path: string
  readonly expiresAt: number
}

/**
 * For a person, by a user admin.
 * @throws Problem `user-not-found`, `user-disabled`, `user-of-provider`, `permission-missing`, `account-mightier`,
 *   `local-accounts-off`
 */
export async function linkForPerson(
  world: Pick<World, 'db'>,
  maker: Actor & Opener,
  person: number,
): Promise<MadeLink> {
  await needLocalAccounts(world)
  const { result } = await act(world.db, maker, async doing => {
    const owner = await lockPerson(doing.tx, person)
    if (owner.disabled) throw new Problem('user-disabled', { userid: owner.userid })
    const provider = await providerOf(doing.tx, person)
    if (provider !== undefined) throw new Problem('user-of-provider', { userid: owner.userid, provider })
    await refuseMightier(doing.tx, maker, owner)
    return makeLink(doing, person, false, openerOf(maker, person))
  })
  return result
}

/**
 * For an admin, by whoever holds the machine and never by a route.
 * @param userid whose password it sets; without one, the link makes another admin
 * @throws Problem `user-not-found`, `user-disabled`, `local-accounts-off`
 */
export async function linkForAdmin(db: Db, userid?: string): Promise<MadeLink> {
  await needLocalAccounts({ db })
  const { result } = await act(db, system, async doing => {
    if (userid === undefined) return makeLink(doing, null, true)
    const person = await findPersonId(doing.tx, userid)
    if (person === undefined) throw new Problem('user-not-found', { id: userid })
    const owner = await lockPerson(doing.tx, person)
    if (owner.disabled) throw new Problem('user-disabled', { userid })
    return makeLink(doing, person, false)
  })
  return result
}

/** For the person whom the set-up made so that a program could begin: they choose how they are called. */
export async function linkForFirstAdmin(db: Db, person: number | null): Promise<MadeLink> {
  const { result } = await act(db, system, doing => makeLink(doing, person, true))
  return result
}

/** Whether the first admin is still to come. */
export async function needsSetUp({ db }: Pick<World, 'db'>): Promise<boolean> {
  return (await adminLinkWaits(db.kysely)) && !(await hasLocalAccounts(db.kysely))
}

async function makeLink(
  doing: Act,
  person: number | null,
  makesAdmin: boolean,
  madeBy: number | null = null,
): Promise<MadeLink> {
  const { key: token, hash } = newKey('hgl_')
  const expiresAt = doing.now + (makesAdmin ? lifeMs.admin : lifeMs.person)
  await insertSetUpLink(doing.tx, { hash, personId: person, makesAdmin, expiresAt, madeBy })
  const targets = person === null ? [] : [personTarget(await lockPerson(doing.tx, person))]
  doing.audit({
    action: 'CREATE',
    targetType: 'SET_UP_LINK',
    targets,
    payload: { type: 'SetUpLinkCreated', makesAdmin, expiresAt: new Date(expiresAt).toISOString() },
  })
  return { token, path: `/app/set-up#${token}`, expiresAt }
}

export interface LinkPurpose {
  readonly kind: 'first-admin' | 'person'
  readonly userid?: string
  readonly name?: string
  readonly expiresAt: number
}

/** @throws Problem `set-up-link-invalid`, `local-accounts-off` */
export async function purposeOf(world: Pick<World, 'db'>, token: string): Promise<LinkPurpose> {
  await needLocalAccounts(world)
  const link = await findSetUpLink(world.db.kysely, hashKey(token))
  if (!link) throw new Problem('set-up-link-invalid')
  const { expiresAt } = link
  if (link.makesAdmin || link.personId === null) return { kind: 'first-admin', expiresAt }
  const { userid, name } = await getUser(world.db.kysely, link.personId)
  return { kind: 'person', userid, name, expiresAt }
}

export interface LinkUse {
  readonly token: string
  readonly password: string
  readonly userid?: string | undefined
  readonly name?: string | undefined
}

/**
 * Uses a link up; what it refuses leaves the link as it was.
 * @throws Problem `set-up-link-invalid`, `password-refused`, `local-accounts-off`, `user-exists`, `name-reserved`,
 *   `request-invalid`
 */
export async function useLink(
  world: Pick<World, 'db'>,
  use: LinkUse,
  client: Client,
): Promise<{ id: number; userid: string }> {
  const purpose = await purposeOf(world, use.token)
  const chosen = chosenNames(purpose, use)
  refuseWeakPassword(use.password, chosen)
  const hash = await hashPassword(use.password)
  const actor: Actor = { ...system, ...originOf(client) }
  const { result } = await act(world.db, actor, async doing => {
    const link = await takeSetUpLink(doing.tx, hashKey(use.token))
    if (!link) throw new Problem('set-up-link-invalid')
    const openedBy = await stillOpens(doing, link)
    const id = await personOf(doing, link, chosen)
    await storePassword(doing, id, hash, { how: 'set-up', openedBy })
    return { id, userid: chosen.userid }
  })
  return result
}

/**
 * Who opens an account anew with it; null: nobody, as its person has not come in yet, or the machine's holder does.
 * @throws Problem `set-up-link-invalid` where its maker would get no such link any more
 */
async function stillOpens({ tx }: Act, { personId, madeBy }: SetUpLink): Promise<number | null> {
  if (personId === null || madeBy === null || !(await isInUse(tx, personId))) return null
  try {
    const maker = await getUser(tx, madeBy)
    if (maker.disabled || !maker.permissions.includes('USER_ADMIN')) throw new Problem('set-up-link-invalid')
    await refuseMightier(tx, { permissions: new Set(maker.permissions) }, await lockPerson(tx, personId))
    return madeBy
  } catch (cause) {
    throw cause instanceof Problem ? new Problem('set-up-link-invalid', {}, { cause }) : cause
  }
}

/** @throws Problem `request-invalid`, `name-reserved` */
function chosenNames({ kind, ...known }: LinkPurpose, { userid, name }: LinkUse): { userid: string; name: string } {
  if (kind === 'person') {
    const surplus = userid !== undefined ? 'userid' : name !== undefined ? 'name' : undefined
    if (surplus !== undefined) throw invalid(surplus, 'is known already: leave it out')
    return { userid: known.userid ?? '', name: known.name ?? '' }
  }
  if (userid === undefined) throw invalid('userid', 'must be there: choose a user name')
  if (name === undefined) throw invalid('name', 'must be there: say how you are called')
  refuseReserved(userid)
  return { userid, name }
}

async function personOf(doing: Act, link: SetUpLink, names: { userid: string; name: string }): Promise<number> {
  if (!link.makesAdmin && link.personId !== null) return link.personId
  if (link.personId !== null) {
    await renamePerson(doing, link.personId, names)
    return link.personId
  }
  const apart = await dutiesAreApart(doing.tx)
  // Who administers people can give the rest to others.
  const permissions = apart ? allPermissions.filter(permission => permission !== 'GOVERNANCE') : allPermissions
  return insertPerson(doing, { ...names, kind: 'person', permissions })
}

function invalid(field: string, message: string): Problem {
  const issue = { path: `body.${field}`, message }
  return new Problem('request-invalid', { reason: `\`${issue.path}\` ${message}`, issues: [issue] })
}

/** The whole link, where the address is known. */
export async function urlOf({ db }: Pick<World, 'db'>, { path }: MadeLink): Promise<string | undefined> {
  const { publicUrl } = await readSettings(db.kysely)
  return publicUrl === null ? undefined : publicUrl + path
}
