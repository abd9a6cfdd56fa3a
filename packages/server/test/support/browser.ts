/**
 * Somebody at a browser: keeps cookies, says where its pages come from, and sends the token with every write, as the web
 * app does. What it sends can be changed to see what is refused.
 */
import { type Caller, type CurrentSession, caller } from '@headgate/core/api'

export type Browser = Caller & {
  /** By name. */
  readonly cookies: Map<string, string>
  /** What the next writes send besides; undefined takes a header away. */
  readonly headers: Record<string, string | undefined>
  send(path: string, init?: RequestInit): Promise<Response>
  signIn(userid: string, password: string): Promise<CurrentSession>
}

export function browserAt(url: string): Browser {
  const cookies = new Map<string, string>()
  const headers: Record<string, string | undefined> = { origin: new URL(url).origin }
  const send = async (path: string, init: RequestInit = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = { ...(cookie && { cookie }), ...headers, ...(init.headers as Record<string, string> | undefined) }
    const given = Object.entries(sent).filter((entry): entry is [string, string] => entry[1] !== undefined)
    const answer = await fetch(url + path, { ...init, headers: Object.fromEntries(given) })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return answer
  }
  const api = caller(send)
  return {
    ...api,
    cookies,
    headers,
    send,
    async signIn(userid, password) {
      const session = await api.session.start({ body: { userid, password } })
      headers['x-csrf-token'] = session.csrfToken
      return session
    },
  }
}
