/**
 * IAM Identity Center, as far as sessions need it: an instance with its identity store, and the context assertions by
 * which AssumeRole makes a session speak for one of its users.
 * An assertion is signed, so one that the sandbox did not issue is refused.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { World } from './service.ts'
import type { AccountId, IdentityContext, IdentityStore, Region, SandboxState } from './state.ts'
import { AwsError, type Instant } from './wire.ts'

export const identityCenterContextProvider = 'arn:aws:iam::aws:contextProvider/IdentityCenter'

/** One instance per account and region, as on AWS: the existing one is given back. */
export function createIdentityCenter({ state, now, random }: World, account: AccountId, region: Region): IdentityStore {
  for (const store of state.identityStores.values()) {
    if (store.account === account && store.region === region) return store
  }
  const store: IdentityStore = {
    identityStoreId: `d-${random.bytes(5).toString('hex')}`,
    instanceArn: `arn:aws:sso:::instance/ssoins-${random.bytes(8).toString('hex')}`,
    account,
    region,
    createdAt: now(),
    users: new Map(),
    groups: new Map(),
  }
  state.identityStores.set(store.identityStoreId, store)
  return store
}

/**
 * A context assertion for one user, good for an hour: what CreateTokenWithIAM's id token carries as
 * `sts:identity_context`. Throws ResourceNotFoundException when there is no such user.
 */
export function issueAssertion(state: SandboxState, context: IdentityContext, now: Instant): string {
  const store = state.identityStores.get(context.identityStoreId)
  if (!store?.users.has(context.userId)) {
    throw new AwsError('ResourceNotFoundException', 404, 'USER not found.')
  }
  const claims = Buffer.from(JSON.stringify({ ...context, expiresAt: now + assertionLifeMs })).toString('base64url')
  return `${claims}.${signatureOf(claims, store)}`
}

const assertionLifeMs = 60 * 60 * 1000

/** Whom an assertion speaks for. Throws InvalidProvidedContext… as STS does for one that is forged, stale or unknown. */
export function readAssertion(state: SandboxState, assertion: string, now: Instant): IdentityContext {
  const [claims = '', signature = ''] = assertion.split('.')
  const read = readClaims(claims)
  const store = read && state.identityStores.get(read.identityStoreId)
  if (!read || !store || !sameText(signature, signatureOf(claims, store))) throw invalidAssertion('is not valid')
  if (now >= read.expiresAt) throw invalidAssertion('has expired')
  if (!store.users.has(read.userId)) throw invalidAssertion('names a user that is gone')
  const { identityStoreId, userId, applicationArn } = read
  return { identityStoreId, userId, ...(applicationArn === undefined ? {} : { applicationArn }) }
}

function readClaims(claims: string): (IdentityContext & { readonly expiresAt: number }) | undefined {
  try {
    return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

// Keyed by what only the state knows and survives a snapshot, so that nothing more has to be stored.
function signatureOf(claims: string, store: IdentityStore): string {
  return createHmac('sha256', `${store.instanceArn} ${store.createdAt}`).update(claims).digest('base64url')
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

function invalidAssertion(problem: string): AwsError {
  return new AwsError('ValidationError', 400, `The provided context assertion ${problem}.`)
}
