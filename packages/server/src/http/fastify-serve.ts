/** How an endpoint of the contract becomes a route of Fastify. See `serve.ts` for what a handler sees. */
import { Readable } from 'node:stream'
import { type Endpoint, Problem } from '@headgate/core/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { confirmation } from '../previews/token.ts'
import { heldOfWrite } from '../runs/held-of-write.ts'
import type { World } from '../world.ts'
import type { Authenticate } from './auth.ts'
import { clientOf } from './client.ts'
import { streamsOf, type Tell } from './event-stream.ts'
import { type Parsed, parseRequest, parseSequence } from './parse.ts'
import { type Caller, type FileAnswer, needPermission, type PlainAnswer, type Serve } from './serve.ts'

/** The largest body that a route takes unless its endpoint says otherwise. */
export const MAX_BODY_BYTES = 1024 * 1024

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, unless the endpoint needs nobody. */
    caller?: Caller
  }
}

/** Who calls is settled before a byte of the body is read. */
export function fastifyServe(
  app: FastifyInstance,
  authenticate: Authenticate,
  world: World,
  streamBeatMs?: number,
): Serve {
  /** The caller, who with `If-Preview` stores nothing but what they were shown. */
  async function confirming(endpoint: Endpoint, parsed: Parsed, { caller, headers }: FastifyRequest) {
    const token = headers['if-preview']
    if (token === undefined || !caller) return caller
    return { ...caller, confirm: await confirmation(world, endpoint, parsed, caller, String(token)) }
  }
  const stream = streamsOf(app, streamBeatMs)

  /** A key or session may end, and so may a permission, while somebody reads on. */
  async function isAllowed(endpoint: Endpoint, request: FastifyRequest): Promise<boolean> {
    try {
      const caller = await authenticate(request, endpoint.needs !== 'nobody', true)
      if (caller) needPermission(caller, endpoint)
      return true
    } catch (error) {
      if (error instanceof Problem && (error.status === 401 || error.status === 403)) return false
      throw error
    }
  }

  return (endpoint, handle) => {
    app.route({
      method: endpoint.method,
      url: endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      bodyLimit: endpoint.bodyLimit ?? MAX_BODY_BYTES,
      onRequest: async request => {
        const caller = await authenticate(request, endpoint.needs !== 'nobody')
        if (!caller) return
        request.caller = caller
        needPermission(caller, endpoint)
      },
      handler: async (request, reply) => {
        const sequence = parseSequence(request.headers['headgate-sequence'])
        // Who has written and reads elsewhere sees what they wrote.
        if (sequence !== undefined && endpoint.method === 'GET') await world.index.reach(sequence)
        refuseOtherType(endpoint, request)
        refuseTooLarge(endpoint, request)
        const parsed = parseRequest(endpoint, incomingOf(request))
        const caller = await confirming(endpoint, parsed, request)
        const call = { ...parsed, caller, client: clientOf(request) }
        const answer = await handle(call as Parameters<typeof handle>[0])
        if (endpoint.streams) {
          const { stream: tell } = answer as { readonly stream: Tell }
          return stream(endpoint, tell, reply, { id: caller?.id ?? 0, isAllowed: () => isAllowed(endpoint, request) })
        }
        if (endpoint.gives) return presentFile(endpoint.gives, answer as FileAnswer, reply)
        const plain = answer as PlainAnswer<typeof endpoint>
        const isMeant = call.caller !== undefined && 'confirm' in call.caller
        const held = plain.sequence === undefined || isMeant ? 0 : await heldOfWrite(world, plain.sequence)
        return present(endpoint, plain, reply, held)
      },
    })
  }
}

/** A file where none belongs, or none where one does. */
function refuseOtherType({ takes }: Endpoint, { body, headers }: FastifyRequest): void {
  const isFile = body instanceof Readable
  if (isFile === (takes !== undefined)) return
  const type = (headers['content-type'] ?? 'nothing').slice(0, 100)
  throw new Problem('media-type-unknown', { type })
}

/** Before a byte of a file is read, where its length is told; whoever reads it counts as well. */
function refuseTooLarge({ takes, bodyLimit = MAX_BODY_BYTES }: Endpoint, { headers }: FastifyRequest): void {
  if (takes && Number(headers['content-length']) > bodyLimit) throw new Problem('body-too-large', { limit: bodyLimit })
}

function presentFile(type: string, { file, name }: FileAnswer, reply: FastifyReply): FastifyReply {
  reply.header('cache-control', 'no-store').header('content-disposition', `attachment; filename="${name}"`)
  return reply.type(`${type}; charset=utf-8`).send(Readable.from(file, { objectMode: false }))
}

function incomingOf(request: FastifyRequest) {
  return {
    params: request.params,
    query: request.query,
    // Who reads no further may still be answered.
    body: request.body instanceof Readable ? request.body.iterator({ destroyOnReturn: false }) : request.body,
    ifMatch: request.headers['if-match'],
  }
}

/** @param held how much of what the write brought about waits for a release: then it is not done, but accepted */
function present<E extends Endpoint>(
  endpoint: E,
  answer: PlainAnswer<E>,
  reply: FastifyReply,
  held: number,
): FastifyReply {
  // Not only a check: what the contract does not name is left out of the answer.
  const body = endpoint.response.parse(answer.body)
  if (answer.sequence !== undefined) reply.header('headgate-sequence', String(answer.sequence))
  if (answer.version !== undefined) reply.header('etag', `"${answer.version}"`)
  if (answer.stillHeldBy?.length)
    reply.header('headgate-still-held-by', answer.stillHeldBy.map(encodeURIComponent).join(', '))
  for (const { name, value, options } of answer.cookies ?? []) reply.setCookie(name, value, options)
  if (answer.location !== undefined) reply.header('location', answer.location)
  reply.header('cache-control', 'no-store').code(endpoint.status)
  if (held > 0) {
    reply.code(202).header('headgate-held', String(held))
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body)
    return reply.send(isObject ? { ...body, held } : (body ?? { held }))
  }
  return endpoint.status === 204 || endpoint.status === 302 ? reply.send() : reply.send(body)
}
