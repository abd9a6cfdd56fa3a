/**
 * The door for identity providers: who calls is settled by a bearer token before a byte of the body is read, bodies are
 * JSON of either name, errors have SCIM's shape (RFC 7644, 3.12).
 *
 * A provider's calls are counted apart from everybody else's, so that a sync neither waits for people nor they for it.
 */
import { timingSafeEqual } from 'node:crypto'
import { type ErrorCode, errors, Problem, type ScimEndpoint } from '@headgate/core/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ErrorResponse } from 'scimmy/messages'
import { findScimProvider, touchScimToken } from '../db/scim-provider.ts'
import { hashKey } from '../directory/new-key.ts'
import type { ScimAnswer, ScimCall, ScimCaller } from '../scim/call.ts'
import { etagOf } from '../scim/present.ts'
import type { World } from '../world.ts'
import { limiter } from './auth.ts'
import { parseBody } from './bodies.ts'
import { problemOf, unknownRoute } from './errors.ts'

const scimType = 'application/scim+json'

/** Where all of it is. */
export const prefix = '/scim/v2'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read, on the routes of SCIM. */
    scim?: ScimCaller & { readonly publicUrl: string | null }
  }
}

export type ServeScim = (endpoint: ScimEndpoint, handle: (call: ScimCall) => Promise<ScimAnswer> | ScimAnswer) => void

/** @param scope an encapsulated part of the app that serves nothing else */
export function scimServe(scope: FastifyInstance, world: World): ServeScim {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser([scimType, 'application/json'], { parseAs: 'buffer' }, async (_: unknown, body: Buffer) =>
    parseBody(body, 'json'),
  )
  scope.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, request)
    request.refusedAs = problem.code
    request.log[problem.status >= 500 ? 'error' : 'debug']({ err: error, code: problem.code }, 'request failed')
    return sendProblem(problem, request, reply)
  })
  scope.setNotFoundHandler((request, reply) => sendProblem(unknownRoute(request), request, reply))
  const authenticate = authentication(scope, world)
  return (endpoint, handle) => {
    scope.route({
      method: endpoint.method,
      url: endpoint.path.slice(prefix.length).replaceAll(/\{(\w+)\}/g, ':$1'),
      ...(endpoint.bodyLimit === undefined ? {} : { bodyLimit: endpoint.bodyLimit }),
      onRequest: authenticate,
      handler: async (request, reply) => {
        const { scim: caller } = request
        if (!caller) throw new Problem('scim-token-invalid')
        const answer = await handle(callOf(request, caller))
        if (answer.version !== undefined) reply.header('etag', etagOf(answer.version))
        if (answer.location !== undefined) reply.header('location', answer.location)
        const status = answer.status ?? endpoint.status
        reply.header('cache-control', 'no-store').code(status)
        return answer.body === undefined ? reply.send() : reply.type(scimType).send(JSON.stringify(answer.body))
      },
    })
  }
}

function authentication(scope: FastifyInstance, { db, config }: World) {
  const perProvider = limiter(scope, request => `scim ${request.scim?.provider.name}`, config.HEADGATE_SCIM_RATE_LIMIT)
  const perAddress = limiter(scope, request => `address ${request.ip}`)
  return async (request: FastifyRequest): Promise<void> => {
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.authorization?.trim() ?? '') ?? []
    const hash = token === undefined ? undefined : hashKey(token)
    const found = hash && (await findScimProvider(db.kysely, hash))
    if (!hash || !found || !timingSafeEqual(found.hash, hash)) {
      await perAddress(request)
      throw new Problem('scim-token-invalid')
    }
    const { provider } = found
    request.scim = {
      provider,
      publicUrl: found.publicUrl,
      actor: {
        type: 'identityProvider',
        userid: provider.name,
        name: provider.name,
        identityProvider: provider.name,
        ip: request.ip,
        requestId: request.id,
        sessionId: 'scim',
      },
    }
    await perProvider(request)
    if (found.lastUsedIsOld) await touchScimToken(db.kysely, hash)
  }
}

function callOf(request: FastifyRequest, caller: NonNullable<FastifyRequest['scim']>): ScimCall {
  const { id = '' } = request.params as { id?: string }
  const query = request.query as Record<string, string | string[] | undefined>
  const origin = caller.publicUrl ?? `${request.protocol}://${request.host}`
  return {
    caller,
    base: origin + prefix,
    path: request.url.split('?', 1)[0] ?? '/',
    id,
    // Named in any case; said twice, the last word counts.
    query: Object.fromEntries(
      Object.entries(query).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.at(-1) : value]),
    ),
    body: request.body,
    ifMatch: request.headers['if-match'],
    ifNoneMatch: request.headers['if-none-match'],
  }
}

function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  const wait = problem.detail.seconds ?? (problem.status === 503 ? 1 : undefined)
  if (errors[problem.code].retry && wait !== undefined) reply.header('retry-after', String(wait))
  // 422 is no status of SCIM.
  const status = problem.status === 422 ? 400 : problem.status
  const kind = scimTypes[problem.code] ?? (status === 400 ? 'invalidValue' : undefined)
  const body = {
    schemas: [ErrorResponse.id],
    status: String(status),
    ...(kind === undefined ? {} : { scimType: kind }),
    detail: problem.message,
    // Of ours besides: stable, and what the log knows the call by.
    code: problem.code,
    requestId: request.id,
  }
  return reply.header('cache-control', 'no-store').code(status).type(scimType).send(JSON.stringify(body))
}

/** The keywords of RFC 7644, table 9; a 400 that is not here is `invalidValue`. */
const scimTypes: Readonly<Partial<Record<ErrorCode, string>>> = {
  'body-unparsable': 'invalidSyntax',
  'address-unparsable': 'invalidSyntax',
  'scim-syntax-invalid': 'invalidSyntax',
  'scim-value-invalid': 'invalidValue',
  'scim-filter-invalid': 'invalidFilter',
  'scim-path-invalid': 'invalidPath',
  'scim-no-target': 'noTarget',
  'scim-mutability': 'mutability',
  'scim-name-taken': 'uniqueness',
  'scim-group-taken': 'uniqueness',
  'scim-external-id-taken': 'uniqueness',
  'scim-too-many': 'tooMany',
  'body-too-large': 'tooMany',
}
