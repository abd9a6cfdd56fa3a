/**
 * Makes signed checkpoints and the keys that sign them. The private key is opened from the vault for one signature and
 * kept nowhere. A checkpoint is never made for a chain that the one before covers already.
 */
import { type Act, type Actor, act, system } from '../db/act.ts'
import { headOf, insertCheckpoint, listCheckpoints, type StoredCheckpoint } from '../db/audit-checkpoint.ts'
import {
  insertSigningKey,
  keySecrets,
  lockNewestKey,
  noKeyYet,
  replaceKeySecret,
  type SigningKey,
} from '../db/audit-key.ts'
import type { World } from '../world.ts'
import { newSigningKey, printStatement, printSuccession, signText } from './statement.ts'

type Signs = Pick<World, 'db' | 'vault'>

/** The first key, where there is none yet. */
export async function ensureSigningKey({ db, vault }: Signs): Promise<void> {
  await act(db, system, async doing => {
    if (await lockNewestKey(doing.tx)) return
    await insertSigningKey(doing, freshKey(vault).row)
  })
}

/** A new key, named and signed by the one before it. */
export async function rotateSigningKey(world: Signs, actor: Actor): Promise<SigningKey> {
  const { result } = await act(world.db, actor, doing => succeed(world, doing))
  return result
}

async function succeed({ vault }: Signs, doing: Act): Promise<SigningKey> {
  const newest = await lockNewestKey(doing.tx)
  if (!newest) throw noKeyYet()
  const { row, publicKey } = freshKey(vault)
  const signature = signText(vault.open(newest.sealed, secretContext(newest.key.publicKey)), printSuccession(publicKey))
  return insertSigningKey(doing, { ...row, follows: { key: newest.key, signature } })
}

/**
 * A checkpoint of all that is sealed, if anything was since the last one, and that is at least so old.
 * @param olderThanMs 0: whatever its age
 */
export async function makeCheckpoint({ db, vault }: Signs, olderThanMs: number): Promise<StoredCheckpoint | undefined> {
  return db.transaction(async tx => {
    const newest = await lockNewestKey(tx)
    const head = await headOf(tx)
    if (!newest || !head) return undefined
    const [last] = await listCheckpoints(tx, 1)
    if (last && (last.batch === head.batch || head.now - last.at < olderThanMs)) return undefined
    const { key, sealed } = newest
    const statement = printStatement({ ...head, at: head.now, key: key.id })
    const signature = signText(vault.open(sealed, secretContext(key.publicKey)), statement).toString('base64')
    const { batch, position, now: at } = head
    return insertCheckpoint(tx, { batch, position, at, key: key.id, statement, signature, publicKey: key.publicKey })
  })
}

/** Every private key under the newest encryption key; one that does not open is told and left as it is. */
export async function rewrapSigningKeys(
  { db, vault }: Signs,
  onFailure: (key: number, error: unknown) => void,
): Promise<number> {
  let wrapped = 0
  for (const { id, publicKey, sealed } of await keySecrets(db.kysely)) {
    try {
      const now = vault.rewrap(sealed, secretContext(publicKey))
      if (now === sealed) continue
      await replaceKeySecret(db.kysely, id, now)
      wrapped += 1
    } catch (error) {
      onFailure(id, error)
    }
  }
  return wrapped
}

function freshKey(vault: Signs['vault']) {
  const { privateKey, publicKey } = newSigningKey()
  return { publicKey, row: { publicKey, sealed: vault.seal(privateKey, secretContext(publicKey)) } }
}

function secretContext(publicKey: string): string {
  return `audit-key/${publicKey}/privateKey`
}
