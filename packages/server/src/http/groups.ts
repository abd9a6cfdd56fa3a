/** Groups. Who is in a group may not change it, since its attributes are theirs too (00, rule 7). */
import { api, Problem } from '@headgate/core/api'
import { type Act, act } from '../db/act.ts'
import { type AttributeSubject, addAttribute, removeAttribute } from '../db/attribute.ts'
import {
  addGroupMember,
  describeGroup,
  type GroupRow,
  getGroup,
  groupTarget,
  insertGroup,
  isAnyInGroup,
  listGroupMembers,
  listGroups,
  lockGroup,
  refuseBuiltIn,
  refuseManagedGroup,
  removeGroup,
  removeGroupMember,
} from '../db/group.ts'
import { refuseReserved } from '../directory/reserved-names.ts'
import type { World } from '../world.ts'
import { type Caller, type Serve, whoCalls } from './serve.ts'
import { refuseSelf } from './users.ts'

export function groupRoutes(serve: Serve, { db }: World): void {
  serve(api.groups.list, async ({ query }) => ({ body: await listGroups(db.kysely, query) }))
  serve(api.groups.get, async ({ params }) => ({ body: await getGroup(db.kysely, params.id) }))
  serve(api.groups.members, async ({ params, query }) => ({
    body: await listGroupMembers(db.kysely, params.id, query),
  }))

  serve(api.groups.create, async ({ body, caller }) => {
    refuseReserved(body.name)
    const { result: id, sequence } = await act(db, caller, doing => insertGroup(doing, body.name, body.description))
    return { body: await getGroup(db.kysely, id), sequence }
  })
  serve(api.groups.update, async ({ params: { id }, body: { description }, caller }) => {
    await act(db, caller, async doing => describeGroup(doing, await lockGroup(doing.tx, id), description))
    return { body: await getGroup(db.kysely, id) }
  })
  serve(api.groups.remove, async ({ params: { id }, caller }) => {
    const { sequence } = await act(db, caller, async doing => {
      const group = await lockGroup(doing.tx, id)
      refuseBuiltIn(group)
      await refuseOwnGroup(doing, group, caller)
      await refuseManagedGroup(doing.tx, group)
      await removeGroup(doing, group)
    })
    return { body: undefined, sequence }
  })

  serve(api.groups.addMember, async ({ params: { id, userId }, caller }) => {
    refuseSelf(caller, userId, 'groups')
    const { sequence } = await act(db, caller, async doing =>
      addGroupMember(doing, await lockGroup(doing.tx, id), userId),
    )
    return { body: undefined, sequence }
  })
  serve(api.groups.removeMember, async ({ params: { id, userId }, caller }) => {
    refuseSelf(caller, userId, 'groups')
    const { result: stillHeldBy, sequence } = await act(db, caller, async doing =>
      removeGroupMember(doing, await lockGroup(doing.tx, id), userId),
    )
    return { body: undefined, sequence, stillHeldBy }
  })

  serve(api.groups.addAttribute, async ({ params: { id, key, value }, caller }) => {
    refuseReserved(key, value)
    const { sequence } = await act(db, caller, async doing =>
      addAttribute(doing, await subject(doing, id, caller), { key, value }),
    )
    return { body: undefined, sequence }
  })
  serve(api.groups.removeAttribute, async ({ params: { id, key, value }, caller }) => {
    refuseReserved(key, value)
    const { result: stillHeldBy, sequence } = await act(db, caller, async doing =>
      removeAttribute(doing, await subject(doing, id, caller), { key, value }),
    )
    return { body: undefined, sequence, stillHeldBy }
  })
}

async function subject(doing: Act, id: number, caller: Caller): Promise<AttributeSubject> {
  const group = await lockGroup(doing.tx, id)
  await refuseOwnGroup(doing, group, caller)
  return { type: 'group', id, target: groupTarget(group) }
}

async function refuseOwnGroup({ tx }: Act, group: GroupRow, caller: Caller): Promise<void> {
  if (await isAnyInGroup(tx, group, whoCalls(caller))) throw new Problem('self-change', { what: 'groups' })
}
