/**
 * Every error that leaves the server has this one shape, whatever went wrong: the three documented fields, our code,
 * the request's id and the facts that the error carries. What we did not foresee is logged with its cause and answered
 * without it.
 */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, errors, Problem } from '@headgate/core/api'
import type { ConnectionError, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isUnreachable } from '../db/unreachable.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the error that it was answered with. */
    refusedAs?: ErrorCode
  }
}

/** Makes the app answer errors and unknown routes in our shape. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error, request)
    request.refusedAs = problem.code
    const level = problem.status >= 500 ? 'error' : 'debug'
    request.log[level]({ err: error, code: problem.code }, 'request failed')
    return sendProblem(problem, request, reply)
  })
  app.setNotFoundHandler((request, reply) => sendProblem(unknownRoute(request), request, reply))
}

/** For what the router refuses before there is a route: Fastify asks for this one apart. */
export function answerRouterError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(problemOf(error, request), request, reply)
}

/** For what cannot be read as a call at all: Node refuses it before Fastify sees it. */
export function answerUnreadable(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (socket.writable) {
    const problem = new Problem(unreadable[error.code] ?? 'request-unreadable')
    const body = JSON.stringify(printProblem(problem, randomUUID()))
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'Connection: close',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
  socket.destroy(error)
}

const unreadable: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request-timeout',
}

/** The body of an error answer. */
export function printProblem(problem: Problem, requestId: string): Readonly<Record<string, unknown>> {
  return {
    statusCode: problem.status,
    error: STATUS_CODES[problem.status] ?? 'Error',
    message: problem.message,
    code: problem.code,
    requestId,
    ...factsOf(problem),
  }
}

export function unknownRoute(request: FastifyRequest): Problem {
  const path = request.url.split('?', 1)[0] ?? '/'
  return new Problem('route-unknown', { method: request.method, path: shorten(path, 200) })
}

function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  const wait = problem.detail.seconds ?? (problem.status === 503 ? 1 : undefined)
  if (errors[problem.code].retry && wait !== undefined) reply.header('retry-after', String(wait))
  return reply.header('cache-control', 'no-store').code(problem.status).send(printProblem(problem, request.id))
}

/** What went wrong, as an error of the table. */
export function problemOf(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (!(error instanceof Error)) return unexpected(error, request)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code.startsWith('FST_')) return fromFastify(error as FastifyError, request)
  if (busyStates.has(code)) {
    return new Problem('not-ready', { reason: 'others changed the same rows at this moment' }, { cause: error })
  }
  if (isUnreachable(error)) {
    return new Problem('not-ready', { reason: 'the database does not answer' }, { cause: error })
  }
  return unexpected(error, request)
}

/** PostgreSQL undid the transaction so that another could go on: serialization_failure, deadlock_detected. */
const busyStates: ReadonlySet<string> = new Set(['40001', '40P01'])

function fromFastify(error: FastifyError, request: FastifyRequest): Problem {
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new Problem('body-too-large', { limit: request.routeOptions.bodyLimit })
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new Problem('media-type-unknown', { type: shorten(request.headers['content-type'] ?? 'nothing', 100) })
    case 'FST_ERR_BAD_URL':
      return new Problem('address-unparsable')
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return unknownRoute(request)
    default:
      if ((error.statusCode ?? 500) >= 500) return unexpected(error, request)
      return new Problem('body-unparsable', { reason: error.message }, { cause: error })
  }
}

function unexpected(cause: unknown, request: FastifyRequest): Problem {
  return new Problem('unexpected', { requestId: request.id }, { cause })
}

/** What an error says beyond its text: the details that are no placeholders of it. */
function factsOf(problem: Problem): Readonly<Record<string, unknown>> {
  const text = errors[problem.code satisfies ErrorCode].text
  return Object.fromEntries(Object.entries(problem.detail).filter(([name]) => !text.includes(`{${name}}`)))
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`
}
