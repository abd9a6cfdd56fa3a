/**
 * The one way out to an address that an admin typed: an identity provider, a webhook, a mail server.
 *
 * Where the connection really goes is what counts: the address is looked at once its name has been resolved, at the
 * moment of connecting. Private, loopback, link-local and metadata addresses are refused unless the configuration names
 * them; plain http is refused everywhere else. Redirects are never followed. Answers are bounded in size and time.
 */
import { type LookupAddress, lookup as resolve } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { type BlockList, connect, isIP, type LookupFunction, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { isPublic, isWithin, readRanges } from './address-range.ts'
import type { Config } from './config.ts'

export interface OutboundOptions {
  /** Private ranges that may be called all the same. */
  readonly allowed: BlockList
  /** For the whole call; default 10 s. */
  readonly timeoutMs?: number
  /** Of the answer; default 4 MiB. */
  readonly maxBytes?: number
  /** Whether what is longer is cut there; default: it is refused. */
  readonly mayCut?: boolean
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
export function outboundOf(config: Allowing, options: Omit<OutboundOptions, 'allowed'> = {}): Outbound {
  return outboundFetch({ ...options, allowed: allowedBy(config) })
}

/** A `fetch` that goes nowhere but where it may. Throws OutboundError. */
export function outboundFetch(options: OutboundOptions): Outbound {
  const { allowed, timeoutMs = 10_000, maxBytes = 4 * MiB, mayCut = false } = options
  return async (address, { method = 'GET', headers = {}, body, signal } = {}) => {
    const url = readAddress(address)
    const goal = goalOf(url, allowed)
    refuseWritten(goal)
    const ends = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])])
    return new Promise((resolveCall, reject) => {
      const fail = (error: unknown) => reject(told(error, goal, ends))
      const { request } = url.protocol === 'https:' ? https : http
      const call = request(url, {
        method,
        headers: { ...headers, 'accept-encoding': 'identity' },
        lookup: guarded(goal),
        signal: ends,
        // A connection of its own: one that was looked at for another call was not looked at for this one.
        agent: false,
      })
      call.on('error', fail)
      call.on('response', answer => {
        whole(answer, maxBytes, mayCut).then(
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

/** Refuses what can be told now to be refused later; a name that nobody knows yet is not. Throws OutboundError. */
export async function refuseAddress(address: string, config: Allowing): Promise<void> {
  const goal = goalOf(readAddress(address), allowedBy(config))
  await refuseGoal(goal)
}

export interface SocketGoal {
  readonly host: string
  readonly port: number
  /** Nothing is encrypted: allowed private ranges only. */
  readonly isPlain: boolean
}

/** The same of a connection that is not made by HTTP. Throws OutboundError. */
export async function refuseSocket({ host, isPlain }: SocketGoal, config: Allowing): Promise<void> {
  await refuseGoal(socketGoal(host, isPlain, config))
}

/** A TCP connection to where it may go; whoever asks ends it. Throws OutboundError. */
export async function outboundSocket(to: SocketGoal, config: Allowing, timeoutMs = 10_000): Promise<Socket> {
  const goal = socketGoal(to.host, to.isPlain, config)
  refuseWritten(goal)
  const socket = connect({ host: goal.host, port: to.port, lookup: guarded(goal) })
  const ends = AbortSignal.timeout(timeoutMs)
  const giveUp = () => socket.destroy(new Error('out of time'))
  // Of connecting alone: given to the socket, the signal would cut it off however well it is used.
  ends.addEventListener('abort', giveUp, { once: true })
  return new Promise((resolveSocket, reject) => {
    socket.once('error', error => reject(told(error, goal, ends)))
    socket.once('connect', () => {
      ends.removeEventListener('abort', giveUp)
      socket.removeAllListeners('error')
      resolveSocket(socket)
    })
  })
}

type Allowing = Pick<Config, 'HEADGATE_PRIVATE_ADDRESSES'>

/** Where a call goes to, and what it may meet there. */
interface Goal {
  readonly host: string
  readonly isPlain: boolean
  readonly plainFault: string
  readonly mayCall: (ip: string) => boolean
}

function goalOf({ protocol, hostname }: URL, allowed: BlockList): Goal {
  const isPlain = protocol === 'http:'
  const plainFault = 'is called by plain http, which others can read and change: use https'
  const mayCall = (ip: string) => isWithin(allowed, ip) || (!isPlain && isPublic(ip))
  return { host: hostname.replace(/^\[|\]$/g, ''), isPlain, plainFault, mayCall }
}

function socketGoal(host: string, isPlain: boolean, config: Allowing): Goal {
  const allowed = allowedBy(config)
  const plainFault = 'is called without TLS, which others can read and change: use TLS'
  return { host, isPlain, plainFault, mayCall: ip => isWithin(allowed, ip) || (!isPlain && isPublic(ip)) }
}

function allowedBy({ HEADGATE_PRIVATE_ADDRESSES: text }: Allowing): BlockList {
  const allowed = readRanges(text)
  if (!allowed) throw new Error('checked when the configuration was read')
  return allowed
}

function readAddress(address: string): URL {
  const url = URL.parse(address)
  if (url && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new OutboundError('only http and https addresses are called')
}

/** A host that is an address is never looked up, so it is looked at here. */
function refuseWritten(goal: Goal): void {
  if (isIP(goal.host) !== 0 && !goal.mayCall(goal.host)) throw refused(goal, goal.host)
}

async function refuseGoal(goal: Goal): Promise<void> {
  refuseWritten(goal)
  await promisify(guarded(goal) as Lookup)(goal.host, {}).catch(error => {
    if (error instanceof OutboundError) throw error
  })
}
type Lookup = (host: string, options: object, callback: (error: Error | null) => void) => void

/** Resolves a name, and refuses it when any address it has may not be called: which one is taken is not ours to say. */
function guarded(goal: Goal): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, '', 0)
      const bad = addresses.find(({ address }) => !goal.mayCall(address))
      const [first] = addresses
      if (bad || !first) return callback(refused(goal, bad?.address ?? host), '', 0)
      if (options.all) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

async function whole(answer: http.IncomingMessage, maxBytes: number, mayCut: boolean): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBytes && mayCut) return Buffer.concat([...chunks, chunk]).subarray(0, maxBytes)
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

function refused({ host, isPlain, plainFault }: Goal, address: string): OutboundError {
  if (isPlain && isPublic(address)) return new OutboundError(`\`${host}\` ${plainFault}`)
  const fix = 'name its range in HEADGATE_PRIVATE_ADDRESSES if it is meant to be called'
  return new OutboundError(`\`${host}\` is at \`${address}\`, which is not public: ${fix}`)
}

function told(error: unknown, { host }: Goal, ends: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error
  if (ends.aborted) return new OutboundError(`\`${host}\` did not answer in time`, { cause: error })
  const { code, message } = error as NodeJS.ErrnoException
  return new OutboundError(`\`${host}\` could not be reached: ${code ?? message}`, { cause: error })
}
