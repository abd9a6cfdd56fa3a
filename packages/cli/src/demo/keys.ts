/**
 * The API keys and the password of the demo's people, kept in the data directory (mode 0600), so that what somebody noted down
 * still works after a restart. Headgate itself stores hashes only; this file exists for the demo world alone.
 */
import { randomInt } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Caller, caller, type User } from '@headgate/core/api'
import type { Server } from '@headgate/server'

export interface DemoKeys {
  readonly admin: string
  /** The person's key of last time, or a new one: of a persona one of their own, which carries what they own too. */
  of(user: User, api: Caller): Promise<string>
  /** The one password of all personas. */
  readonly password: string
  /** Gives it to the first admin, whom the link lets in; undefined: they have it, or another way in. */
  setUpAdmin(link: string | undefined, api: Caller): Promise<void>
  /** Gives it to a persona who has none of it yet. */
  givePassword(user: User, api: Caller): Promise<void>
  /** Whether that user name was given it. */
  hasPassword(userid: string): boolean
  save(): Promise<void>
}

interface KeyFile {
  admin?: string
  readonly people: Record<string, string>
  password?: string
  /** Who was given the password: what they change it to is their own affair. */
  withPassword?: string[]
}

export async function demoKeys(dataDir: string, server: Server): Promise<DemoKeys> {
  const file = path.join(dataDir, 'demo-keys.json')
  const kept: KeyFile = await readFile(file, 'utf8').then(
    text => JSON.parse(text) as KeyFile,
    () => ({ people: {} }),
  )
  const save = async () => {
    await writeFile(`${file}.new`, JSON.stringify(kept), { mode: 0o600 })
    await rename(`${file}.new`, file)
  }
  const admin = kept.admin ?? (await server.adminKey())
  if (kept.admin === undefined) {
    kept.admin = admin
    // Written at once: a key that is lost could not be shown again.
    await save()
  }
  kept.password ??= newPassword()
  kept.withPassword ??= []
  const { password, withPassword } = kept
  return {
    admin,
    password,
    hasPassword: userid => withPassword.includes(userid),
    async setUpAdmin(link, api) {
      const token = link?.split('#')[1]
      if (token === undefined) return
      await api.setUp.use({ body: { token, password, userid: 'admin', name: 'Admin' } })
      withPassword.push('admin')
    },
    async givePassword(user, api) {
      if (withPassword.includes(user.userid)) return
      const { token } = await api.setUp.link({ params: { id: user.id } })
      await api.setUp.use({ body: { token, password } })
      withPassword.push(user.userid)
    },
    async of(user, api) {
      const { userid, id: userId } = user
      const make = async () =>
        withPassword.includes(userid)
          ? (await signedIn(server.url, userid, password)).apiKeys.create({ body: { name: 'demo' } })
          : api.apiKeys.create({ body: { name: 'demo', userId } })
      kept.people[userid] ??= (await make()).key
      return kept.people[user.userid] as string
    },
    save,
  }
}

/** As their browser would call. */
async function signedIn(url: string, userid: string, password: string): Promise<Caller> {
  const answer = await fetch(`${url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userid, password }),
  })
  const { csrfToken = '' } = (await answer.json()) as { csrfToken?: string }
  const [cookie = ''] = answer.headers.get('set-cookie')?.split(';') ?? []
  const headers = { cookie, origin: url, 'x-csrf-token': csrfToken }
  return caller((route, init) => fetch(url + route, { ...init, headers: { ...init.headers, ...headers } }))
}

/** Easy to type, hard to guess: 16 of 31 letters and digits that look like no other. */
function newPassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  const group = () => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')
  return [group(), group(), group(), group()].join('-')
}
