/**
 * Whether a write comes from our own pages: another site can make a browser send our cookie, but neither read the token
 * of the session nor say that it is us.
 *
 * The browser's own word (`Sec-Fetch-Site`, over HTTPS and on localhost) is taken before `Origin`, which a proxy that
 * changes the host would make look foreign. Keys need none of this: no browser sends one by itself.
 */
import { timingSafeEqual } from 'node:crypto'
import { Problem } from '@headgate/core/api'
import type { FastifyRequest } from 'fastify'
import { csrfTokenOf } from '../directory/session-cookie.ts'

/** @throws Problem `csrf-refused` for a write with a cookie */
export function refuseForged(request: FastifyRequest, secret: string, publicUrl: string | null): void {
  if (isRead(request)) return
  const said = siteSaid(request, publicUrl)
  if (said === undefined) throw new Problem('csrf-refused', { reason: 'send `Origin`, as browsers do' })
  refuseForeign(said)
  const token = request.headers['x-csrf-token']
  if (token === undefined) {
    throw new Problem('csrf-refused', { reason: 'send `X-CSRF-Token` as GET /session tells it' })
  }
  if (isSame(String(token), csrfTokenOf(secret))) return
  throw new Problem('csrf-refused', { reason: '`X-CSRF-Token` is not that of this session: GET /session tells it' })
}

/** Whether this is a write of which a browser says where it comes from: programs say nothing. */
export function saysSite(request: FastifyRequest): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers
  return !isRead(request) && (origin !== undefined || site !== undefined)
}

/** For writes that need nobody, such as signing in. Throws Problem `csrf-refused`. */
export function refuseForeignSite(request: FastifyRequest, publicUrl: string | null): void {
  refuseForeign(siteSaid(request, publicUrl) ?? 'ours')
}

function refuseForeign(said: 'ours' | 'foreign'): void {
  if (said === 'foreign') throw new Problem('csrf-refused', { reason: 'this one comes from another site' })
}

function siteSaid({ headers, host }: FastifyRequest, publicUrl: string | null): 'ours' | 'foreign' | undefined {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' ? 'ours' : 'foreign'
  if (headers.origin === undefined) return undefined
  const origin = URL.parse(headers.origin)
  return origin !== null && (origin.origin === publicUrl || origin.host === host) ? 'ours' : 'foreign'
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD'
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
