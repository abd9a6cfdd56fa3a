/**
 * Secrets at rest: each is encrypted with a key of its own (AES-256-GCM), and that key with the server's key.
 *
 * A sealed secret opens only for the row it was sealed for: the row's identity (`context`) is authenticated with it,
 * so a value copied to another row is refused. Rotation re-wraps the small key and leaves the secret where it is.
 * Neither a secret nor a key is ever part of an error.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Plain JSON, to be stored in the row; every text but `key` is base64 of nonce (12), tag (16), ciphertext. */
export interface Sealed {
  readonly format: 1
  /** Id of the server key that wraps `dataKey`. */
  readonly key: string
  readonly dataKey: string
  readonly text: string
}

export interface Vault {
  /** `context` names the row for good, e.g. `integration/5/awsSecretAccessKey`. */
  seal(secret: string, context: string): Sealed
  /** Throws when the key is unknown, the context is another, or a byte was changed. */
  open(sealed: Sealed, context: string): string
  /** The same secret under the newest key; the row as it is when that wraps it already. */
  rewrap(sealed: Sealed, context: string): Sealed
}

/** Seals with the first key; opens with any. Keys are 32 bytes. */
export function createVault(keys: readonly [newest: Buffer, ...older: Buffer[]]): Vault {
  const byId = new Map(keys.map(key => [keyId(key), key]))
  const newest = keys[0]

  const unwrap = (sealed: Sealed, context: string): Buffer => {
    const key = byId.get(sealed.key)
    if (!key) throw new Error(`secret of \`${context}\` was sealed with key \`${sealed.key}\`, which is not configured`)
    return decrypt(key, sealed.dataKey, `data-key\n${sealed.key}\n${context}`, context)
  }
  const wrap = (dataKey: Buffer, context: string): Pick<Sealed, 'key' | 'dataKey'> => {
    const key = keyId(newest)
    return { key, dataKey: encrypt(newest, dataKey, `data-key\n${key}\n${context}`) }
  }
  return {
    seal(secret, context) {
      const dataKey = randomBytes(32)
      const text = encrypt(dataKey, Buffer.from(secret, 'utf8'), `secret\n${context}`)
      return { format: 1, ...wrap(dataKey, context), text }
    },
    open(sealed, context) {
      return decrypt(unwrap(sealed, context), sealed.text, `secret\n${context}`, context).toString('utf8')
    },
    rewrap(sealed, context) {
      if (sealed.key === keyId(newest)) return sealed
      return { ...sealed, ...wrap(unwrap(sealed, context), context) }
    },
  }
}

export interface KeySource {
  /** HEADGATE_ENCRYPTION_KEY: 32 bytes in base64. */
  readonly encryptionKey?: string | undefined
  /** HEADGATE_ENCRYPTION_KEYS_OLD: those before it, separated by commas. */
  readonly oldKeys?: string | undefined
  /** DATABASE_URL; undefined means the embedded database. */
  readonly databaseUrl?: string | undefined
  readonly dataDir: string
}

/**
 * The newest key first: the configured one; else, with the embedded database only, the one in
 * `<dataDir>/encryption-key`, made on first use. Then the older ones; with the embedded database, its own is among them.
 */
export async function encryptionKeys(source: KeySource): Promise<[newest: Buffer, ...older: Buffer[]]> {
  const { encryptionKey, oldKeys = '', databaseUrl, dataDir } = source
  const older = oldKeys
    .split(',')
    .map(text => text.trim())
    .filter(text => text !== '')
    .map(text => parseKey(text, 'HEADGATE_ENCRYPTION_KEYS_OLD'))
  if (encryptionKey === undefined) {
    if (databaseUrl === undefined) return [await ownKey(dataDir), ...older]
    throw new Error('with DATABASE_URL set, HEADGATE_ENCRYPTION_KEY is needed: set it to 32 random bytes in base64')
  }
  const newest = parseKey(encryptionKey, 'HEADGATE_ENCRYPTION_KEY')
  const isOwnThere = databaseUrl === undefined && (await stat(ownKeyFile(dataDir)).catch(() => undefined))
  return [newest, ...older, ...(isOwnThere ? [await ownKey(dataDir)] : [])]
}

function ownKeyFile(dataDir: string): string {
  return join(dataDir, 'encryption-key')
}

async function ownKey(dataDir: string): Promise<Buffer> {
  const file = ownKeyFile(dataDir)
  const found = await stat(file).catch(() => undefined)
  if (!found) {
    await mkdir(dataDir, { recursive: true })
    const draft = `${file}.${randomBytes(6).toString('hex')}`
    await writeFile(draft, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true })
    // A link appears whole and never replaces: of two first starts, one key wins for both.
    await link(draft, file)
      .catch(error => {
        if (error.code !== 'EEXIST') throw error
      })
      .finally(() => rm(draft))
  } else if ((found.mode & 0o077) !== 0) {
    throw new Error(`\`${file}\` can be read by others: make it private with \`chmod 600\``)
  }
  return parseKey((await readFile(file, 'utf8')).trim(), `\`${file}\``)
}

function parseKey(text: string, where: string): Buffer {
  const key = Buffer.from(text, 'base64')
  // Node ignores what is not base64; printing it again shows whether anything was ignored.
  if (key.length !== 32 || key.toString('base64') !== text) throw new Error(`${where} is not 32 bytes in base64`)
  return key
}

/** Names a key without telling anything about it. */
function keyId(key: Buffer): string {
  return createHmac('sha256', key).update('headgate key id').digest('hex').slice(0, 16)
}

function encrypt(key: Buffer, plain: Buffer, bound: string): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(bound, 'utf8'))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64')
}

function decrypt(key: Buffer, text: string, bound: string, context: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
    cipher.setAAD(Buffer.from(bound, 'utf8')).setAuthTag(bytes.subarray(12, 28))
    return Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()])
  } catch {
    // No cause: it could only say less, and nothing of the value may travel with an error.
    throw new Error(`secret of \`${context}\` does not open: it was changed, or belongs to another row`)
  }
}
