/**
 * What a provider's calls about its people do.
 *
 * A provider sees and touches nobody but its own people. What it says twice changes nothing, and makes no new version.
 */
import { isDeepStrictEqual } from 'node:util'
import { nameKey, normalName } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { type Act, act } from '../db/act.ts'
import type { Db } from '../db/open.ts'
import { keepAnAdmin } from '../db/person.ts'
import { usersWhere } from '../db/scim-filter.ts'
import {
  adoptPerson,
  changeProvidedPerson,
  insertProvidedPerson,
  type ProvidedPerson,
  removeProvidedPerson,
} from '../db/scim-person.ts'
import {
  deleteScimUser,
  findScimUser,
  insertScimUser,
  listScimUsers,
  lockScimUser,
  updateScimUser,
} from '../db/scim-user.ts'
import { refuseReserved } from '../directory/reserved-names.ts'
import { assertMapped } from './assert-mapped.ts'
import type { ScimAnswer, ScimCall } from './call.ts'
import { parseFilter } from './filter.ts'
import { readOperations } from './patch.ts'
import { patchUser as patched } from './patch-user.ts'
import { presentList, presentUser, type StoredUser, type Wanted, wants } from './present.ts'
import type { ScimProvider } from './provider.ts'
import { displayNameOf, emailOf, isObject, readUser, type UserResource } from './user-resource.ts'
import { refuseStale } from './version.ts'

/** More than any provider sends for one person. */
const maxOperations = 1000

export interface PageAsked {
  readonly startIndex: number
  readonly count: number
  readonly filter: string | undefined
}

export async function listUsers(db: Db, { caller, base }: ScimCall, page: PageAsked, wanted: Wanted) {
  const where = usersWhere(page.filter === undefined ? undefined : parseFilter(page.filter), nameKey)
  const { name } = caller.provider
  const { users, total } = await listScimUsers(db.kysely, name, where, page, wants('groups', wanted))
  return presentList(
    users.map(user => presentUser(user, base, wanted)),
    total,
    page.startIndex,
  )
}

export async function getUser(db: Db, call: ScimCall, wanted: Wanted): Promise<ScimAnswer> {
  const { provider } = call.caller
  const user = await findScimUser(db.kysely, provider.name, idOf(call.id), wants('groups', wanted))
  if (!user) throw absent(call)
  return answerOf(user, call, wanted)
}

/** @throws Problem `scim-name-taken`, `scim-value-invalid`, `name-reserved` */
export async function createUser(db: Db, call: ScimCall, wanted: Wanted): Promise<ScimAnswer> {
  const { actor, provider } = call.caller
  const resource = readUser(call.body)
  const person = personOf(resource)
  const { result } = await act(db, actor, async doing => {
    const row = rowOf(provider, resource)
    const made = await insertProvidedPerson(doing, provider.name, person, row)
    if (made) {
      const { id } = made
      await assertMapped(doing, provider, id, resource, undefined, { id, userid: person.userid })
      return made
    }
    const id = await adoptPerson(doing, provider.name, person)
    const user = await insertScimUser(doing.tx, id, row)
    await assertMapped(doing, provider, id, resource, undefined)
    return user
  })
  return answerOf(result, call, wanted)
}

/** @throws Problem `scim-not-found`, `scim-version-changed`, `last-admin`, and as for a new one */
export async function replaceUser(db: Db, call: ScimCall, wanted: Wanted): Promise<ScimAnswer> {
  const resource = readUser(call.body)
  return write(db, call, wanted, () => resource)
}

export async function patchUser(db: Db, call: ScimCall, wanted: Wanted): Promise<ScimAnswer> {
  const operations = readOperations(call.body, maxOperations)
  return write(db, call, wanted, before => patched(before, operations))
}

export async function removeUser(db: Db, call: ScimCall): Promise<void> {
  await act(db, call.caller.actor, async doing => {
    const user = await locked(doing, call)
    refuseStale(call.ifMatch, user.version)
    await deleteScimUser(doing.tx, user.id)
    await removeProvidedPerson(doing, user.id)
  })
}

async function write(
  db: Db,
  call: ScimCall,
  wanted: Wanted,
  change: (before: UserResource) => UserResource,
): Promise<ScimAnswer> {
  const { actor, provider } = call.caller
  const withGroups = wants('groups', wanted)
  const { result } = await act(db, actor, async doing => {
    const before = await locked(doing, call)
    refuseStale(call.ifMatch, before.version)
    const resource = change(before.resource)
    const isSame = isDeepStrictEqual(before.resource, resource)
    if (isSame && before.readBy === provider.version)
      return findScimUser(doing.tx, provider.name, before.id, withGroups)
    const [was, is] = [personOf(before.resource), personOf(resource)]
    if (was.isActive && !is.isActive) await keepAnAdmin(doing.tx, before.id)
    // First of all, as everybody does who changes principals: the person is locked after it.
    await assertMapped(
      doing,
      provider,
      before.id,
      resource,
      before.readBy === provider.version ? before.resource : undefined,
    )
    if (!isDeepStrictEqual(was, is)) await changeProvidedPerson(doing, provider.name, before.id, is)
    return updateScimUser(doing.tx, before.id, rowOf(provider, resource), withGroups)
  })
  if (!result) throw absent(call)
  return answerOf(result, call, wanted)
}

async function locked(doing: Act, call: ScimCall): Promise<StoredUser> {
  const user = await lockScimUser(doing.tx, call.caller.provider.name, idOf(call.id))
  if (!user) throw absent(call)
  return user
}

/** @throws Problem `name-invalid`, `name-reserved` */
function personOf(resource: UserResource): ProvidedPerson {
  const userid = normalName(resource.userName)
  refuseReserved(userid)
  const { externalId, active: isActive } = resource
  return { userid, name: displayNameOf(resource), email: emailOf(resource), externalId, isActive }
}

function rowOf({ name: provider, version: readBy }: ScimProvider, resource: UserResource) {
  const emails = Array.isArray(resource.emails) ? resource.emails.filter(isObject) : []
  const emailKeys = emails.flatMap(({ value }) => (typeof value === 'string' ? [value.toLowerCase()] : []))
  return { provider, resource, emailKeys, readBy, nameKey: nameKey(normalName(resource.userName)) }
}

function answerOf(user: StoredUser, { base }: ScimCall, wanted: Wanted): ScimAnswer {
  return { body: presentUser(user, base, wanted), version: user.version }
}

function absent({ caller, id }: ScimCall): Problem {
  return new Problem('scim-not-found', { provider: caller.provider.name, type: 'user', id: id.slice(0, 100) })
}

/** What is no id of ours is nobody's. */
export function idOf(text: string): number {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0
}
