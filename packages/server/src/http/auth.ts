/**
 * Who calls: the owner of the API key in `Authorization`, bare or after `Bearer`, or else of the session in the cookie.
 *
 * Keys and sessions are looked up by their SHA-256 and compared in constant time. Unknown, expired and revoked ones and
 * those of disabled or deleted people are all refused with the same words. Calls are counted per key or session; those
 * without a good one per address, so that guessing is slow and costs others nothing. A cookie writes only from our own
 * pages (`csrf.ts`).
 */
import { timingSafeEqual } from 'node:crypto'
import { type Permission, Problem } from '@headgate/core/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { findKeyOwner, type KeyOwner, touchKey } from '../db/api-key.ts'
import { readSettings } from '../db/settings.ts'
import { findSession, type SessionOwner, touchSession } from '../db/sign-in-session.ts'
import { hashKey } from '../directory/new-key.ts'
import { heldSecret, isHttps } from '../directory/session-cookie.ts'
import type { World } from '../world.ts'
import { clientOf } from './client.ts'
import { refuseForeignSite, refuseForged, saysSite } from './csrf.ts'
import type { Caller } from './serve.ts'

/**
 * The caller, or undefined where nobody needs to be signed in.
 * @param isWatching whoever reads a stream is asked for again and again: that keeps no session alive
 * @throws Problem `key-missing`, `key-invalid`, `session-ended`, `csrf-refused`, `rate-limited`
 */
export type Authenticate = (
  request: FastifyRequest,
  needsKey: boolean,
  isWatching?: boolean,
) => Promise<Caller | undefined>

interface Entry {
  readonly caller: Caller
  /** What else a good key or session has to pass. */
  check?(): void
  /** Notes that it is in use. */
  touch(): Promise<void>
}

/** Needs `@fastify/rate-limit` and `@fastify/cookie` to be registered. */
export function authentication(app: FastifyInstance, world: World): Authenticate {
  const perKey = limiter(app, request => `key ${request.caller?.sessionId}`)
  const perAddress = limiter(app, request => `address ${request.ip}`)
  return async (request, needsKey, isWatching = false) => {
    if (!needsKey) {
      await perAddress(request)
      if (saysSite(request)) refuseForeignSite(request, (await readSettings(world.db.kysely)).publicUrl)
      return undefined
    }
    // A key that is sent is meant, whatever cookie the browser adds.
    const enter = request.headers.authorization === undefined ? bySession : byKey
    const entry = await enter(world, request)
    if (entry instanceof Problem) {
      await perAddress(request)
      throw entry
    }
    request.caller = entry.caller
    await perKey(request)
    entry.check?.()
    if (!isWatching) await entry.touch()
    return entry.caller
  }
}

async function byKey({ db }: World, request: FastifyRequest): Promise<Entry | Problem> {
  const key = request.headers.authorization?.replace(/^Bearer +/i, '').trim()
  if (key === undefined || key === '') return new Problem('key-missing')
  const hash = hashKey(key)
  const owner = await findKeyOwner(db.kysely, hash)
  if (!owner || !timingSafeEqual(owner.hash, hash)) return new Problem('key-invalid')
  const narrowed = owner.keyPermissions
  const permissions = owner.permissions.filter(permission => narrowed === null || narrowed.includes(permission))
  return {
    caller: {
      ...callerFor(owner, permissions, request),
      keyIsNarrowed: narrowed !== null,
      ...openedBy(owner),
      carriesOwning: carriesOwning(owner, permissions),
      ...(owner.expiresAt === null ? {} : { keyExpiresAt: owner.expiresAt }),
      sessionId: `api-key-${owner.keyId}`,
    },
    touch: async () => {
      if (owner.lastUsedIsOld) await touchKey(db.kysely, owner.keyId)
    },
  }
}

async function bySession({ db }: World, request: FastifyRequest): Promise<Entry | Problem> {
  const client = clientOf(request)
  const held = heldSecret(client)
  if (!held) return new Problem('key-missing')
  const hash = hashKey(held.secret)
  const owner = await findSession(db.kysely, hash)
  if (!owner || !timingSafeEqual(owner.hash, hash)) return new Problem('session-ended')
  // A neighbouring host could plant a cookie of the plain name where browsers come over HTTPS.
  if (held.isSecure !== isHttps(owner.publicUrl, client)) return new Problem('session-ended')
  return {
    caller: sessionCaller(owner, request),
    check: () => refuseForged(request, held.secret, owner.publicUrl),
    touch: async () => {
      if (owner.lastSeenIsOld) await touchSession(db.kysely, owner.sessionId)
    },
  }
}

function sessionCaller(owner: SessionOwner, request: FastifyRequest): Caller {
  const { sessionId: id, via, endsAt } = owner
  return {
    ...callerFor(owner, owner.permissions, request),
    keyIsNarrowed: false,
    ...openedBy(owner),
    carriesOwning: true,
    sessionId: `session-${id}`,
    identityProvider: via,
    session: { id, via, endsAt },
  }
}

function openedBy({ openedBy }: Pick<KeyOwner, 'openedBy'>) {
  return openedBy === null ? {} : { openedBy }
}

/** No list of permissions names what is owned, but the permission of data owners; a service comes in by such keys alone. */
function carriesOwning({ keyPermissions, openedBy, kind }: KeyOwner, permissions: readonly Permission[]): boolean {
  if (keyPermissions === null) return true
  return permissions.includes('CREATE_S3_DATASOURCE') && (openedBy === null || kind === 'service')
}

interface Owner {
  readonly personId: number
  readonly userid: string
  readonly name: string
}

function callerFor({ personId, userid, name }: Owner, permissions: readonly Permission[], request: FastifyRequest) {
  const { ip, id: requestId } = request
  return { type: 'user', id: personId, userid, name, permissions: new Set(permissions), ip, requestId } as const
}

/**
 * Counts calls by what `keyGenerator` says; throws Problem `rate-limited`.
 * @param max calls a minute; default HEADGATE_RATE_LIMIT
 */
export function limiter(app: FastifyInstance, keyGenerator: (request: FastifyRequest) => string, max?: number) {
  const limit = app.createRateLimit({ keyGenerator, ...(max === undefined ? {} : { max }) })
  return async (request: FastifyRequest): Promise<void> => {
    const { isAllowed, ...rest } = await limit(request)
    if (isAllowed || !('isExceeded' in rest) || !rest.isExceeded) return
    throw new Problem('rate-limited', { seconds: rest.ttlInSeconds })
  }
}
