/** The keys of an identity provider, told at the desk: AWS fetches them from the issuer's URL, the sandbox goes nowhere. */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { readFields, readList, readText } from './fields.ts'
import type { World } from './service.ts'

/** `{ issuerUrl, keys }`, the keys as in a JSON Web Key Set; they take the place of earlier ones. Throws TypeError. */
export function setIssuerKeys({ state }: World, asked: unknown): object {
  const fields = readFields(asked, 'body', ['issuerUrl', 'keys'])
  const issuerUrl = readText(fields, 'issuerUrl')
  state.issuerKeys.set(issuerUrl, readList(fields, 'keys', readKey))
  return {}
}

function readKey(item: unknown, name: string): JsonWebKey {
  try {
    // Only what is public is kept, whatever was sent.
    const publicKey = createPublicKey({ key: item as JsonWebKey, format: 'jwk' }).export({ format: 'jwk' })
    const { kid } = item as { readonly kid?: unknown }
    return { ...publicKey, ...(typeof kid === 'string' && { kid }) }
  } catch {
    throw new TypeError(`\`${name}\` is not a public JSON Web Key`)
  }
}
