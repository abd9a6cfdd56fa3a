/**
 * What every Identity Store operation works with: the call, its input, its store; permission, paging and errors.
 */
import { authorize } from '../authorize.ts'
import type { ServiceCall, World } from '../service.ts'
import type { IdentityStore } from '../state.ts'
import { AwsError, type Instant, parseJsonObject } from '../wire.ts'

export interface StoreCall {
  readonly call: ServiceCall
  readonly world: World
  readonly input: Input
  readonly store: IdentityStore
}

export type Input = Readonly<Record<string, unknown>>

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

/** Throws ValidationException when the member is missing, empty or no text. */
export function requiredText(input: Input, name: string): string {
  const value = input[name]
  if (typeof value === 'string' && value !== '') return value
  const pointer = name.charAt(0).toLowerCase() + name.slice(1)
  throw invalid(
    `1 validation error detected: Value at '${pointer}' failed to satisfy constraint: Member must not be null`,
  )
}

/** A member that is an object, or an empty one when it is absent. */
export function objectMember(input: Input, name: string): Input {
  const value = input[name]
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Input) : {}
}

export function objectsMember(input: Input, name: string): readonly Input[] {
  const value = input[name]
  return Array.isArray(value) ? value.filter(item => typeof item === 'object' && item !== null) : []
}

/** `MemberId: { UserId }`: users are the only members there are. */
export function memberUserId(input: Input): string {
  return requiredText(objectMember(input, 'MemberId'), 'UserId')
}

/** Timestamps of the protocol are seconds since 1970. */
export function seconds(at: Instant): number {
  return at / 1000
}

export type ThingType = 'IDENTITY_STORE' | 'USER' | 'GROUP' | 'GROUP_MEMBERSHIP'

export function notFound(type: ThingType, id: string): AwsError {
  return new AwsError('ResourceNotFoundException', 400, `${type} not found.`, { ResourceType: type, ResourceId: id })
}

export function conflict(message: string): AwsError {
  return new AwsError('ConflictException', 400, message, { Reason: 'UNIQUENESS_CONSTRAINT_VIOLATION' })
}

export function invalid(message: string): AwsError {
  return new AwsError('ValidationException', 400, message)
}

/** One page in the order of ids, by MaxResults (1–100, default 100) and NextToken. */
export function pageOf<T>(
  input: Input,
  all: Iterable<T>,
  idOf: (item: T) => string,
): { readonly items: readonly T[]; readonly next: Readonly<Record<string, string>> } {
  const most = input.MaxResults ?? 100
  if (typeof most !== 'number' || !Number.isInteger(most) || most < 1 || most > 100) {
    throw invalid(`Value '${most}' at 'maxResults' failed to satisfy constraint: Member must be between 1 and 100`)
  }
  const after = readToken(input.NextToken)
  const rest = [...all].filter(item => idOf(item) > after).sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
  const items = rest.slice(0, most)
  const last = items.at(-1)
  if (rest.length <= most || last === undefined) return { items, next: {} }
  return { items, next: { NextToken: Buffer.from(`after ${idOf(last)}`).toString('base64url') } }
}

function readToken(token: unknown): string {
  if (token === undefined) return ''
  const text = typeof token === 'string' ? Buffer.from(token, 'base64url').toString('utf8') : ''
  if (!text.startsWith('after ')) throw invalid('The NextToken is invalid.')
  return text.slice('after '.length)
}
