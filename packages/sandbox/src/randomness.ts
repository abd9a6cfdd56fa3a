/**
 * Where every random id and secret of the state comes from: a stream that follows from a seed of 32 bytes, so that a
 * command carried out again draws the same. Seeds themselves come from the operating system: guessing is hopeless.
 */
import { createHash, randomBytes } from 'node:crypto'

export interface Randomness {
  bytes(size: number): Buffer
  /** Version 4, as AWS's ids of grants, locations and people are. */
  uuid(): string
}

export const newSeed = (): Buffer => randomBytes(32)

/** SHA-256 of the seed and a counter, block after block: without the seed, no block tells anything of another. */
export function randomnessFrom(seed: Buffer): Randomness {
  let counter = 0
  let pool = Buffer.alloc(0)
  const bytes = (size: number): Buffer => {
    while (pool.length < size) {
      const block = createHash('sha256').update(seed).update(String(counter)).digest()
      pool = Buffer.concat([pool, block])
      counter++
    }
    const drawn = pool.subarray(0, size)
    pool = pool.subarray(size)
    return drawn
  }
  return { bytes, uuid: () => uuidFrom(bytes(16)) }
}

function uuidFrom(drawn: Buffer): string {
  const octets = Buffer.from(drawn)
  octets.writeUInt8((octets.readUInt8(6) & 0x0f) | 0x40, 6)
  octets.writeUInt8((octets.readUInt8(8) & 0x3f) | 0x80, 8)
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
