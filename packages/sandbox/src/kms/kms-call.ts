/** What every KMS operation works with: the call, its input, the key it names; permission and errors. */
import { authorize } from '../authorize.ts'
import type { Caller } from '../caller.ts'
import { type Input, requiredText } from '../json-protocol.ts'
import type { ServiceCall, World } from '../service.ts'
import type { AccountId, KmsKey, Region } from '../state.ts'
import { AwsError, parseJsonObject } from '../wire.ts'

export interface KmsCall {
  readonly call: ServiceCall
  readonly world: World
  readonly input: Input
}

export const openCall = (call: ServiceCall): KmsCall => ({
  call,
  world: call.world,
  input: parseJsonObject(call.request.body),
})

/** The key that `KeyId` names, once the caller may do the operation on it. Throws NotFoundException, AccessDeniedException. */
export function requireKey(asked: KmsCall, context: Readonly<Record<string, string>> = {}): KmsKey {
  const { caller, region, operation } = asked.call
  const key = findKey(asked.world, requiredText(asked.input, 'KeyId'), caller.account, region)
  authorizeKey(asked.world, caller, key, `kms:${operation}`, context)
  return key
}

/** By key id or alias in the account and region, or by the ARN of either. Throws NotFoundException. */
export function findKey({ state }: World, name: string, account: AccountId, region: Region): KmsKey {
  const [, , service, inRegion = '', ofAccount = '', path = ''] = name.split(':')
  const isArn = service === 'kms'
  const wanted = isArn ? path : name
  const place = isArn ? { account: ofAccount, region: inRegion } : { account, region }
  const key = state.kmsKeys
    .values()
    .find(each => each.account === place.account && each.region === place.region && isNamed(each, wanted))
  if (key?.region === region) return key
  throw new AwsError('NotFoundException', 400, isArn ? `Key '${name}' does not exist` : `Invalid keyId '${name}'`)
}

function isNamed({ keyId, aliases }: KmsKey, name: string): boolean {
  return name === keyId || name === `key/${keyId}` || aliases.has(name)
}

/** The key's own policy must allow it, by name or by leaving it to the account (AWS's rule for keys alone). */
export function authorizeKey(
  world: World,
  caller: Caller,
  key: KmsKey,
  action: string,
  context: Readonly<Record<string, string>> = {},
): void {
  authorize(world, caller, {
    action,
    resource: key.arn,
    resourceAccount: key.account,
    keyPolicy: key.policy,
    context: { 'kms:CallerAccount': caller.account, ...context },
  })
}

/** Throws DisabledException or KMSInvalidStateException unless the key may be used. */
export function requireUsable({ arn, state }: KmsKey): void {
  if (state === 'Disabled') throw new AwsError('DisabledException', 400, `${arn} is disabled.`)
  if (state === 'PendingDeletion') throw new AwsError('KMSInvalidStateException', 400, `${arn} is pending deletion.`)
}
