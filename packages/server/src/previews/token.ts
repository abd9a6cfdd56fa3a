/**
 * Tokens of previews: what ties a write to what its caller was shown.
 *
 * A token is good for the writes that were previewed and for no others, for its owner, for 15 minutes, and for each write
 * once, in their order. The write is refused when somebody would gain or lose who was not in the preview of that write;
 * anything else may have moved. A refused write does not use it up.
 */
import { createHash, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import { beyond, type Moves, supposing } from '@headgate/core'
import { api, type Endpoint, Problem } from '@headgate/core/api'
import type { Actor } from '../db/act.ts'
import { findToken, insertToken, type NewToken, useToken } from '../db/preview-token.ts'
import type { Parsed } from '../http/parse.ts'
import type { Caller } from '../http/serve.ts'
import { realChanges } from '../live-index/apply.ts'
import type { World } from '../world.ts'
import { newsIn } from './rehearse-writes.ts'
import { hashOfWrite } from './writes.ts'

const [deflate, inflate] = [promisify(deflateRaw), promisify(inflateRaw)]

const minutes = 15 // 04

/** What a token is given for: each write, with who gains and loses by it. */
export interface Shown extends Pick<NewToken, 'actor' | 'sequence' | 'digest'> {
  readonly changes: readonly { readonly hash: Buffer; readonly moves: Moves }[]
}

export async function giveToken({ db }: World, { changes, ...shown }: Shown) {
  const token = `pv_${randomBytes(32).toString('base64url')}`
  const packed: NewToken['changes'][number][] = []
  for (const { hash, moves } of changes) packed.push({ writeHash: hash, moves: await pack(moves) })
  const expiresAt = await insertToken(db, { ...shown, hash: hashOf(token), minutes, changes: packed })
  return { token, expiresAt: new Date(expiresAt).toISOString() }
}

export type Confirm = NonNullable<Actor['confirm']>

/**
 * What holds a write against its preview, last before it is stored.
 * @throws Problem `preview-not-taken`, `preview-unknown`, `preview-expired`, `preview-used`, `preview-other-change`; when called,
 *   `preview-stale` and, when another write with the token was quicker, `preview-used`
 */
export async function confirmation(
  { db, index: live }: World,
  endpoint: Endpoint,
  parsed: Parsed,
  caller: Caller,
  token: string,
): Promise<Confirm> {
  if (!endpoint.ifPreview) throw notTaken(endpoint)
  const hash = hashOf(token)
  const found = await findToken(db, hash)
  // Another's is told of in no other way than one that never was.
  if (found?.actor !== caller.id) throw new Problem('preview-unknown')
  if (!found.next) throw new Problem('preview-used')
  if (found.isExpired) throw new Problem('preview-expired', { at: new Date(found.expiresAt).toISOString() })
  const { position, writeHash, moves } = found.next
  if (!writeHash.equals(hashOfWrite(endpoint, parsed))) throw new Problem('preview-other-change', { position })
  const shown = await unpack(moves)
  // So that there is little left to catch up with while others wait.
  await live.fresh()
  return async (tx, changes) => {
    if (!(await useToken(tx, hash, position))) throw new Problem('preview-used')
    const { principalOwners } = await live.fresh()
    const news = await newsIn(tx, principalOwners, changes)
    // As of the last change before this one: nobody else stores anything until this is decided.
    const { index } = await live.fresh()
    const stray = supposing(index, realChanges(index, news), supposed => beyond(supposed, shown))
    if (stray.gaining + stray.losing > 0) throw new Problem('preview-stale', { ...stray })
  }
}

function notTaken({ method, path }: Endpoint): Problem {
  const all = Object.values(api).flatMap(resource => Object.values<Endpoint>(resource))
  const routes = all.filter(one => one.ifPreview).map(one => `${one.method} ${one.path}`)
  return new Problem('preview-not-taken', { method, path, routes: routes.join(', ') })
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest()
}

function pack(moves: Moves): Promise<Buffer> {
  // Ascending ids as steps, which compress well.
  const people = moves.people.map(ids => ids.map((id, at) => id - (ids[at - 1] ?? 0)))
  // The lowest level: a quarter more bytes in a fifth of the time, and most tokens are never used.
  return deflate(JSON.stringify({ ...moves, people }), { level: 1 })
}

async function unpack(packed: Buffer): Promise<Moves> {
  const stored: Moves = JSON.parse((await inflate(packed)).toString('utf8'))
  const people = stored.people.map(steps => {
    let id = 0
    return steps.map(step => (id += step))
  })
  return { ...stored, people }
}
