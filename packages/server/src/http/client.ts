/** Whose browser or program calls, as far as HTTP tells. */
import type { FastifyRequest } from 'fastify'
import type { Client } from '../directory/session-cookie.ts'

export function clientOf(request: FastifyRequest): Client {
  const { ip, id, protocol, headers, cookies } = request
  return { ip, requestId: id, userAgent: headers['user-agent'], protocol, cookies: cookies ?? {} }
}
