import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { createVault, encryptionKeys, type Sealed } from '../../src/secrets.ts'

const row = 'integration/5/awsSecretAccessKey'

test('a sealed secret opens again, whatever its text', () => {
  const vault = createVault([randomBytes(32)])
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (secret, context) => {
      const stored: Sealed = JSON.parse(JSON.stringify(vault.seal(secret, context)))
      assert.equal(vault.open(stored, context), secret)
    }),
  )
})

test('what is stored shows nothing of the secret, and never the same twice', () => {
  const vault = createVault([randomBytes(32)])
  const [one, two] = [vault.seal('correct horse battery', row), vault.seal('correct horse battery', row)]
  assert.notEqual(one.text, two.text)
  assert.notEqual(one.dataKey, two.dataKey)
  for (const text of [one.text, one.dataKey]) {
    assert.ok(!Buffer.from(text, 'base64').includes('horse'))
  }
})

test('a secret copied to another row does not open', () => {
  const vault = createVault([randomBytes(32)])
  const sealed = vault.seal('s3cret', row)
  assert.throws(() => vault.open(sealed, 'integration/6/awsSecretAccessKey'), /belongs to another row/)
})

test('a wrong key does not open, even one that claims the right name', () => {
  const sealed = createVault([randomBytes(32)]).seal('s3cret', row)
  const other = createVault([randomBytes(32)])
  assert.throws(() => other.open(sealed, row), /not configured/)
  assert.throws(() => other.open({ ...sealed, key: other.seal('x', row).key }, row), /does not open/)
})

test('any changed or cut byte is noticed', () => {
  const vault = createVault([randomBytes(32)])
  const sealed = vault.seal('s3cret', row)
  for (const field of ['text', 'dataKey'] as const) {
    const bytes = Buffer.from(sealed[field], 'base64')
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.throws(() => vault.open({ ...sealed, [field]: changed.toString('base64') }, row), /does not open/)
      const cut = bytes.subarray(0, at).toString('base64')
      assert.throws(() => vault.open({ ...sealed, [field]: cut }, row), /does not open/)
    }
  }
})

test('rotation re-wraps the data key and leaves the ciphertext', () => {
  const [older, newer] = [randomBytes(32), randomBytes(32)]
  const sealed = createVault([older]).seal('s3cret', row)
  const rotating = createVault([newer, older])
  const rewrapped = rotating.rewrap(sealed, row)
  assert.equal(rewrapped.text, sealed.text)
  assert.notEqual(rewrapped.key, sealed.key)
  assert.equal(createVault([newer]).open(rewrapped, row), 's3cret')
  assert.throws(() => createVault([older]).open(rewrapped, row), /not configured/)
  assert.deepEqual(rotating.rewrap(rewrapped, row), rewrapped)
  assert.throws(() => rotating.rewrap(sealed, 'integration/6/awsSecretAccessKey'), /belongs to another row/)
})

test('no error carries the secret or a key', () => {
  const [key, other] = [randomBytes(32), randomBytes(32)]
  const sealed = createVault([key]).seal('correct-horse-battery', row)
  const forbidden = ['correct-horse', key.toString('base64'), key.toString('hex'), sealed.text, sealed.dataKey]
  const attempts = [
    () => createVault([other]).open(sealed, row),
    () => createVault([key]).open(sealed, 'elsewhere'),
    () => createVault([key]).open({ ...sealed, text: sealed.dataKey }, row),
    () => createVault([other, key]).rewrap(sealed, 'elsewhere'),
  ]
  for (const attempt of attempts) {
    assert.throws(attempt, error => {
      const shown = inspect(error, { depth: null })
      return error instanceof Error && forbidden.every(text => !shown.includes(text))
    })
  }
})

test('a configured key must be 32 bytes of base64, and is not repeated when it is not', async () => {
  const given = randomBytes(32)
  const source = { databaseUrl: 'postgres://db', dataDir: '/nonexistent' }
  assert.deepEqual(await encryptionKeys({ ...source, encryptionKey: given.toString('base64') }), [given])
  for (const bad of [
    '',
    'short',
    randomBytes(31).toString('base64'),
    given.toString('hex'),
    `${given.toString('base64')}!`,
  ]) {
    await assert.rejects(encryptionKeys({ ...source, encryptionKey: bad }), error => {
      assert.ok(error instanceof Error && /HEADGATE_ENCRYPTION_KEY is not 32 bytes in base64/.test(error.message))
      return bad === '' || !inspect(error).includes(bad)
    })
  }
})

test('older keys come after the newest, and are checked like it', async () => {
  const [newest, one, two] = [randomBytes(32), randomBytes(32), randomBytes(32)]
  const text = (key: Buffer) => key.toString('base64')
  const source = { databaseUrl: 'postgres://db', dataDir: '/nonexistent', encryptionKey: text(newest) }
  assert.deepEqual(await encryptionKeys({ ...source, oldKeys: `${text(one)}, ${text(two)}` }), [newest, one, two])
  await assert.rejects(encryptionKeys({ ...source, oldKeys: 'short' }), /HEADGATE_ENCRYPTION_KEYS_OLD is not 32 bytes/)
})

test('with DATABASE_URL a missing key is refused', async () => {
  await assert.rejects(
    encryptionKeys({ databaseUrl: 'postgres://db', dataDir: '/nonexistent' }),
    /HEADGATE_ENCRYPTION_KEY/,
  )
})

test('with the embedded database a private key is made once and kept', async t => {
  const dataDir = await mkdtemp(join(tmpdir(), 'headgate-key-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const keys = await Promise.all(Array.from({ length: 8 }, () => encryptionKeys({ dataDir })))
  for (const key of keys) assert.deepEqual(key, keys[0])
  const [first] = keys[0] ?? []
  const file = join(dataDir, 'encryption-key')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal(await readFile(file, 'utf8'), `${first?.toString('base64')}\n`)
  const given = randomBytes(32)
  const configured = await encryptionKeys({ dataDir, encryptionKey: given.toString('base64') })
  assert.deepEqual(configured, [given, first], 'what its own key wrapped still opens')
  await chmod(file, 0o644)
  await assert.rejects(encryptionKeys({ dataDir }), /chmod 600/)
  await chmod(file, 0o600)
  await writeFile(file, 'nonsense')
  await assert.rejects(encryptionKeys({ dataDir }), /is not 32 bytes in base64/)
})
