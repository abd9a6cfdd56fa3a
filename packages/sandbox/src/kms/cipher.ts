/** Encrypt, Decrypt and data keys: AES-256-GCM, bound to the key and to the encryption context. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { type Input, objectMember, requiredText } from '../json-protocol.ts'
import type { Randomness } from '../randomness.ts'
import type { KmsKey } from '../state.ts'
import { AwsError } from '../wire.ts'
import { authorizeKey, findKey, type KmsCall, requireKey, requireUsable } from './kms-call.ts'

export function encrypt(asked: KmsCall): Input {
  const key = usableKey(asked)
  const plain = Buffer.from(requiredText(asked.input, 'Plaintext'), 'base64')
  if (plain.length > 4096) throw new AwsError('ValidationException', 400, 'Plaintext must be at most 4096 bytes')
  return { CiphertextBlob: seal(key, plain, asked), KeyId: key.arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
}

export function decrypt(asked: KmsCall): Input {
  const { call, world, input } = asked
  const blob = Buffer.from(requiredText(input, 'CiphertextBlob'), 'base64')
  const arn = blob.subarray(1, 1 + (blob[0] ?? 0)).toString()
  const sealedWith = world.state.kmsKeys.get(arn)
  if (!sealedWith) throw invalidCiphertext()
  const named =
    input.KeyId === undefined
      ? sealedWith
      : findKey(world, requiredText(input, 'KeyId'), call.caller.account, call.region)
  if (named !== sealedWith) {
    throw new AwsError(
      'IncorrectKeyException',
      400,
      'The key ID in the request does not identify a CMK that can perform this operation.',
    )
  }
  authorizeKey(world, call.caller, sealedWith, 'kms:Decrypt', contextKeys(input))
  requireUsable(sealedWith)
  const plain = open(sealedWith, blob.subarray(1 + arn.length), input)
  return { Plaintext: plain.toString('base64'), KeyId: arn, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
}

export function generateDataKey(asked: KmsCall): Input {
  const { plain, ...rest } = dataKey(asked)
  return { ...rest, Plaintext: plain.toString('base64') }
}

export function generateDataKeyWithoutPlaintext(asked: KmsCall): Input {
  const { plain: _, ...rest } = dataKey(asked)
  return rest
}

function dataKey(asked: KmsCall) {
  const key = usableKey(asked)
  const plain = asked.world.random.bytes(lengthOf(asked.input))
  return { CiphertextBlob: seal(key, plain, asked), plain, KeyId: key.arn }
}

function lengthOf({ KeySpec, NumberOfBytes }: Input): number {
  if (KeySpec === 'AES_256' && NumberOfBytes === undefined) return 32
  if (KeySpec === 'AES_128' && NumberOfBytes === undefined) return 16
  const isLength = typeof NumberOfBytes === 'number' && Number.isInteger(NumberOfBytes)
  if (KeySpec === undefined && isLength && NumberOfBytes >= 1 && NumberOfBytes <= 1024) return NumberOfBytes
  throw new AwsError('ValidationException', 400, 'Please specify either number of bytes or key spec.')
}

function usableKey(asked: KmsCall): KmsKey {
  const key = requireKey(asked, contextKeys(asked.input))
  requireUsable(key)
  return key
}

function seal(
  { arn, material }: KmsKey,
  plain: Buffer,
  { world, input }: { world: { random: Randomness }; input: Input },
): string {
  const nonce = world.random.bytes(12)
  const cipher = createCipheriv('aes-256-gcm', material, nonce).setAAD(boundTo(input))
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([Buffer.from([arn.length]), Buffer.from(arn), nonce, cipher.getAuthTag(), body]).toString(
    'base64',
  )
}

function open({ material }: KmsKey, sealed: Buffer, input: Input): Buffer {
  try {
    const cipher = createDecipheriv('aes-256-gcm', material, sealed.subarray(0, 12), { authTagLength: 16 })
    cipher.setAAD(boundTo(input)).setAuthTag(sealed.subarray(12, 28))
    return Buffer.concat([cipher.update(sealed.subarray(28)), cipher.final()])
  } catch {
    throw invalidCiphertext()
  }
}

/** The encryption context has no order. */
function boundTo(input: Input): Buffer {
  return Buffer.from(JSON.stringify(contextOf(input).toSorted()))
}

function contextKeys(input: Input): Record<string, string> {
  return Object.fromEntries(contextOf(input).map(([key, value]) => [`kms:EncryptionContext:${key}`, value]))
}

function contextOf(input: Input): [string, string][] {
  return Object.entries(objectMember(input, 'EncryptionContext')).map(([key, value]) => [key, String(value)])
}

const invalidCiphertext = (): AwsError => new AwsError('InvalidCiphertextException', 400, 'The ciphertext is invalid.')
