/**
 * What a service of the sandbox is to the server: it names the operation of a request, answers it, and prints errors in
 * its own protocol. A service never reads the clock, never verifies signatures, never injects faults: the server does.
 */
import type { Caller, CredentialFlaw } from './caller.ts'
import type { Faults } from './faults.ts'
import type { Randomness } from './randomness.ts'
import type { AccountId, Region, SandboxState } from './state.ts'
import type { Unknowns } from './unknowns.ts'
import type { AwsError, Instant, WireRequest, WireResponse } from './wire.ts'

/** What every handler is given to work with. */
export interface World {
  readonly state: SandboxState
  /** The instant of the command, however long it takes. */
  readonly now: () => Instant
  /** The only randomness that may reach the state. */
  readonly random: Randomness
  readonly faults: Faults
  readonly unknowns: Unknowns
  readonly limits: Limits
}

/** Quotas AWS sets per instance; settable so that a test can reach them. */
export interface Limits {
  grantsPerInstance: number
  locationsPerInstance: number
}

/** One verified request. */
export interface ServiceCall {
  readonly world: World
  readonly request: WireRequest
  readonly operation: string
  readonly caller: Caller
  /** From the credential scope; `us-east-1` for anonymous requests. */
  readonly region: Region
  /** Absent for anonymous requests. */
  readonly signature?: Signature | undefined
  readonly requestId: string
}

/** What the verified signature says about the body; a streaming body is checked by whoever decodes it (aws-chunked.ts). */
export interface Signature {
  readonly accessKeyId: string
  /**
   * `whole`: the body's hash was signed and has been checked. `unsigned`: nothing is known about the body.
   * `streaming-*`: the body is aws-chunked; `-signed` ones carry chunk signatures.
   */
  readonly payload:
    | 'whole'
    | 'unsigned'
    | 'streaming-unsigned-trailer'
    | 'streaming-signed'
    | 'streaming-signed-trailer'
  /** Of the headers: the first link in the chain of chunk signatures, in hex. */
  readonly seed: string
  /** The signature that chunk `data` must carry when the one before it carried `previous`. */
  chunkSignature(previous: string, data: Buffer): string
  /** The signature that the trailer must carry; `canonicalTrailer` is `name:value\n` for each trailing header, sorted. */
  trailerSignature(previous: string, canonicalTrailer: string): string
}

export type ServiceName = 's3control' | 's3' | 'sts' | 'iam' | 'identitystore' | 'sso' | 'sso-oauth' | 'kms'

export interface Service {
  readonly name: ServiceName
  /** AWS's name of the operation (`CreateAccessGrant`), or undefined when the request is none that we know. */
  operationOf(request: WireRequest): string | undefined
  /**
   * Throws AwsError. Called only with an operation that `operationOf` named.
   * INVARIANT: it never waits, and it changes the state only after its last reason to refuse.
   */
  handle(call: ServiceCall): WireResponse
  printError(error: AwsError, request: WireRequest, requestId: string): WireResponse
  /** The error for an operation that `operationOf` doesn't name. */
  unknownOperation(request: WireRequest): AwsError
  /** This protocol's words for a bad signature or bad credentials. */
  authError(flaw: AuthFlaw): AwsError
  /** This service's word for too many requests: SlowDown 503, Throttling 400, ThrottlingException 400. */
  throttled(): AwsError
}

export type AuthFlaw =
  | CredentialFlaw
  | 'missing-signature'
  | 'malformed-signature'
  | 'wrong-signature'
  | 'wrong-body-hash'
  | 'unsigned-headers'
  | 'clock-skew'
  | 'presigned-expired'

/**
 * One question to authorize.ts, whose `authorize(world, caller, question)` returns nothing or throws AccessDenied.
 * The caller's own context (principal, session, source) is added there.
 */
export interface AccessQuestion {
  /** `s3:CreateAccessGrant` */
  readonly action: string
  /** The resource's ARN, `*` for operations without one. */
  readonly resource: string
  /** Owner of the resource; across accounts both sides must allow. */
  readonly resourceAccount: AccountId
  /** JSON text of the policy on the resource itself, where there is one. */
  readonly resourcePolicy?: string | undefined
  /** The same of a KMS key, which nobody may use without its policy's leave. */
  readonly keyPolicy?: string | undefined
  /** Condition keys of the request, e.g. `s3:AccessGrantScope`; a key that is absent here is absent in the context. */
  readonly context?: Readonly<Record<string, string | readonly string[] | undefined>> | undefined
}
