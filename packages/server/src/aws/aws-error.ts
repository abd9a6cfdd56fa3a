/**
 * What can go wrong in a call to AWS, told apart once: every error of the SDK becomes an `AwsFailure` here, and whoever
 * called decides by its `kind` alone. Never retries, and never lets a request, a header or a secret into a message.
 */
import { Problem } from '@headgate/core/api'

/**
 * | kind            | means                                                                 | try again            |
 * |-----------------|-----------------------------------------------------------------------|----------------------|
 * | `throttled`     | too many calls: nothing was done                                      | slower               |
 * | `unreachable`   | no connection came about: nothing was done                            | later                |
 * | `lostAnswer`    | sent, but not answered or answered with a 5xx: done or not, look it up | after looking        |
 * | `eventual`      | AWS has not yet heard of what was just made or removed                | soon, with a cap     |
 * | `quota`         | a limit of the account is reached                                     | when it was raised   |
 * | `notFound`      | there is no such thing                                                | no                   |
 * | `alreadyExists` | there is one already, perhaps ours: look it up                        | no                   |
 * | `denied`        | these credentials may not, or are wrong                               | when somebody acted  |
 * | `refused`       | anything else that AWS will not do                                    | no                   |
 */
export type AwsFailureKind =
  | 'throttled'
  | 'unreachable'
  | 'lostAnswer'
  | 'eventual'
  | 'quota'
  | 'notFound'
  | 'alreadyExists'
  | 'denied'
  | 'refused'

export class AwsFailure extends Error {
  readonly kind: AwsFailureKind
  /** AWS's own code, e.g. `AccessGrantAlreadyExists`; of the network, e.g. `ECONNREFUSED`. */
  readonly code: string
  /** Of the HTTP answer; absent where none came. */
  readonly status: number | undefined
  /** AWS's name of the operation, e.g. `CreateAccessGrant`. */
  readonly operation: string
  /** Milliseconds that AWS asked to wait. */
  readonly retryAfterMs: number | undefined

  constructor(facts: {
    readonly kind: AwsFailureKind
    readonly code: string
    readonly message: string
    readonly operation: string
    readonly status?: number | undefined
    readonly retryAfterMs?: number | undefined
    readonly cause?: unknown
  }) {
    super(facts.message, { cause: facts.cause })
    this.name = 'AwsFailure'
    this.kind = facts.kind
    this.code = facts.code
    this.operation = facts.operation
    this.status = facts.status
    this.retryAfterMs = facts.retryAfterMs
  }
}

/** What `call` gives; what it throws becomes an AwsFailure of `operation`. */
export async function callAws<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw awsFailure(operation, error)
  }
}

/** 502 for whoever asked: `aws-unreachable` where the same call may succeed later, else `aws-refused`. */
export function problemOfAws(failure: AwsFailure, detail: Readonly<Record<string, unknown>> = {}): Problem {
  const { operation, code, message } = failure
  const passes = failure.kind === 'throttled' || failure.kind === 'unreachable' || failure.kind === 'lostAnswer'
  return passes
    ? new Problem('aws-unreachable', { operation, reason: `${code}: ${message}`, ...detail }, { cause: failure })
    : new Problem('aws-refused', { operation, awsCode: code, awsMessage: message, ...detail }, { cause: failure })
}

/** Throws again what is not an error of AWS or of the way there: a bug must not pass for a failed call. */
export function awsFailure(operation: string, error: unknown): AwsFailure {
  if (error instanceof AwsFailure) return error
  if (!(error instanceof Error)) throw error
  const { name, code, $metadata, $response, $retryable } = error as SdkError
  const status = $metadata?.httpStatusCode
  if (status === undefined) {
    const kind = kindOfSilence(name, code, (error as SdkError).syscall)
    if (kind === undefined) throw error
    const text = kind === 'denied' ? 'no AWS credentials were found' : firstLine(error.message)
    return new AwsFailure({ kind, code: code ?? name, message: text, operation, cause: error })
  }
  const awsCode = codeOf(name, status)
  return new AwsFailure({
    kind: $retryable?.throttling ? 'throttled' : kindOfAnswer(awsCode, status, error.message),
    code: awsCode,
    message: firstLine(error.message),
    operation,
    status,
    retryAfterMs: retryAfterMs($response?.headers),
    cause: error,
  })
}

interface SdkError extends Error {
  readonly code?: string
  readonly syscall?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
  readonly $retryable?: { readonly throttling?: boolean }
}

const noConnection = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

function kindOfSilence(
  name: string,
  code: string | undefined,
  syscall: string | undefined,
): AwsFailureKind | undefined {
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError') return 'denied'
  if (code !== undefined && (noConnection.has(code) || syscall === 'connect')) return 'unreachable'
  // Facts 1.4: a connection cut after the request was sent. A time-out while connecting carries no code.
  if (name === 'TimeoutError') return code === undefined ? 'unreachable' : 'lostAnswer'
  return undefined
}

const throttles = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'ThrottledException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'ServiceUnavailable',
  'RequestThrottled',
])

function kindOfAnswer(code: string, status: number, message: string): AwsFailureKind {
  if (throttles.has(code) || status === 429 || status === 503) return 'throttled'
  // A 500 may follow a change that was made all the same.
  if (status >= 500 && status !== 501) return 'lostAnswer'
  if (/QuotaExceeded|LimitExceeded/.test(code)) return 'quota'
  if (code === 'InvalidIamRole' || code === 'AccessGrantsLocationNotEmptyError') return 'eventual'
  if (code === 'InvalidRequest' && message.includes('Invalid Grantee in the request')) return 'eventual'
  if (/AlreadyExists/.test(code)) return 'alreadyExists'
  if (status === 404 || code === 'ResourceNotFoundException' || code === 'NoSuchEntity') return 'notFound'
  if (status === 401 || status === 403 || deniedCodes.has(code)) return 'denied'
  return 'refused'
}

// These come with 400 from the JSON services.
const deniedCodes = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'ExpiredToken',
  'MissingAuthenticationTokenException',
  'IncompleteSignature',
])

/** An answer without a body (HEAD) has no code: the SDK calls it by its status, or not at all. */
function codeOf(name: string, status: number): string {
  return name === 'Error' || name === 'UnknownError' || name === 'Unknown' ? `HTTP ${status}` : name
}

// Some services go on after the first line to print the request that was signed.
function firstLine(message: string): string {
  const line = message.split('\n', 1)[0] ?? ''
  return line.length > 500 ? `${line.slice(0, 500)}…` : line
}

function retryAfterMs(headers: Readonly<Record<string, string>> | undefined): number | undefined {
  const seconds = Number(headers?.['retry-after'])
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined
}
