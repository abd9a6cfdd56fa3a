/**
 * `headgate login`: gets an API key, tries it, and keeps it in a profile. In a terminal somebody approves it in a browser; a key that
 * one has is typed or piped, never an argument.
 */
import { spawn } from 'node:child_process'
import { hostname } from 'node:os'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { isCancel, password } from '@clack/prompts'
import { ApiError } from '@headgate/core/api'
import { connectTo, type Environment, keepProfile, type Profile } from './connection.ts'
import { Refused } from './refused.ts'

export interface LoginFlags {
  readonly url: string
  readonly profile: string
  /** Type or pipe a key, though there is a terminal. */
  readonly key?: true
  /** Approve in a browser, though there is no terminal. */
  readonly browser?: true
  /** Whether to open the browser, too. */
  readonly open: boolean
}

export async function loginCommand(flags: LoginFlags, environment: Environment): Promise<void> {
  const url = flags.url.replace(/\/$/, '')
  const isInBrowser = flags.browser === true || (flags.key !== true && process.stdin.isTTY)
  const profile = isInBrowser ? await approvedKey(url, flags.open) : { url, apiKey: await typedKey(url) }
  const me = await connectTo(profile)
    .api.users.me()
    .catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 401)
        throw new Refused('the server does not take this key', `make one at ${url}/app/account`)
      throw error
    })
  const file = await keepProfile(flags.profile, profile, environment)
  process.stderr.write(`signed in as ${me.userid}; kept in ${file}\n`)
}

async function approvedKey(url: string, isToOpen: boolean): Promise<Profile> {
  const { api } = connectTo({ url })
  const { deviceCode, userCode, path, expiresAt, pollAfterSeconds } = await api.deviceSignIns.begin({
    body: { device: hostname() },
  })
  const address = `${url}${path}?code=${userCode}`
  process.stderr.write(`Open ${address}\nand see that it shows the code ${userCode}. Waiting …\n`)
  if (isToOpen) openInBrowser(address)
  while (Date.now() < Date.parse(expiresAt)) {
    await setTimeout(pollAfterSeconds * 1000)
    const answer = await api.deviceSignIns.poll({ body: { deviceCode } }).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 429) return { state: 'waiting' as const }
      throw error
    })
    if (answer.state === 'denied') throw new Refused('it was refused in the browser')
    if (answer.state === 'approved') return { url, apiKey: answer.key, keyId: answer.keyId }
  }
  throw new Refused('nobody approved it in time', 'run `headgate login` again')
}

/** As far as this machine can: the address is printed in any case. */
function openInBrowser(address: string): void {
  const program = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open'
  spawn(program, [address], { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref()
}

async function typedKey(url: string): Promise<string> {
  if (!process.stdin.isTTY) return (await textOf(process.stdin)).trim()
  const typed = await password({ message: `API key, from ${url}/app/account` })
  if (isCancel(typed)) throw new Refused('not signed in')
  return typed.trim()
}
