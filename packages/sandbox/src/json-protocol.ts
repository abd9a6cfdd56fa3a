/**
 * The JSON protocol of the Identity Center family: members of the input, paging, answers and errors, the operation in
 * `x-amz-target`. Knows none of the services.
 */
import { authErrorOf } from './auth-errors.ts'
import type { Service, ServiceCall, ServiceName } from './service.ts'
import { AwsError, type Instant, jsonResponse, type WireRequest } from './wire.ts'

export type Input = Readonly<Record<string, unknown>>

export interface JsonProtocol {
  readonly name: ServiceName
  /** What precedes the operation in `x-amz-target`. */
  readonly target: string
  readonly handlers: Readonly<Record<string, (call: ServiceCall) => Input>>
}

/** A service whose operations are these handlers. */
export function jsonService({ name, target, handlers }: JsonProtocol): Service {
  const asked = (request: WireRequest): string => {
    const header = request.headers['x-amz-target'] ?? ''
    return header.startsWith(`${target}.`) ? header.slice(target.length + 1) : header
  }
  return {
    name,
    operationOf: request => (Object.hasOwn(handlers, asked(request)) ? asked(request) : undefined),
    handle: call => jsonResponse(200, handlers[call.operation]?.(call), contentType),
    printError: (error, _request, requestId) =>
      jsonResponse(
        error.status,
        { __type: error.code, Message: error.message, RequestId: requestId, ...error.fields },
        contentType,
      ),
    unknownOperation: request => new AwsError('UnknownOperationException', 400, `Unknown operation ${asked(request)}`),
    authError: flaw => authErrorOf('json', flaw),
    throttled: () => new AwsError('ThrottlingException', 400, 'Rate exceeded'),
  }
}

const contentType = 'application/x-amz-json-1.1'

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

/** Timestamps of the protocol are seconds since 1970. */
export function seconds(at: Instant): number {
  return at / 1000
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
