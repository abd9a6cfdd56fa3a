/**
 * Whom the commands speak to, and as whom: flags first, then the environment, then the profile that `headgate login` wrote.
 * Profiles lie in one file of mode 0600; a file that others may read is refused.
 */
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Caller, caller } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from './refused.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface ConnectionFlags {
  readonly url?: string
  readonly profile?: string
}

const profiles = z.record(
  z.string(),
  z.object({
    url: z.url(),
    apiKey: z.string(),
    /** Of a key that `headgate login` got in a browser, and `headgate logout` revokes. */
    keyId: z.number().optional(),
  }),
)
export type Profile = z.output<typeof profiles>[string]

export interface Connection {
  readonly url: string
  readonly api: Caller
}

export async function connect(flags: ConnectionFlags, environment: Environment): Promise<Connection> {
  return connectTo(await whomToCall(flags, environment))
}

/** @param apiKey without one, what anybody may ask */
export function connectTo({ url, apiKey }: { readonly url: string; readonly apiKey?: string }): Connection {
  const base = url.replace(/\/$/, '')
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }
  const api = caller(async (at, init) => {
    try {
      return await fetch(base + at, { ...init, headers: { ...init.headers, ...authorization } })
    } catch (error) {
      const why = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : ''
      throw new Refused(`${base} does not answer${why}`, 'is Headgate running there, and is the address right?')
    }
  })
  return { url: base, api }
}

export async function whomToCall(flags: ConnectionFlags, environment: Environment): Promise<Profile> {
  const { HEADGATE_URL, HEADGATE_API_KEY } = environment
  if (flags.profile === undefined && HEADGATE_API_KEY) {
    const url = flags.url ?? HEADGATE_URL
    if (!url) throw new Refused('HEADGATE_API_KEY is set, and no address', 'set HEADGATE_URL, or give --url')
    return { url, apiKey: HEADGATE_API_KEY }
  }
  const name = flags.profile ?? environment.HEADGATE_PROFILE ?? 'default'
  const found = (await readProfiles(environment))[name]
  if (found === undefined)
    throw new Refused(
      `nobody is signed in${name === 'default' ? '' : ` as profile ${name}`}`,
      'run `headgate login --url https://…`, or set HEADGATE_URL and HEADGATE_API_KEY',
    )
  return { ...found, ...(flags.url !== undefined && { url: flags.url }) }
}

/** @returns the file */
export async function keepProfile(name: string, profile: Profile, environment: Environment): Promise<string> {
  return writeProfiles({ ...(await readProfiles(environment)), [name]: profile }, environment)
}

export async function forgetProfile(name: string, environment: Environment): Promise<void> {
  const { [name]: _, ...others } = await readProfiles(environment)
  await writeProfiles(others, environment)
}

async function writeProfiles(all: Readonly<Record<string, Profile>>, environment: Environment): Promise<string> {
  const file = profilesFile(environment)
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 })
  await chmod(`${file}.new`, 0o600)
  await rename(`${file}.new`, file)
  return file
}

export async function readProfiles(environment: Environment): Promise<Readonly<Record<string, Profile>>> {
  const file = profilesFile(environment)
  const found = await stat(file).catch(() => undefined)
  if (found === undefined) return {}
  if ((found.mode & 0o077) !== 0) throw new Refused(`others may read ${file}`, `run \`chmod 600 ${file}\``)
  const read = profiles.safeParse(JSON.parse(await readFile(file, 'utf8')))
  if (!read.success) throw new Refused(`${file} is not what headgate wrote`, 'delete it and sign in again')
  return read.data
}

/** Where the user's own settings lie, as the XDG convention has it. */
export function configFolder(environment: Environment): string {
  return path.join(environment.XDG_CONFIG_HOME ?? path.join(home(environment), '.config'), 'headgate')
}

export function cacheFolder(environment: Environment): string {
  return path.join(environment.XDG_CACHE_HOME ?? path.join(home(environment), '.cache'), 'headgate')
}

function profilesFile(environment: Environment): string {
  return path.join(configFolder(environment), 'profiles.json')
}

function home({ HOME, USERPROFILE }: Environment): string {
  const folder = HOME ?? USERPROFILE
  if (folder === undefined) throw new Refused('HOME is not set', 'set it, or XDG_CONFIG_HOME and XDG_CACHE_HOME')
  return folder
}
