/**
 * The contract as typed functions: `caller(fetch)` gives `api.policies.create({ body })` and so on.
 *
 * Used by the web app, the CLI and tests alike. It adds nothing of its own: no retry, no cache, no state.
 */
import type { z } from 'zod'
import { api } from './contract.ts'
import type { Endpoint } from './endpoint.ts'
import { readEvents } from './event-stream.ts'

type Part<E, Name extends 'params' | 'query' | 'body'> = E extends { readonly [N in Name]: infer S extends z.ZodType }
  ? Name extends 'query'
    ? { readonly query?: z.input<S> }
    : undefined extends z.input<S>
      ? { readonly [N in Name]?: z.input<S> }
      : { readonly [N in Name]: z.input<S> }
  : unknown
type Version<E> = E extends { readonly ifMatch: true } ? { readonly ifMatch: string } : unknown
type Previewed<E> = E extends { readonly ifPreview: true } ? { readonly ifPreview?: string } : unknown
export type CallInput<E> = Part<E, 'params'> & Part<E, 'query'> & Part<E, 'body'> & Version<E> & Previewed<E>
/** Of a stream: its events, until the server ends it. */
type Answered<E extends Endpoint> = E extends { readonly streams: true }
  ? AsyncIterable<z.output<E['response']>>
  : z.output<E['response']>
type Call<E extends Endpoint> =
  unknown extends CallInput<E>
    ? (input?: Record<string, never>) => Promise<Answered<E>>
    : Record<string, never> extends CallInput<E>
      ? (input?: CallInput<E>) => Promise<Answered<E>>
      : (input: CallInput<E>) => Promise<Answered<E>>

type Api = typeof api
export type Caller = {
  readonly [R in keyof Api]: { readonly [N in keyof Api[R]]: Api[R][N] extends Endpoint ? Call<Api[R][N]> : never }
}

/** An answer that was not a success, with the server's own body. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(typeof body.message === 'string' ? body.message : `the server answered ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.code = typeof body.code === 'string' ? body.code : 'unknown'
    this.body = body
  }
}

/**
 * @param send   a fetch, already pointed at the right place and carrying the key; `path` begins with `/`
 * @example const hg = caller((path, init) => fetch(url + path, { ...init, headers: { ...init.headers, authorization: key } }))
 */
export function caller(send: (path: string, init: RequestInit) => Promise<Response>): Caller {
  const resources = Object.entries(api).map(([resource, endpoints]) => {
    const calls = Object.entries(endpoints).map(([name, definition]) => [
      name,
      (input: LooseInput = {}) => call(send, definition, input),
    ])
    return [resource, Object.fromEntries(calls)]
  })
  return Object.fromEntries(resources) as Caller
}

interface LooseInput {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly ifMatch?: string
  readonly ifPreview?: string
}

async function call(
  send: (path: string, init: RequestInit) => Promise<Response>,
  definition: Endpoint,
  input: LooseInput,
): Promise<unknown> {
  const path = definition.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(input.params?.[name])),
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) search.set(name, String(value))
  }
  const headers: Record<string, string> = { accept: definition.streams ? 'text/event-stream' : 'application/json' }
  if (definition.gives) headers.accept = definition.gives
  if (input.body !== undefined) headers['content-type'] = definition.takes ?? 'application/json'
  if (input.ifMatch !== undefined) headers['if-match'] = input.ifMatch
  if (input.ifPreview !== undefined) headers['if-preview'] = input.ifPreview
  const response = await send(search.size > 0 ? `${path}?${search}` : path, {
    method: definition.method,
    headers,
    ...(input.body === undefined ? {} : { body: definition.takes ? String(input.body) : JSON.stringify(input.body) }),
  })
  if (response.ok && definition.streams) return readEvents(response, definition.response)
  const text = await response.text()
  if (response.ok && definition.gives) return definition.response.parse(text)
  const body: unknown = text === '' ? undefined : JSON.parse(text)
  if (!response.ok) throw new ApiError(response.status, (body ?? {}) as Record<string, unknown>)
  // 202 in the place of 204 tells what the brake holds.
  return definition.response.parse(definition.status === 204 ? undefined : body)
}
