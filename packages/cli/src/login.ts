/** `headgate login`: takes an API key, tries it, and keeps it in a profile. The key is typed or piped, never an argument. */
import { text as textOf } from 'node:stream/consumers'
import { isCancel, password } from '@clack/prompts'
import { ApiError } from '@headgate/core/api'
import { connect, type Environment, keepProfile } from './connection.ts'
import { Refused } from './refused.ts'

export interface LoginFlags {
  readonly url: string
  readonly profile: string
}

export async function loginCommand({ url, profile }: LoginFlags, environment: Environment): Promise<void> {
  const address = url.replace(/\/$/, '')
  const apiKey = await typedKey(address)
  const { api } = await connect({ url: address }, { HEADGATE_API_KEY: apiKey })
  const me = await api.users.me().catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 401)
      throw new Refused('the server does not take this key', `make one at ${address}/app/account`)
    throw error
  })
  const file = await keepProfile(profile, { url: address, apiKey }, environment)
  process.stderr.write(`signed in as ${me.userid}; kept in ${file}\n`)
}

async function typedKey(address: string): Promise<string> {
  if (!process.stdin.isTTY) return (await textOf(process.stdin)).trim()
  const typed = await password({ message: `API key, from ${address}/app/account` })
  if (isCancel(typed)) throw new Refused('not signed in')
  return typed.trim()
}
