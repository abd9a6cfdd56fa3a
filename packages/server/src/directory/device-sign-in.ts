/**
 * A terminal that gets an API key because a person approved it in a browser (RFC 8628).
 *
 * The key is made when the terminal comes for it and told to it alone, once: nothing that was stored before lets anybody in.
 * Codes cannot be guessed: 25 billion of them, ten minutes each, and few tries a person.
 */
import { randomInt } from 'node:crypto'
import { Problem } from '@headgate/core/api'
import { type Act, type Actor, act } from '../db/act.ts'
import { insertKey, sayKeyMade } from '../db/api-key.ts'
import {
  decideDeviceSignIn,
  findByDevice,
  findByUserCode,
  insertDeviceSignIn,
  takeApproved,
} from '../db/device-sign-in.ts'
import { lockPerson, personTarget } from '../db/person.ts'
import type { World } from '../world.ts'
import { countDevice, countUserCode } from './attempt-limits.ts'
import { confinedTo, endOfKey, type KeyMaker, openerOf } from './confine-key.ts'
import { hashKey, newKey } from './new-key.ts'
import type { Client } from './session-cookie.ts'
import { originOf } from './start-session.ts'

type Deciding = Actor & KeyMaker

const livesMinutes = 10
/** Bounds what somebody can store without being anybody. */
const mostWaiting = 10_000
/** Of RFC 8628, 6.1: no vowels, so no words, and nothing that looks like something else. */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const dayMs = 24 * 3_600_000

/** @throws Problem `rate-limited` */
export async function beginDevice({ db }: Pick<World, 'db'>, device: string, client: Client) {
  await countDevice({ db }, client.ip)
  const { key: deviceCode, hash } = newKey('hgd_')
  const userCode = Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('')
  const asked = { hash, userCode, device, ip: client.ip, minutes: livesMinutes }
  const expiresAt = await insertDeviceSignIn(db.kysely, asked, mostWaiting)
  if (expiresAt === undefined) throw new Problem('rate-limited', { seconds: 60 })
  return { deviceCode, userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}`, expiresAt }
}

/** @throws Problem `device-sign-in-not-found`, `user-disabled`, `user-not-found` */
export async function pollDevice({ db }: Pick<World, 'db'>, deviceCode: string, client: Client) {
  const hash = hashKey(deviceCode)
  const found = await findByDevice(db.kysely, hash)
  if (!found) throw new Problem('device-sign-in-not-found', {})
  const { verdict, personId, userid, name } = found
  if (verdict === null || personId === null || userid === null || name === null) return { state: 'waiting' as const }
  if (verdict === 'deny') return { state: 'denied' as const }
  const actor: Actor = { type: 'user', id: personId, userid, name, ...originOf(client) }
  const { result } = await act(db, actor, doing => makeKey(doing, hash))
  return { state: 'approved' as const, ...result }
}

async function makeKey(doing: Act, deviceHash: Buffer) {
  const taken = await takeApproved(doing.tx, deviceHash)
  if (!taken || taken.personId === null || taken.keyExpiresAt === null) {
    throw new Problem('device-sign-in-not-found', {})
  }
  const owner = await lockPerson(doing.tx, taken.personId)
  if (owner.disabled) throw new Problem('user-disabled', { userid: owner.userid })
  const { key, hash } = newKey()
  const made = await insertKey(doing.tx, {
    person: owner.id,
    name: `headgate login on ${taken.device}`.slice(0, 255),
    hash,
    permissions: taken.permissions,
    expiresAt: new Date(taken.keyExpiresAt),
    openedBy: taken.openedBy,
  })
  sayKeyMade(doing, personTarget(owner), made)
  const { userid, name } = owner
  return { key, keyId: made.id, expiresAt: new Date(taken.keyExpiresAt).toISOString(), user: { userid, name } }
}

/** @throws Problem `device-sign-in-not-found`, `rate-limited` */
export async function lookAtDevice({ db }: Pick<World, 'db'>, typed: string, by: Deciding) {
  const tries = await countUserCode({ db }, by.id)
  const found = await findByUserCode(db.kysely, plain(typed))
  if (!found) throw new Problem('device-sign-in-not-found', {})
  await tries.forgive()
  return found
}

/** @throws Problem `device-sign-in-not-found`, `rate-limited` */
export async function decideOnDevice(
  { db }: Pick<World, 'db'>,
  {
    userCode,
    verdict,
    days,
  }: { readonly userCode: string; readonly verdict: 'approve' | 'deny'; readonly days: number },
  by: Deciding,
): Promise<void> {
  const tries = await countUserCode({ db }, by.id)
  await act(db, by, async doing => {
    const keyExpiresAt = endOfKey(new Date(doing.now + days * dayMs), by)
    const approval =
      verdict === 'deny' ? null : { permissions: confinedTo(by), keyExpiresAt, openedBy: openerOf(by, by.id) }
    const decided = await decideDeviceSignIn(doing.tx, plain(userCode), by.id, approval)
    if (!decided) throw new Problem('device-sign-in-not-found', {})
    doing.audit({
      action: verdict === 'deny' ? 'DENY' : 'APPROVE',
      targetType: 'USER',
      targets: [{ type: 'USER', id: String(by.id), name: by.userid }],
      payload: { type: verdict === 'deny' ? 'DeviceSignInDenied' : 'DeviceSignInApproved', ...decided },
    })
  })
  await tries.forgive()
}

function plain(typed: string): string {
  return typed.toUpperCase().replaceAll(/[^A-Z]/g, '')
}
