/** People. Nobody changes what Headgate knows of themselves, whatever they may do to others (00, rule 7). */
import { api, Problem } from '@headgate/core/api'
import { allowOnUser } from '../access/people.ts'
import { act } from '../db/act.ts'
import { addAttribute, removeAttribute } from '../db/attribute.ts'
import {
  insertPerson,
  lockPerson,
  personTarget,
  refuseManagedPerson,
  removePerson,
  replacePermissions,
  updatePerson,
} from '../db/person.ts'
import { replacePrincipals } from '../db/principal.ts'
import { getUser, listUsers } from '../db/user-view.ts'
import { readVending } from '../directory/check-principals.ts'
import { resolvePrincipals } from '../directory/principals.ts'
import { readScopes } from '../directory/registration-scopes.ts'
import { refuseReserved } from '../directory/reserved-names.ts'
import type { World } from '../world.ts'
import { type Caller, type Serve, whoCalls } from './serve.ts'

export function userRoutes(serve: Serve, world: World): void {
  const { db } = world

  serve(api.users.me, async ({ caller }) => ({ body: await getUser(db.kysely, caller.id) }))
  serve(api.users.list, async ({ query }) => ({ body: await listUsers(db.kysely, query) }))
  serve(api.users.get, async ({ params, caller }) => {
    await allowOnUser(caller, api.users.get.needs, params.id)
    return { body: await getUser(db.kysely, params.id) }
  })

  serve(api.users.create, async ({ body, caller }) => {
    refuseReserved(body.userid)
    const { result: id, sequence } = await act(db, caller, doing => insertPerson(doing, body))
    return { body: await getUser(db.kysely, id), sequence }
  })
  serve(api.users.update, async ({ params: { id }, body, caller }) => {
    refuseSelf(caller, id, 'account')
    const { sequence } = await act(db, caller, async doing => {
      await refuseManagedPerson(doing.tx, id, body)
      await updatePerson(doing, id, body)
    })
    return { body: await getUser(db.kysely, id), sequence }
  })
  serve(api.users.remove, async ({ params: { id }, caller }) => {
    refuseSelf(caller, id, 'account')
    const { sequence } = await act(db, caller, doing => removePerson(doing, id))
    return { body: undefined, sequence }
  })
  serve(api.users.setPermissions, async ({ params: { id }, body, caller }) => {
    refuseSelf(caller, id, 'permissions')
    const scopes = body.dataSourceScopes && readScopes(body.dataSourceScopes, body.permissions)
    const { sequence } = await act(db, caller, doing => replacePermissions(doing, id, body.permissions, scopes))
    return { body: await getUser(db.kysely, id), sequence }
  })
  serve(api.users.setPrincipals, async ({ params: { id }, body, caller }) => {
    refuseSelf(caller, id, 'principals')
    // So that AWS is not asked on behalf of somebody who is not there.
    await getUser(db.kysely, id)
    const principals = await resolvePrincipals(world, body)
    await readVending(world, principals)
    const { sequence } = await act(db, caller, doing => replacePrincipals(doing, id, principals))
    return { body: await getUser(db.kysely, id), sequence }
  })

  serve(api.users.addAttribute, async ({ params: { id, key, value }, caller }) => {
    refuseSelf(caller, id, 'attributes')
    refuseReserved(key, value)
    const { sequence } = await act(db, caller, async doing => {
      const target = personTarget(await lockPerson(doing.tx, id))
      await addAttribute(doing, { type: 'user', id, target }, { key, value })
    })
    return { body: undefined, sequence }
  })
  serve(api.users.removeAttribute, async ({ params: { id, key, value }, caller }) => {
    refuseSelf(caller, id, 'attributes')
    refuseReserved(key, value)
    const { result: stillHeldBy, sequence } = await act(db, caller, async doing => {
      const target = personTarget(await lockPerson(doing.tx, id))
      return removeAttribute(doing, { type: 'user', id, target }, { key, value })
    })
    return { body: undefined, sequence, stillHeldBy }
  })
}

/** Nor with a key that they made for somebody else. Throws Problem `self-change`. */
export function refuseSelf(caller: Caller, person: number, what: string): void {
  if (whoCalls(caller).includes(person)) throw new Problem('self-change', { what })
}
