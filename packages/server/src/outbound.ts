/**
 * The one way out to an address that an admin typed: an identity provider, say.
 *
 * Where the connection really goes is what counts: the address is looked at once its name has been resolved, at the
 * moment of connecting. Private, loopback, link-local and metadata addresses are refused unless the configuration names
 * them; plain http is refused everywhere else. Redirects are never followed. Answers are bounded in size and time.
 */
import { type LookupAddress, lookup as resolve } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { type BlockList, isIP, type LookupFunction } from 'node:net'
import { isPublic, isWithin, readRanges } from './address-range.ts'
import type { Config } from './config.ts'

export interface OutboundOptions {
  /** Private ranges that may be called all the same. */
  readonly allowed: BlockList
  /** For the whole call; default 10 s. */
  readonly timeoutMs?: number
  /** Of the answer; default 4 MiB. */
  readonly maxBytes?: number
}

export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal | undefined
}

/** Why a call was not made, or came to nothing. The message is for admins: it holds no secret. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
}

export type Outbound = (url: string, request?: OutboundRequest) => Promise<Response>

const MiB = 1024 * 1024

/** As the configuration allows it. */
export function outboundOf({ HEADGATE_PRIVATE_ADDRESSES: text }: Pick<Config, 'HEADGATE_PRIVATE_ADDRESSES'>): Outbound {
  const allowed = readRanges(text)
  if (!allowed) throw new Error('checked when the configuration was read')
  return outboundFetch({ allowed })
}

/** A `fetch` that goes nowhere but where it may. Throws OutboundError. */
export function outboundFetch({ allowed, timeoutMs = 10_000, maxBytes = 4 * MiB }: OutboundOptions): Outbound {
  return async (address, { method = 'GET', headers = {}, body, signal } = {}) => {
    const url = URL.parse(address)
    if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
      throw new OutboundError('only http and https addresses are called')
    }
    const mayCall = (ip: string) => isWithin(allowed, ip) || (url.protocol === 'https:' && isPublic(ip))
    // A host that is an address is never looked up, so it is looked at here.
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !mayCall(host)) throw refused(url, host)
    const ends = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])])
    return new Promise((resolveCall, reject) => {
      const fail = (error: unknown) => reject(told(error, url, ends))
      const { request } = url.protocol === 'https:' ? https : http
      const call = request(url, {
        method,
        headers: { ...headers, 'accept-encoding': 'identity' },
        lookup: guarded(url, mayCall),
        signal: ends,
        // A connection of its own: one that was looked at for another call was not looked at for this one.
        agent: false,
      })
      call.on('error', fail)
      call.on('response', answer => {
        whole(answer, maxBytes).then(
          bytes => resolveCall(toResponse(answer, bytes)),
          error => {
            call.destroy()
            fail(error)
          },
        )
      })
      call.end(body)
    })
  }
}

/** Resolves a name, and refuses it when any address it has may not be called: which one is taken is not ours to say. */
function guarded(url: URL, mayCall: (ip: string) => boolean): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '', 0)
      const bad = addresses.find(({ address }) => !mayCall(address))
      const [first] = addresses
      if (bad || !first) return callback(refused(url, bad?.address ?? host), '', 0)
      if (options.all) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

async function whole(answer: http.IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes) throw new OutboundError(`the answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function toResponse({ statusCode = 502, headers }: http.IncomingMessage, bytes: Buffer): Response {
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
  )
  const isEmpty = [101, 204, 205, 304].includes(statusCode)
  return new Response(isEmpty ? null : new Uint8Array(bytes), { status: statusCode, headers: kept })
}

function refused({ protocol, hostname }: URL, address: string): OutboundError {
  if (protocol === 'http:' && isPublic(address)) {
    return new OutboundError(`\`${hostname}\` is called by plain http, which others can read and change: use https`)
  }
  const fix = 'name its range in HEADGATE_PRIVATE_ADDRESSES if it is meant to be called'
  return new OutboundError(`\`${hostname}\` is at \`${address}\`, which is not public: ${fix}`)
}

function told(error: unknown, { hostname }: URL, ends: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error
  if (ends.aborted) return new OutboundError(`\`${hostname}\` did not answer in time`, { cause: error })
  const { code, message } = error as NodeJS.ErrnoException
  return new OutboundError(`\`${hostname}\` could not be reached: ${code ?? message}`, { cause: error })
}
