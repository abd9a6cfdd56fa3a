/**
 * What a provider's calls about its groups do: one transaction each, however many members come and go.
 *
 * A provider sees and touches no groups but its own, and puts into them nobody but its own people.
 */
import { nameKey, normalName } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { type Act, act } from '../db/act.ts'
import type { Db } from '../db/open.ts'
import { groupsWhere } from '../db/scim-filter.ts'
import {
  findScimGroup,
  findScimGroupLike,
  insertScimGroup,
  listScimGroups,
  lockPeopleOf,
  lockScimGroup,
  membersBut,
  touchScimGroup,
} from '../db/scim-group.ts'
import {
  changeProvidedGroup,
  insertProvidedGroup,
  type ProvidedGroup,
  removeProvidedGroup,
  sayMembersChanged,
} from '../db/scim-people-group.ts'
import { changeRows } from '../db/sourced-rows.ts'
import { allowsGroup } from '../directory/allow-list.ts'
import { refuseReserved } from '../directory/reserved-names.ts'
import type { ScimAnswer, ScimCall } from './call.ts'
import { parseFilter } from './filter.ts'
import { type GroupChange, type MembersChange, patchGroup as patched, readGroup } from './group-resource.ts'
import { readOperations } from './patch.ts'
import { presentGroup, presentList, type StoredGroup, type Wanted, wants } from './present.ts'
import type { ScimProvider } from './provider.ts'
import { idOf, type PageAsked } from './users.ts'
import { refuseStale } from './version.ts'

/** Each member in an operation of its own, as some providers remove them. */
const maxOperations = 10_000

export async function listGroups(db: Db, { caller, base }: ScimCall, page: PageAsked, wanted: Wanted) {
  const where = groupsWhere(page.filter === undefined ? undefined : parseFilter(page.filter), nameKey)
  const { name } = caller.provider
  const { groups, total } = await listScimGroups(db.kysely, name, where, page, wants('members', wanted))
  return presentList(
    groups.map(group => presentGroup(group, base, wanted)),
    total,
    page.startIndex,
  )
}

export async function getGroup(db: Db, call: ScimCall, wanted: Wanted): Promise<ScimAnswer> {
  const { name } = call.caller.provider
  const group = await findScimGroup(db.kysely, name, idOf(call.id), wants('members', wanted))
  if (!group) throw absent(call)
  return { body: presentGroup(group, call.base, wanted), version: group.version }
}

/** @throws Problem `scim-group-not-allowed`, `scim-group-taken`, `scim-value-invalid`, `name-reserved` */
export async function createGroup(db: Db, call: ScimCall, wanted: Wanted): Promise<ScimAnswer> {
  const { actor, provider } = call.caller
  const { displayName: given, externalId = null, members } = readGroup(call.body)
  const displayName = allowedName(provider, given)
  const { result } = await act(db, actor, async doing => {
    await refuseTaken(doing, provider, { displayName, externalId }, 0)
    const id = await insertProvidedGroup(doing, provider.name, { displayName, externalId })
    const isNew = await insertScimGroup(doing.tx, provider.name, id, nameKey(displayName))
    // Another call of the same provider was quicker.
    if (!isNew) throw new Problem('scim-group-taken', { name: displayName })
    await applyMembers(doing, provider, id, members)
    return id
  })
  return getGroup(db, { ...call, id: String(result) }, wanted)
}

/** @throws Problem `scim-not-found`, `scim-version-changed`, and as for a new one */
export async function replaceGroup(db: Db, call: ScimCall, wanted: Wanted): Promise<ScimAnswer> {
  await write(db, call, readGroup(call.body))
  return getGroup(db, call, wanted)
}

/** @returns the version that the group has now */
export async function patchGroup(db: Db, call: ScimCall): Promise<number> {
  return write(db, call, patched(readOperations(call.body, maxOperations)))
}

export async function removeGroup(db: Db, call: ScimCall): Promise<void> {
  await act(db, call.caller.actor, async doing => {
    const group = await locked(doing, call)
    refuseStale(call.ifMatch, group.version)
    await removeProvidedGroup(doing, group.id)
  })
}

async function write(db: Db, call: ScimCall, change: GroupChange): Promise<number> {
  const { actor, provider } = call.caller
  const { result } = await act(db, actor, async doing => {
    const before = await locked(doing, call)
    refuseStale(call.ifMatch, before.version)
    // What it may assert can have been narrowed since.
    const displayName = allowedName(provider, change.displayName ?? before.displayName)
    const externalId = change.externalId === undefined ? before.externalId : change.externalId
    const isChanged = displayName !== before.displayName || externalId !== before.externalId
    if (isChanged) {
      await refuseTaken(doing, provider, { displayName, externalId }, before.id)
      await changeProvidedGroup(doing, provider.name, before.id, { displayName, externalId })
    }
    const isMoved = await applyMembers(doing, provider, before.id, change.members)
    return isChanged || isMoved ? touchScimGroup(doing.tx, before.id, nameKey(displayName)) : before.version
  })
  return result
}

async function refuseTaken({ tx }: Act, provider: ScimProvider, group: ProvidedGroup, but: number): Promise<void> {
  const { displayName, externalId } = group
  const other = await findScimGroupLike(tx, provider.name, { nameKey: nameKey(displayName), externalId, but })
  if (other) throw new Problem('scim-group-taken', { name: other.displayName })
}

/** @returns whether anybody came or went */
async function applyMembers(
  doing: Act,
  provider: ScimProvider,
  group: number,
  change: MembersChange,
): Promise<boolean> {
  const { name } = provider
  const known = await lockPeopleOf(doing.tx, name, [...change.added, ...change.removed])
  const strangers = change.added.filter(id => !known.has(id))
  if (strangers.length > 0) {
    const ids = strangers.slice(0, 5).map(id => `\`${id}\``)
    const reason = `identity provider \`${name}\` has no user ${ids.join(', ')}: create them before they are put into groups`
    throw new Problem('scim-value-invalid', { reason })
  }
  const others = change.isWhole ? await membersBut(doing.tx, name, group, change.added) : []
  const row = (person: number) => [group, person] as const
  const { added, removed } = await changeRows(
    doing,
    'groupMember',
    name,
    { add: change.added.map(row), remove: [...change.removed, ...others].map(row) },
    { added: cause, removed: cause },
  )
  if (added.length === 0 && removed.length === 0) return false
  const person = ([, id]: readonly [number, number]) => id
  await sayMembersChanged(doing, name, group, { came: added.map(person), went: removed.map(person) })
  return true
}

/** The one cause for whatever a provider says: counted by the brake. */
const cause = 'identity-provider'

/** @throws Problem `scim-group-not-allowed`, `name-reserved`, `name-invalid` */
function allowedName(provider: ScimProvider, given: string): string {
  const name = normalName(given)
  refuseReserved(name)
  if (allowsGroup(provider, name)) return name
  throw new Problem('scim-group-not-allowed', { provider: provider.name, name })
}

async function locked(doing: Act, call: ScimCall): Promise<StoredGroup> {
  const group = await lockScimGroup(doing.tx, call.caller.provider.name, idOf(call.id))
  if (!group) throw absent(call)
  return group
}

function absent({ caller, id }: ScimCall): Problem {
  return new Problem('scim-not-found', { provider: caller.provider.name, type: 'group', id: id.slice(0, 100) })
}
