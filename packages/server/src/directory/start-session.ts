/**
 * Starting a session: the one way in for browsers, whatever proved who it is.
 *
 * Every sign-in makes a new secret, and ends the session that the browser held before: a secret that somebody planted
 * is worth nothing.
 */
import { Problem } from '@headgate/core/api'
import { type Actor, act } from '../db/act.ts'
import { lockPerson, personTarget } from '../db/person.ts'
import { readSettings } from '../db/settings.ts'
import {
  endSessions,
  findSession,
  forgetEndedSessions,
  insertSession,
  type SessionOwner,
} from '../db/sign-in-session.ts'
import type { World } from '../world.ts'
import { hashKey, newKey } from './new-key.ts'
import { type Client, type Cookie, csrfTokenOf, heldSecret, isHttps, sessionCookie } from './session-cookie.ts'

export interface StartedSession {
  /** To be set by the answer. */
  readonly cookie: Cookie
  readonly csrfToken: string
  readonly session: SessionOwner
}

/**
 * Signs somebody in who has proven who they are; audited, in a transaction of its own.
 *
 * A route answers it with `{ body, cookies: [started.cookie] }`; a raw Fastify route does
 * `reply.setCookie(cookie.name, cookie.value, cookie.options)` and gets its client from `clientOf(request)`.
 *
 * @param person their id
 * @param via    what proved it: `local`, or the name of an identity provider
 * @param client whose browser gets the cookie: `client` of a route's call
 * @throws Problem `user-not-found` when deleted, `user-disabled`
 */
export async function startSession(
  { db }: Pick<World, 'db'>,
  person: number,
  via: string,
  client: Client,
): Promise<StartedSession> {
  const { publicUrl } = await readSettings(db.kysely)
  const { key: secret, hash } = newKey('hgs_')
  const { userid, name } = await db.transaction(tx => lockPerson(tx, person))
  const actor: Actor = { type: 'user', id: person, userid, name, identityProvider: via, ...originOf(client) }
  await act(db, actor, async ({ tx, audit }) => {
    const owner = await lockPerson(tx, person)
    if (owner.disabled) throw new Problem('user-disabled', { userid })
    const held = heldSecret(client)
    if (held) await endSessions(tx, { hash: hashKey(held.secret) })
    await forgetEndedSessions(tx)
    const userAgent =
      client.userAgent
        ?.slice(0, 500)
        .toWellFormed()
        .replaceAll(/\p{Cc}/gu, ' ') ?? null
    const id = await insertSession(tx, { hash, person, via, userAgent, ip: client.ip })
    audit({
      action: 'SIGN_IN',
      targetType: 'USER',
      targets: [personTarget(owner)],
      relatedResources: [{ type: 'SESSION', id: String(id) }],
      payload: { type: 'SignedIn', via },
    })
  })
  const session = await findSession(db.kysely, hash)
  // Switched off, disabled or shortened to nothing at this very moment.
  if (!session) throw new Problem('session-ended')
  const cookie = sessionCookie(secret, isHttps(publicUrl, client))
  return { cookie, csrfToken: csrfTokenOf(secret), session }
}

/** What of the client an audit event names. */
export function originOf({ ip, requestId }: Client): Pick<Actor, 'ip' | 'requestId'> {
  return { ip, requestId }
}
