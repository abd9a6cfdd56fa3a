/**
 * What every Identity Store operation works with: the call, its input, its store; permission and errors.
 */
import { authorize } from '../authorize.ts'
import { type Input, objectMember, requiredText } from '../json-protocol.ts'
import type { ServiceCall, World } from '../service.ts'
import type { IdentityStore } from '../state.ts'
import { AwsError, parseJsonObject } from '../wire.ts'

export interface StoreCall {
  readonly call: ServiceCall
  readonly world: World
  readonly input: Input
  readonly store: IdentityStore
}

/** Answers with the JSON object to send. */
export type StoreHandler = (asked: StoreCall) => Readonly<Record<string, unknown>>

/** The store that the input names, in the region that was called. Throws ResourceNotFoundException. */
export function openStore(call: ServiceCall): StoreCall {
  const input = parseJsonObject(call.request.body)
  const id = requiredText(input, 'IdentityStoreId')
  const store = call.world.state.identityStores.get(id)
  if (store && store.region === call.region) return { call, world: call.world, input, store }
  throw notFound('IDENTITY_STORE', id)
}

/** Throws AccessDeniedException unless the caller may do the operation on the store, and on each thing in it named. */
export function authorizeStore({ call, world, store }: StoreCall, ...things: readonly string[]): void {
  const arns = [
    `arn:aws:identitystore::${store.account}:identitystore/${store.identityStoreId}`,
    ...things.map(thing => `arn:aws:identitystore:::${thing}`),
  ]
  for (const resource of arns) {
    authorize(world, call.caller, {
      action: `identitystore:${call.operation}`,
      resource,
      resourceAccount: store.account,
      context: { 'identitystore:IdentityStoreArn': arns[0] },
    })
  }
}

/** `MemberId: { UserId }`: users are the only members there are. */
export function memberUserId(input: Input): string {
  return requiredText(objectMember(input, 'MemberId'), 'UserId')
}

export type ThingType = 'IDENTITY_STORE' | 'USER' | 'GROUP' | 'GROUP_MEMBERSHIP'

export function notFound(type: ThingType, id: string): AwsError {
  return new AwsError('ResourceNotFoundException', 400, `${type} not found.`, { ResourceType: type, ResourceId: id })
}

export function conflict(message: string): AwsError {
  return new AwsError('ConflictException', 400, message, { Reason: 'UNIQUENESS_CONSTRAINT_VIOLATION' })
}
