/**
 * Signature version 4 as the server sees it: recomputes what the client must have signed and compares in constant time.
 * Header and presigned-query signatures, session tokens, clock skew, body hashes, and the links of chunk signatures.
 * Never lets a request through on a guess: whatever can't be read or recomputed is a flaw.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type Caller, findCredentials } from './caller.ts'
import type { AuthFlaw, Signature } from './service.ts'
import type { Region, SandboxState } from './state.ts'
import { type Instant, queryValue, type WireRequest } from './wire.ts'

export interface CredentialScope {
  /** YYYYMMDD */
  readonly date: string
  readonly region: Region
  /** Signing name: `s3`, `sts`, … */
  readonly service: string
}

export interface Verified {
  readonly caller: Caller
  readonly signature: Signature
}

/** The scope a request claims, before anything is proven; undefined when it carries no (readable) signature. */
export function credentialScopeOf(request: WireRequest): CredentialScope | undefined {
  const claim = readClaim(request)
  return claim === undefined || 'flaw' in claim ? undefined : claim.scope
}

/** Undefined for a request that carries no signature at all. `now` is the server's clock. */
export function verifySignature(
  request: WireRequest,
  state: SandboxState,
  now: Instant,
): Verified | { readonly flaw: AuthFlaw } | undefined {
  const claim = readClaim(request)
  if (claim === undefined || 'flaw' in claim) return claim

  const found = findCredentials(state, claim.accessKeyId, claim.sessionToken, now)
  if ('flaw' in found) return found
  if (claim.expiresSeconds === undefined) {
    if (Math.abs(now - claim.signedAt) > MAX_SKEW_MS) return { flaw: 'clock-skew' }
  } else {
    if (claim.signedAt - now > MAX_SKEW_MS) return { flaw: 'clock-skew' }
    if (now > claim.signedAt + claim.expiresSeconds * 1000) return { flaw: 'presigned-expired' }
  }
  // An unsigned x-amz- header could change the meaning of a signed request on its way.
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith('x-amz-') && !claim.signedHeaders.includes(name)) return { flaw: 'unsigned-headers' }
  }

  const payload = payloadOf(request, claim)
  if (payload === undefined) return { flaw: 'wrong-body-hash' }
  const key = signingKey(found.secretAccessKey, claim.scope)
  const matches = canonicalPaths(request, claim.scope.service).some(path => {
    const canonical = canonicalRequest(request, claim, path, payload.hash)
    const toSign = `AWS4-HMAC-SHA256\n${claim.date}\n${scopeText(claim.scope)}\n${sha256(canonical)}`
    return equalInConstantTime(hmac(key, toSign).toString('hex'), claim.signature)
  })
  if (!matches) return { flaw: 'wrong-signature' }
  return { caller: found.caller, signature: signatureOf(claim, payload.kind, key) }
}

// What AWS tolerates between the two clocks.
const MAX_SKEW_MS = 15 * 60 * 1000
// Presigned URLs live a week at most.
const MAX_PRESIGNED_SECONDS = 7 * 24 * 3600

interface Claim {
  readonly accessKeyId: string
  readonly sessionToken: string | undefined
  readonly scope: CredentialScope
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** As signed: 20260102T030405Z */
  readonly date: string
  readonly signedAt: Instant
  /** Of a presigned URL. */
  readonly expiresSeconds: number | undefined
}

function readClaim(request: WireRequest): Claim | { readonly flaw: AuthFlaw } | undefined {
  const header = request.headers.authorization
  if (header !== undefined) return readHeaderClaim(header, request)
  if (queryValue(request, 'X-Amz-Signature') !== undefined) return readQueryClaim(request)
  return undefined
}

function readHeaderClaim(header: string, request: WireRequest): Claim | { readonly flaw: AuthFlaw } {
  if (!header.startsWith('AWS4-HMAC-SHA256 ')) return { flaw: 'malformed-signature' }
  const parts = new Map<string, string>()
  for (const part of header.slice('AWS4-HMAC-SHA256 '.length).split(',')) {
    const at = part.indexOf('=')
    if (at > 0) parts.set(part.slice(0, at).trim(), part.slice(at + 1).trim())
  }
  return readParts({
    credential: parts.get('Credential'),
    signedHeaders: parts.get('SignedHeaders'),
    signature: parts.get('Signature'),
    date: request.headers['x-amz-date'],
    sessionToken: request.headers['x-amz-security-token'],
    expires: undefined,
  })
}

function readQueryClaim(request: WireRequest): Claim | { readonly flaw: AuthFlaw } {
  if (queryValue(request, 'X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return { flaw: 'malformed-signature' }
  return readParts({
    credential: queryValue(request, 'X-Amz-Credential'),
    signedHeaders: queryValue(request, 'X-Amz-SignedHeaders'),
    signature: queryValue(request, 'X-Amz-Signature'),
    date: queryValue(request, 'X-Amz-Date'),
    sessionToken: queryValue(request, 'X-Amz-Security-Token'),
    expires: queryValue(request, 'X-Amz-Expires') ?? '',
  })
}

function readParts(parts: {
  readonly credential: string | undefined
  readonly signedHeaders: string | undefined
  readonly signature: string | undefined
  readonly date: string | undefined
  readonly sessionToken: string | undefined
  readonly expires: string | undefined
}): Claim | { readonly flaw: AuthFlaw } {
  const [accessKeyId, date, region, service, terminator, ...rest] = parts.credential?.split('/') ?? []
  const signedAt = readAmzDate(parts.date)
  const signedHeaders = parts.signedHeaders?.split(';') ?? []
  const isComplete =
    accessKeyId && date && region && service && terminator === 'aws4_request' && rest.length === 0 && parts.signature
  if (!isComplete || signedAt === undefined || !signedHeaders.includes('host')) return { flaw: 'malformed-signature' }
  if (!parts.date?.startsWith(date)) return { flaw: 'malformed-signature' }
  const expiresSeconds = parts.expires === undefined ? undefined : Number(parts.expires)
  if (expiresSeconds !== undefined && !(expiresSeconds >= 1 && expiresSeconds <= MAX_PRESIGNED_SECONDS)) {
    return { flaw: 'malformed-signature' }
  }
  return {
    accessKeyId,
    sessionToken: parts.sessionToken,
    scope: { date, region, service },
    signedHeaders,
    signature: parts.signature as string,
    date: parts.date,
    signedAt,
    expiresSeconds,
  }
}

function readAmzDate(text: string | undefined): Instant | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '')
  if (match === null) return undefined
  const at = Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}Z`)
  return Number.isNaN(at) ? undefined : at
}

const STREAMING_PAYLOADS: Readonly<Record<string, Signature['payload']>> = {
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': 'streaming-unsigned-trailer',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': 'streaming-signed',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': 'streaming-signed-trailer',
}

/** What stands in the canonical request for the body, and what that says of it; undefined when the hash is a lie. */
function payloadOf(request: WireRequest, claim: Claim): { hash: string; kind: Signature['payload'] } | undefined {
  const sent = request.headers['x-amz-content-sha256'] ?? queryValue(request, 'X-Amz-Content-Sha256')
  if (sent === undefined && claim.expiresSeconds !== undefined && claim.scope.service === 's3') {
    return { hash: 'UNSIGNED-PAYLOAD', kind: 'unsigned' }
  }
  if (sent === 'UNSIGNED-PAYLOAD') return { hash: sent, kind: 'unsigned' }
  const streaming = sent === undefined ? undefined : STREAMING_PAYLOADS[sent]
  if (sent !== undefined && streaming !== undefined) return { hash: sent, kind: streaming }
  const computed = request.body.length === 0 ? EMPTY_SHA256 : sha256(request.body)
  return sent === undefined || sent === computed ? { hash: computed, kind: 'whole' } : undefined
}

function canonicalRequest(request: WireRequest, claim: Claim, path: string, payloadHash: string): string {
  let headers = ''
  for (const name of claim.signedHeaders) {
    headers += `${name}:${(request.headers[name] ?? '').trim().replace(/ {2,}/g, ' ')}\n`
  }
  return `${request.method}\n${path}\n${canonicalQuery(request)}\n${headers}\n${claim.signedHeaders.join(';')}\n${payloadHash}`
}

/**
 * S3 signs the path encoded once, everything else twice. Clients of S3 disagree about which harmless characters they
 * leave bare, so both the normal form and the form as sent are tried; either one signs this very path.
 */
function canonicalPaths(request: WireRequest, service: string): string[] {
  if (service !== 's3') return [encodePath(request.rawPath)]
  let normal = request.rawPath
  try {
    normal = encodePath(decodeURIComponent(request.rawPath))
  } catch {
    // Not valid percent-encoding: only the form as sent can have been signed.
  }
  return normal === request.rawPath ? [normal] : [normal, request.rawPath]
}

function canonicalQuery(request: WireRequest): string {
  if (request.query.length === 0) return ''
  return request.query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const encodePath = (path: string): string => path.split('/').map(encodeStrictly).join('/')

const encodeStrictly = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

function signatureOf(claim: Claim, payload: Signature['payload'], key: Buffer): Signature {
  const link = (kind: string, rest: string): string =>
    hmac(key, `AWS4-HMAC-SHA256-${kind}\n${claim.date}\n${scopeText(claim.scope)}\n${rest}`).toString('hex')
  return {
    accessKeyId: claim.accessKeyId,
    payload,
    seed: claim.signature,
    chunkSignature: (previous, data) => link('PAYLOAD', `${previous}\n${EMPTY_SHA256}\n${sha256(data)}`),
    trailerSignature: (previous, trailer) => link('TRAILER', `${previous}\n${sha256(trailer)}`),
  }
}

const scopeText = (scope: CredentialScope): string => `${scope.date}/${scope.region}/${scope.service}/aws4_request`

// Deriving a key takes four HMACs; a client uses the same one all day.
const MAX_CACHED_KEYS = 1000
const signingKeys = new Map<string, Buffer>()

function signingKey(secret: string, scope: CredentialScope): Buffer {
  const name = `${secret}/${scopeText(scope)}`
  const cached = signingKeys.get(name)
  if (cached !== undefined) return cached
  let key: Buffer = Buffer.from(`AWS4${secret}`)
  for (const part of [scope.date, scope.region, scope.service, 'aws4_request']) key = hmac(key, part)
  if (signingKeys.size >= MAX_CACHED_KEYS) signingKeys.clear()
  signingKeys.set(name, key)
  return key
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex')
const EMPTY_SHA256 = sha256('')

function equalInConstantTime(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
