/**
 * How the audit trail is chained, to the byte. Pure: whoever seals and whoever verifies call these same functions.
 *
 * An event's hash is that of its canonical text. A batch covers a run of positions and carries the hash over those of
 * its events and the hash of the batch before it, so no event can be changed, taken, put in or moved without a hash
 * that no longer fits, from there to the end. `docs/audit.md` says the same in words, for who writes a verifier.
 */
import { createHash, hash } from 'node:crypto'

export interface Batch {
  /** 1, 2, 3… */
  readonly number: number
  /** Milliseconds since 1970. */
  readonly sealedAt: number
  readonly firstPosition: number
  readonly lastPosition: number
  readonly previousHash: Buffer
  /** Over the hashes of its events, in order. */
  readonly eventsHash: Buffer
}

/** What the first batch follows. */
export const nothingBefore = Buffer.alloc(32)

export function hashOfEvent(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

export function hashOfEvents(hashes: Iterable<Buffer>): Buffer {
  const all = createHash('sha256')
  for (const one of hashes) all.update(one)
  return all.digest()
}

export function hashOfBatch(batch: Batch): Buffer {
  const lines = [
    'headgate audit batch 1',
    `number ${batch.number}`,
    `sealed ${new Date(batch.sealedAt).toISOString()}`,
    `positions ${batch.firstPosition} ${batch.lastPosition}`,
    `previous ${batch.previousHash.toString('hex')}`,
    `events ${batch.eventsHash.toString('hex')}`,
  ]
  return hash('sha256', `${lines.join('\n')}\n`, 'buffer')
}
