/**
 * Answers that go on: server-sent events, each checked by the contract. A heartbeat keeps the way open; when the server
 * closes, every stream ends, so that nothing waits for it. Whoever reads too slowly is cut off, not waited for, and so is
 * whoever may not read any more: asked with every heartbeat. Nobody has more of them open than they could look at, for
 * each goes on asking the database.
 */
import { type Endpoint, Problem } from '@headgate/core/api'
import type { FastifyInstance, FastifyReply } from 'fastify'

const heartbeatMs = 15_000
/** Bytes that may wait for a slow reader. */
const mostWaiting = 4 * 1024 * 1024

export type Tell = (send: (event: unknown) => void, signal: AbortSignal) => Promise<void>

/** Whether whoever reads may go on; what it throws is no answer. */
export type IsAllowed = () => Promise<boolean>

/** Of one person, on one node: more than the pages that anybody keeps open. */
const mostOfOne = 50

/** For one server: its streams end before it stops to listen. What it returns throws Problem `rate-limited`. */
export function streamsOf(app: FastifyInstance, beatMs = heartbeatMs) {
  const closing = new AbortController()
  const open = new Set<Promise<void>>()
  const openOf = new Map<number, number>()
  app.addHook('preClose', async () => {
    closing.abort(new Error('the server stops'))
    await Promise.all(open)
  })
  const count = (reader: number, by: 1 | -1) => {
    const left = (openOf.get(reader) ?? 0) + by
    if (left === 0) openOf.delete(reader)
    else openOf.set(reader, left)
  }
  return (endpoint: Endpoint, tell: Tell, reply: FastifyReply, reader: Reader): FastifyReply => {
    const { id, isAllowed } = reader
    if ((openOf.get(id) ?? 0) >= mostOfOne) throw new Problem('rate-limited', { seconds: beatMs / 1000 })
    count(id, 1)
    const streaming = stream(endpoint, tell, reply, { closing: closing.signal, isAllowed, beatMs }).finally(() => {
      open.delete(streaming)
      count(id, -1)
    })
    open.add(streaming)
    return reply
  }
}

interface Reader {
  readonly id: number
  readonly isAllowed: IsAllowed
}

interface Streaming {
  readonly closing: AbortSignal
  readonly isAllowed: IsAllowed
  readonly beatMs: number
}

async function stream(
  endpoint: Endpoint,
  tell: Tell,
  reply: FastifyReply,
  { closing, isAllowed, beatMs }: Streaming,
): Promise<void> {
  reply.hijack()
  const { raw } = reply
  const gone = new AbortController()
  raw.on('close', () => gone.abort(new Error('the reader is gone')))
  raw.on('error', () => gone.abort(new Error('the reader is gone')))
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(endpoint.status, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // A connection kept for more would keep a closing server waiting until it had been idle for long enough.
    connection: 'close',
    // Or a proxy may keep events until it has many.
    'x-accel-buffering': 'no',
  })
  raw.flushHeaders()
  const signal = AbortSignal.any([closing, gone.signal])
  const write = (text: string) => {
    if (signal.aborted) return
    raw.write(text)
    if (raw.writableLength > mostWaiting) raw.destroy()
  }
  const beating = setInterval(async () => {
    const mayGoOn = await isAllowed().catch(() => true)
    if (mayGoOn) write(': still here\n\n')
    else gone.abort(new Error('the reader may not read any more'))
  }, beatMs)
  try {
    await tell(event => {
      const said = endpoint.response.parse(event) as { readonly event?: string }
      write(`${said.event === undefined ? '' : `event: ${said.event}\n`}data: ${JSON.stringify(said)}\n\n`)
    }, signal)
  } catch (error) {
    if (!signal.aborted) reply.log.error({ err: error }, 'a stream of events broke off')
  } finally {
    clearInterval(beating)
    raw.end()
  }
}
