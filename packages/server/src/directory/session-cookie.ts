/**
 * The cookie that a session lives in, and the token that proves that a write comes from our own pages.
 *
 * Over HTTPS the name begins with `__Host-`: a browser takes such a cookie from this very host alone, so that no
 * neighbouring subdomain can plant one.
 */
import { createHmac } from 'node:crypto'

/** Who calls, as far as HTTP tells: what a session is made of besides the person. */
export interface Client {
  readonly ip: string
  readonly requestId: string
  readonly userAgent: string | undefined
  readonly protocol: 'http' | 'https'
  readonly cookies: Readonly<Record<string, string | undefined>>
}

export interface Cookie {
  readonly name: string
  readonly value: string
  readonly options: {
    readonly httpOnly: true
    readonly sameSite: 'lax'
    readonly secure: boolean
    readonly path: '/'
    /** Seconds; without it, until the browser is closed. */
    readonly maxAge?: number
  }
}

/** Whether browsers reach us over HTTPS: as the settings say or, where they don't, as this call came. */
export function isHttps(publicUrl: string | null, client: Pick<Client, 'protocol'>): boolean {
  return publicUrl === null ? client.protocol === 'https' : publicUrl.startsWith('https:')
}

const names = { https: '__Host-headgate', http: 'headgate' }

export function sessionCookie(secret: string, secure: boolean): Cookie {
  const options = { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const
  return { name: secure ? names.https : names.http, value: secret, options }
}

/** Takes the cookie away. */
export function endedCookie(secure: boolean): Cookie {
  const { name, options } = sessionCookie('', secure)
  return { name, value: '', options: { ...options, maxAge: 0 } }
}

/** What the cookie holds; the name that fits is known only with the settings, hence `isSecure`. */
export function heldSecret(client: Pick<Client, 'cookies'>): { secret: string; isSecure: boolean } | undefined {
  const { [names.https]: secure, [names.http]: plain } = client.cookies
  if (secure) return { secret: secure, isSecure: true }
  return plain ? { secret: plain, isSecure: false } : undefined
}

/** Known to whoever holds the session and to pages that may read our answers; tells nothing about the session's secret. */
export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('headgate csrf token').digest('base64url')
}
