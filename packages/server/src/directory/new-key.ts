/** How API keys and other secrets of ours are made and recognised. One is known to whoever got it and to nobody else. */
import { createHash, randomBytes } from 'node:crypto'

export interface NewKeySecret {
  /** To be shown once. */
  readonly key: string
  /** SHA-256 of the key: what is stored. A key of 256 random bits needs no slow hash. */
  readonly hash: Buffer
}

/**
 * The prefix and 256 random bits; the prefix lets scanners of leaked secrets find it.
 * @param prefix default `hg_`, an API key
 */
export function newKey(prefix = 'hg_'): NewKeySecret {
  const key = `${prefix}${randomBytes(32).toString('base64url')}`
  return { key, hash: hashKey(key) }
}

export function hashKey(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest()
}
