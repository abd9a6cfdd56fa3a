/**
 * A browser on its way to an identity provider and back.
 *
 * What comes back is taken only from the browser that went, once, and within ten minutes: its cookie holds 256 random
 * bits, from which state, nonce and PKCE verifier are derived; the table holds their SHA-256.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { forgetEndedFlows, insertFlow, type StoredFlow, takeFlow } from '../db/oidc-flow.ts'
import type { Db } from '../db/open.ts'
import type { Client, Cookie } from './session-cookie.ts'

export interface FlowSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

const lifeMs = 600_000

/** Where a provider sends browsers back to; to be registered there. */
export function redirectUriOf(publicUrl: string, provider: number): string {
  return `${publicUrl}/sign-in/${provider}/callback`
}

/** The page to go to afterwards: a page of our own app, whatever is asked for. */
export function safeReturnTo(asked: string | undefined): string {
  // Browsers read a backslash as a slash, and leave out control characters before they read.
  if (asked === undefined || asked.length > 2000 || !/^\/app(?:[/?#]|$)/.test(asked) || /[\\\p{Cc}\s]/u.test(asked)) {
    return home
  }
  const { origin, pathname, search, hash } = URL.parse(asked, here) ?? {}
  return origin === here && pathname?.startsWith('/app/') ? `${pathname}${search}${hash}` : home
}

const home = '/app/'
const here = 'https://headgate.invalid'

export async function beginFlow(
  db: Db,
  flow: StoredFlow,
  now: number,
  secure: boolean,
): Promise<FlowSecrets & { readonly cookie: Cookie }> {
  const secret = randomBytes(32).toString('base64url')
  await forgetEndedFlows(db.kysely)
  await insertFlow(db.kysely, hashOf(secret), flow, now + lifeMs)
  const secrets = secretsOf(secret)
  return { ...secrets, cookie: flowCookie(secrets.state, secret, secure, lifeMs / 1000) }
}

/**
 * What was begun in this browser with this state, which is used up by that; undefined: nothing.
 * @param secure whether browsers come over HTTPS: then a neighbouring host could have planted a cookie of the plain name
 */
export async function endFlow(
  db: Db,
  client: Pick<Client, 'cookies'>,
  state: string,
  secure: boolean,
): Promise<(StoredFlow & FlowSecrets) | undefined> {
  const secret = client.cookies[nameOf(state, secure)]
  if (secret === undefined) return undefined
  const secrets = secretsOf(secret)
  if (!isSame(secrets.state, state)) return undefined
  const flow = await takeFlow(db.kysely, hashOf(secret))
  return flow && { ...flow, ...secrets }
}

/** Takes the cookie away. */
export function endedFlowCookie(state: string, secure: boolean): Cookie {
  return flowCookie(state, '', secure, 0)
}

/** Several flows may be on their way in one browser, each in a cookie of its own. */
function flowCookie(state: string, value: string, secure: boolean, maxAge: number): Cookie {
  return { name: nameOf(state, secure), value, options: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge } }
}

function nameOf(state: string, secure: boolean): string {
  // Of what the provider hands back, nothing but letters goes into a name.
  return `${secure ? '__Host-' : ''}headgate-sign-in-${state.replaceAll(/[^\w-]/g, '').slice(0, 8)}`
}

function secretsOf(secret: string): FlowSecrets {
  const derive = (use: string) => createHmac('sha256', secret).update(`headgate sign-in ${use}`).digest('base64url')
  return { state: derive('state'), nonce: derive('nonce'), codeVerifier: derive('code verifier') }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest()
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(hashOf(one), hashOf(other))
}
