/**
 * API keys. Everyone has their own; a user admin makes them for others too.
 *
 * A key never lets anyone do more than its maker could at that moment: a narrowed key makes only keys as narrow, one that
 * ends only keys that end no later, and a key for somebody else is narrowed to what its maker holds. What the other
 * owns it does not carry; but for services, which have no other keys (`directory/in-their-name.ts`).
 */
import { api, type Permission, Problem } from '@headgate/core/api'
import { holdsAny } from '../access/allow.ts'
import { allowOnUser } from '../access/people.ts'
import { act } from '../db/act.ts'
import { insertKey, listKeys, type NewKey, revokeKey, sayKeyMade } from '../db/api-key.ts'
import { lockPerson, personTarget } from '../db/person.ts'
import { getUser } from '../db/user-view.ts'
import { confinedTo, endOfKey, openerOf } from '../directory/confine-key.ts'
import { refuseMightierService } from '../directory/in-their-name.ts'
import { newKey } from '../directory/new-key.ts'
import type { World } from '../world.ts'
import { type Caller, need, type Serve } from './serve.ts'

export function apiKeyRoutes(serve: Serve, { db }: World): void {
  serve(api.apiKeys.list, async ({ caller }) => ({ body: { items: await listKeys(db.kysely, caller.id) } }))

  serve(api.apiKeys.listOf, async ({ params: { id } }) => {
    await getUser(db.kysely, id)
    return { body: { items: await listKeys(db.kysely, id) } }
  })

  serve(api.apiKeys.create, async ({ body, caller }) => {
    const person = body.userId ?? caller.id
    await allowOnUser(caller, api.apiKeys.create.needs, person)
    const permissions = narrow(caller, person, body.permissions)
    const { key, hash } = newKey()
    const { result } = await act(db, caller, async doing => {
      const owner = await lockPerson(doing.tx, person)
      if (person !== caller.id) await refuseMightierService(doing.tx, caller, owner, permissions)
      const asked = body.expiresAt === undefined ? null : inFuture(body.expiresAt, doing.now)
      const expiresAt = endOfKey(asked, caller)
      const openedBy = openerOf(caller, person)
      const wanted: NewKey = { person, name: body.name, hash, permissions, expiresAt, openedBy }
      const made = await insertKey(doing.tx, wanted)
      sayKeyMade(doing, personTarget(owner), made)
      return made
    })
    return { body: { ...result, key } }
  })

  serve(api.apiKeys.revoke, async ({ params: { id }, caller }) => {
    // To whoever may not revoke it, it is not there.
    const owner = holdsAny(caller, api.apiKeys.revoke.needs.anyOf) ? undefined : caller.id
    await act(db, caller, async ({ tx, audit }) => {
      const revoked = await revokeKey(tx, id, owner)
      if (!revoked) throw new Problem('api-key-not-found', { id })
      audit({
        action: 'DELETE',
        targetType: 'API_KEY',
        targets: [{ type: 'API_KEY', id: String(id), name: revoked.name }],
        relatedResources: [{ type: 'USER', id: String(revoked.person_id) }],
        payload: { type: 'ApiKeyRevoked' },
      })
    })
    return { body: undefined }
  })
}

/** What the new key is confined to; null: whatever its owner may. Throws Problem `permission-missing`. */
function narrow(caller: Caller, person: number, wanted: readonly Permission[] | undefined): Permission[] | null {
  for (const permission of wanted ?? []) need(caller, permission)
  if (wanted) return [...new Set(wanted)].sort()
  return person === caller.id ? confinedTo(caller) : [...caller.permissions].sort()
}

function inFuture(instant: string, now: number): Date {
  const date = new Date(instant)
  if (date.getTime() > now) return date
  const issue = { path: 'body.expiresAt', message: 'must be in the future' }
  throw new Problem('request-invalid', { reason: `\`${issue.path}\` ${issue.message}`, issues: [issue] })
}
