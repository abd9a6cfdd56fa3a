/**
 * Who calls: the owner of the API key in `Authorization`, bare or after `Bearer`.
 *
 * A key is looked up by its SHA-256 and compared in constant time. Unknown, expired and revoked keys and those of
 * disabled or deleted people are all refused with the same words. Calls are counted per key; those without a good key
 * per address, so that guessing is slow and costs others nothing.
 */
import { timingSafeEqual } from 'node:crypto'
import { Problem } from '@headgate/core/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { findKeyOwner, type KeyOwner, touchKey } from '../db/api-key.ts'
import { hashKey } from '../directory/new-key.ts'
import type { World } from '../world.ts'
import type { Caller } from './serve.ts'

/**
 * The caller, or undefined where nobody needs to be signed in.
 * @throws Problem `key-missing`, `key-invalid`, `rate-limited`
 */
export type Authenticate = (request: FastifyRequest, needsKey: boolean) => Promise<Caller | undefined>

/** Needs `@fastify/rate-limit` to be registered. */
export function authentication(app: FastifyInstance, world: World): Authenticate {
  const perKey = limiter(app, request => `key ${request.caller?.sessionId}`)
  const perAddress = limiter(app, request => `address ${request.ip}`)
  return async (request, needsKey) => {
    if (!needsKey) {
      await perAddress(request)
      return undefined
    }
    const key = keyOf(request.headers.authorization)
    const owner = key === undefined ? undefined : await ownerOf(world, key)
    if (!owner) {
      await perAddress(request)
      throw new Problem(key === undefined ? 'key-missing' : 'key-invalid')
    }
    const caller = callerFor(owner, request)
    request.caller = caller
    await perKey(request)
    if (owner.lastUsedIsOld) await touchKey(world.db.kysely, owner.keyId)
    return caller
  }
}

function keyOf(authorization: string | undefined): string | undefined {
  const key = authorization?.replace(/^Bearer +/i, '').trim()
  return key === '' ? undefined : key
}

async function ownerOf(world: World, key: string): Promise<KeyOwner | undefined> {
  const hash = hashKey(key)
  const owner = await findKeyOwner(world.db.kysely, hash)
  return owner && timingSafeEqual(owner.hash, hash) ? owner : undefined
}

function callerFor(owner: KeyOwner, request: FastifyRequest): Caller {
  const narrowed = owner.keyPermissions
  return {
    type: 'user',
    id: owner.personId,
    userid: owner.userid,
    name: owner.name,
    permissions: new Set(owner.permissions.filter(permission => narrowed === null || narrowed.includes(permission))),
    keyIsNarrowed: narrowed !== null,
    ip: request.ip,
    requestId: request.id,
    sessionId: `api-key-${owner.keyId}`,
  }
}

function limiter(app: FastifyInstance, keyGenerator: (request: FastifyRequest) => string) {
  const limit = app.createRateLimit({ keyGenerator })
  return async (request: FastifyRequest): Promise<void> => {
    const { isAllowed, ...rest } = await limit(request)
    if (isAllowed || !('isExceeded' in rest) || !rest.isExceeded) return
    throw new Problem('rate-limited', { seconds: rest.ttlInSeconds })
  }
}
