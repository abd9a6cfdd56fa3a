/**
 * One request carried out: identified, verified, handled, in one go that never waits.
 * With the state before it, a command holds all that its outcome depends on but the conditions it ran under, so that
 * carrying it out again on the same state changes the same.
 */
import { ANONYMOUS, type Caller } from './caller.ts'
import { newSeed, randomnessFrom } from './randomness.ts'
import type { Service, ServiceName, Signature, World } from './service.ts'
import { credentialScopeOf, verifySignature } from './sigv4.ts'
import type { Region } from './state.ts'
import type { Instant, WireRequest, WireResponse } from './wire.ts'

export interface Command {
  readonly request: WireRequest
  readonly at: Instant
  /** What the clock said where the signature was checked; a fault can set it apart from `at`. */
  readonly checkedAt: Instant
  /** Of all randomness the command uses. */
  readonly seed: Buffer
}

/** A command of this instant. */
export function newCommand(world: World, request: WireRequest): Command {
  const at = world.now()
  return { request, at, checkedAt: at + world.faults.settings.clockSkewMs, seed: newSeed() }
}

/** The world as the command sees it: its own instant, its own randomness. */
export function worldOf(world: World, { at, seed }: Command): World {
  return { ...world, now: () => at, random: randomnessFrom(seed) }
}

export function identifyService(services: readonly Service[], request: WireRequest): Service | undefined {
  const signingName = credentialScopeOf(request)?.service ?? 's3'
  const restXml: ServiceName = request.rawPath.startsWith('/v20180820/') ? 's3control' : 's3'
  const name = signingName === 's3' ? restXml : SERVICE_OF_SIGNING_NAME[signingName]
  return services.find(service => service.name === name)
}

const SERVICE_OF_SIGNING_NAME: Readonly<Record<string, ServiceName>> = {
  sts: 'sts',
  iam: 'iam',
  identitystore: 'identitystore',
  sso: 'sso',
  'sso-oauth': 'sso-oauth',
  kms: 'kms',
}

/** A command whose signature holds, and what it asks for. */
export interface VerifiedCall {
  readonly service: Service
  readonly operation: string
  readonly caller: Caller
  readonly region: Region
  readonly signature: Signature | undefined
}

/** Who calls what. Throws AwsError on a bad signature or an operation that the service does not know. */
export function verifyCall(world: World, service: Service, { request, checkedAt }: Command): VerifiedCall {
  const verified = verifySignature(request, world.state, checkedAt)
  if (verified !== undefined && 'flaw' in verified) throw service.authError(verified.flaw)
  // Only S3 has anything to say to strangers (public buckets).
  if (verified === undefined && service.name !== 's3') throw service.authError('missing-signature')
  const operation = service.operationOf(request)
  if (operation === undefined) throw service.unknownOperation(request)
  const region = credentialScopeOf(request)?.region ?? 'us-east-1'
  return { service, operation, region, caller: verified?.caller ?? ANONYMOUS, signature: verified?.signature }
}

/** Throws AwsError. */
export function handleCall(world: World, call: VerifiedCall, command: Command, requestId: string): WireResponse {
  const { service, ...known } = call
  return service.handle({ ...known, world: worldOf(world, command), request: command.request, requestId })
}

/** Whether the operation may change the state; all that AWS names so as if it only looked do only look, but for two. */
export function mayChangeState(operation: string): boolean {
  if (operation === 'GetDataAccess' || operation === 'GetSessionToken') return true
  return !/^(?:Get|List|Head|Describe|IsMember|Simulate)/.test(operation)
}
