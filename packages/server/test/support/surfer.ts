/** A browser that follows redirects across sites and keeps each site's cookies, as far as signing in needs one. */
export interface Surfer {
  /** By origin, then by name. */
  readonly cookies: Map<string, Map<string, string>>
  /** Goes on until a page is answered, or until an address of the web app; each step can be stopped or changed. */
  go(url: string, init?: RequestInit, until?: (url: URL) => boolean): Promise<Arrival>
  /** From a page of the identity provider on, as this account; empty: turns back. */
  pickAccount(at: Arrival, account: string, until?: (url: URL) => boolean): Promise<Arrival>
}

export interface Arrival {
  readonly url: URL
  /** Absent where going on was stopped. */
  readonly response?: Response
}

export function surfer(): Surfer {
  const cookies = new Map<string, Map<string, string>>()

  async function step(url: URL, init: RequestInit): Promise<Response> {
    const jar = cookies.get(url.origin) ?? new Map<string, string>()
    cookies.set(url.origin, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = { ...(cookie && { cookie }), ...(init.headers as Record<string, string> | undefined) }
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }

  const self: Surfer = {
    cookies,
    async go(address, init = {}, until = () => false) {
      let url = new URL(address)
      let response = await step(url, init)
      for (let steps = 0; steps < 20; steps += 1) {
        const location = response.headers.get('location')
        if (location === null) return { url, response }
        await response.body?.cancel()
        url = new URL(location, url)
        if (url.pathname.startsWith('/app') || until(url)) return { url }
        response = await step(url, {})
      }
      throw new Error(`redirected without end: ${url.href}`)
    },
    async pickAccount(at, account, until) {
      const body = new URLSearchParams({ account }).toString()
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      return self.go(at.url.href, { method: 'POST', body, headers }, until)
    },
  }
  return self
}
