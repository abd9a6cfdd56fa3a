/**
 * The token of an identity provider, as CreateTokenWithIAM is given it: a JSON Web Token, checked against the keys of
 * its issuer. Only what AWS takes: RS256 and ES256, never a token without signature.
 */
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import type { Input } from '../json-protocol.ts'
import type { Instant } from '../wire.ts'

export type Claims = Input & { readonly iss: string; readonly aud: readonly string[] }

/** The issuer that the token names, unchecked: it tells which keys to check it with. */
export function issuerOf(token: string): string | undefined {
  const { iss } = readPart(token.split('.')[1]) ?? {}
  return typeof iss === 'string' ? iss : undefined
}

/** The claims, or what is wrong with the token. */
export function readAssertion(token: string, keys: readonly JsonWebKey[], now: Instant): Claims | string {
  const [head = '', body = '', signature = '', ...more] = token.split('.')
  const [header, claims] = [readPart(head), readPart(body)]
  if (!header || !claims || signature === '' || more.length > 0) return 'Assertion is malformed'
  const isSigned = keys
    .filter(key => header.kid === undefined || key.kid === header.kid)
    .some(key => isSignedBy(key, header.alg, `${head}.${body}`, Buffer.from(signature, 'base64url')))
  if (!isSigned) return 'Assertion signature is invalid'
  const { iss, aud, exp, nbf } = claims
  if (typeof exp !== 'number' || exp * 1000 <= now) return 'Assertion is expired'
  if (typeof nbf === 'number' && nbf * 1000 > now) return 'Assertion is not valid yet'
  return { ...claims, iss: String(iss), aud: (Array.isArray(aud) ? aud : [aud]).map(String) }
}

function isSignedBy(key: JsonWebKey, algorithm: unknown, signed: string, signature: Buffer): boolean {
  const family = algorithm === 'RS256' ? 'RSA' : algorithm === 'ES256' ? 'EC' : undefined
  if (family === undefined || key.kty !== family) return false
  const publicKey = { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const
  return verify('sha256', Buffer.from(signed), publicKey, signature)
}

function readPart(part: string | undefined): Input | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Input) : undefined
  } catch {
    return undefined
  }
}
