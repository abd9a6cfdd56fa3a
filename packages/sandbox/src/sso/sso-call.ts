/** What every operation of Identity Center's admin service works with: the call, its input, the instance; permission. */
import { authorize } from '../authorize.ts'
import { type Input, invalid, requiredText } from '../json-protocol.ts'
import type { ServiceCall, World } from '../service.ts'
import type { IdentityStore, SsoApplication, TokenIssuer } from '../state.ts'
import { AwsError, parseJsonObject } from '../wire.ts'

export interface SsoCall {
  readonly call: ServiceCall
  readonly world: World
  readonly input: Input
}

export const openCall = (call: ServiceCall): SsoCall => ({
  call,
  world: call.world,
  input: parseJsonObject(call.request.body),
})

/** The instance that the input names, in the region that was called. Throws ResourceNotFoundException. */
export function requireInstance(asked: SsoCall): IdentityStore {
  const arn = requiredText(asked.input, 'InstanceArn')
  const store = instanceOf(asked.world, arn)
  if (store?.region === asked.call.region) {
    authorizeSso(asked, store, arn)
    return store
  }
  throw notFound(`The instance ${arn} does not exist`)
}

/** The application that the input names. Throws ResourceNotFoundException. */
export function requireApplication(asked: SsoCall): SsoApplication {
  const arn = requiredText(asked.input, 'ApplicationArn')
  const application = asked.world.state.applications.get(arn)
  const store = application && instanceOf(asked.world, application.instanceArn)
  if (!application || store?.region !== asked.call.region) throw notFound(`The application ${arn} does not exist`)
  authorizeSso(asked, application, arn)
  return application
}

/** Throws ResourceNotFoundException. */
export function requireTokenIssuer(asked: SsoCall): TokenIssuer {
  const arn = requiredText(asked.input, 'TrustedTokenIssuerArn')
  const issuer = asked.world.state.tokenIssuers.get(arn)
  if (!issuer) throw notFound(`The trusted token issuer ${arn} does not exist`)
  authorizeSso(asked, issuer, arn)
  return issuer
}

/** Throws AccessDeniedException unless the caller may do the operation on the resource. */
export function authorizeSso(
  { call, world }: SsoCall,
  { account }: { readonly account: string },
  resource: string,
): void {
  authorize(world, call.caller, { action: `sso:${call.operation}`, resource, resourceAccount: account })
}

export function instanceOf({ state }: World, instanceArn: string): IdentityStore | undefined {
  return state.identityStores.values().find(store => store.instanceArn === instanceArn)
}

export function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', 400, message)
}

/** Throws ValidationException when the member is absent or none of these. */
export function oneOf<Word extends string>(input: Input, name: string, words: readonly Word[]): Word {
  const text = requiredText(input, name)
  const found = words.find(word => word === text)
  if (found === undefined) throw invalid(`Value '${text}' at '${name}' must be one of ${words.join(', ')}`)
  return found
}
