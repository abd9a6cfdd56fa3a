/** Signed checkpoints: what is signed, to the byte, and whether a signature fits. Pure; the private key is handed in. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'

/** What the chain was at a time: whoever keeps it elsewhere can tell whether the chain was rewritten since. */
export interface Checkpoint {
  readonly tenantId: string
  readonly batch: number
  readonly position: number
  readonly hash: Buffer
  /** Milliseconds since 1970. */
  readonly at: number
  /** Id of the key that signs. */
  readonly key: number
}

/** As it is written outside: JSON with the statement as it was signed. */
export interface SignedCheckpoint {
  readonly statement: string
  /** base64 */
  readonly signature: string
  /** DER (SPKI) in base64. */
  readonly publicKey: string
}

export function printStatement(checkpoint: Checkpoint): string {
  const { tenantId, batch, position, hash, at, key } = checkpoint
  const lines = [
    'headgate audit checkpoint 1',
    `tenant ${tenantId}`,
    `batch ${batch}`,
    `position ${position}`,
    `hash ${hash.toString('hex')}`,
    `at ${new Date(at).toISOString()}`,
    `key ${key}`,
  ]
  return `${lines.join('\n')}\n`
}

/** Undefined: it is none of ours. */
export function readStatement(text: string): Checkpoint | undefined {
  const form =
    /^headgate audit checkpoint 1\ntenant (\S+)\nbatch (\d+)\nposition (\d+)\nhash ([0-9a-f]{64})\nat (\S+)\nkey (\d+)\n$/
  const [, tenantId = '', batch, position, hash = '', at = '', key] = form.exec(text) ?? []
  if (tenantId === '' || Number.isNaN(Date.parse(at))) return undefined
  return {
    tenantId,
    batch: Number(batch),
    position: Number(position),
    hash: Buffer.from(hash, 'hex'),
    at: Date.parse(at),
    key: Number(key),
  }
}

/** DER in base64: `privateKey` PKCS #8, `publicKey` SPKI. */
export function newSigningKey(): { readonly privateKey: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  }
}

export function signText(privateKey: string, text: string): Buffer {
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
  return sign(null, Buffer.from(text), key)
}

/** False also for what is no key or no signature at all. */
export function fits(publicKey: string, text: string, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519' && verify(null, Buffer.from(text), key, signature)
  } catch {
    return false
  }
}

/** What a key signs of the one that follows it. */
export function printSuccession(publicKey: string): string {
  return `headgate audit key 1\n${publicKey}\n`
}
