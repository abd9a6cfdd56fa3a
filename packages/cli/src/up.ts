/**
 * `headgate up`: the whole product on this machine.
 *
 * Order matters at start (sandbox, server, demo world) and is reversed at the end. Everything lives under the data
 * directory; started again on it, everything is as it was, also after a `kill -9`.
 */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { caller } from '@headgate/core/api'
import { type Sandbox, startSandbox } from '@headgate/sandbox'
import { type Config, type Server, startServer } from '@headgate/server'
import { type Acme, readAcme } from './demo/acme.ts'
import { type PreparedAccount, prepareAcme, prepareEmpty } from './demo/aws.ts'
import { demoKeys } from './demo/keys.ts'
import { loadAcme, makeExports } from './demo/load.ts'
import { personas } from './demo/personas.ts'
import { makeRequests } from './demo/requests.ts'
import { type Ready, readyFacts, writeReadyFile } from './ready.ts'
import { reportBug } from './report-bug.ts'

export interface UpOptions {
  readonly config: Config
  /** `acme` and `empty` bring the sandbox; `none` is for real AWS. */
  readonly demo: 'acme' | 'empty' | 'none'
  /** Whether a taken port gives way to the next free one. */
  readonly portMayMove: boolean
  /** 0 takes a free port, and a taken one gives way to a free one. */
  readonly sandboxPort: number
  readonly readyFile?: string
  /** Folder of the built web app; without it `/app/` says how to build it. */
  readonly webDir?: string
}

export interface Up {
  readonly server: Server
  readonly ready: Ready | undefined
  close(): Promise<void>
}

export async function up(options: UpOptions): Promise<Up> {
  const dataDir = path.resolve(options.config.HEADGATE_DATA_DIR)
  // Traversable, since the database may run as another user; whatever is private in it is 0600 or 0700 itself.
  await mkdir(dataDir, { recursive: true, mode: 0o711 })
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end()
  }
  const start = async (config: Config) => {
    const { portMayMove, webDir } = options
    const server = await startServer(config, { portMayMove, ...(webDir !== undefined && { webDir }) })
    closers.push(() => server.close())
    return server
  }
  try {
    if (options.demo === 'none') return { server: await start(options.config), ready: undefined, close }
    const sandbox = await sandboxIn(dataDir, options.sandboxPort)
    closers.push(() => sandbox.close())
    const acme = options.demo === 'acme' ? readAcme() : undefined
    const accounts = acme === undefined ? await prepareEmpty(sandbox) : await prepareAcme(sandbox, acme)
    const server = await start(atSandbox(options.config, sandbox, accounts))
    const ready = await bringUpDemo(acme, dataDir, sandbox, accounts, server)
    if (options.readyFile !== undefined) await writeReadyFile(options.readyFile, ready)
    return { server, ready, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The settings of a Headgate whose AWS is the sandbox. */
function atSandbox(config: Config, sandbox: Sandbox, accounts: readonly PreparedAccount[]): Config {
  const directory = accounts.find(({ identityStoreId }) => identityStoreId !== undefined)?.identityStoreId
  return {
    ...config,
    HEADGATE_AWS_ENDPOINT: sandbox.url,
    ...(directory !== undefined && { HEADGATE_IDENTITY_STORE_ID: directory }),
  }
}

async function sandboxIn(dataDir: string, port: number): Promise<Sandbox> {
  const options = { dataDir: path.join(dataDir, 'sandbox'), onBug: reportBug }
  try {
    return await startSandbox({ ...options, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return startSandbox({ ...options, port: 0 })
  }
}

async function bringUpDemo(
  acme: Acme | undefined,
  dataDir: string,
  sandbox: Sandbox,
  accounts: readonly PreparedAccount[],
  server: Server,
): Promise<Ready> {
  const keys = await demoKeys(dataDir, server)
  const setUpLink = await server.setUpLink()
  if (acme === undefined) return readyFacts({ server, sandbox, keys, accounts, people: [], setUpLink })
  const withKey = (key: string) =>
    caller((route, init) => fetch(server.url + route, { ...init, headers: { ...init.headers, authorization: key } }))
  const api = withKey(keys.admin)
  await keys.setUpAdmin(setUpLink, api)
  await keys.save()
  const users = await loadAcme(api, acme, accounts)
  // Before there are keys: it is their first way in, which nobody else holds, so that what they ask for is theirs alone.
  for (const userid of new Set([...personas.map(([userid]) => userid), ...acme.requests.map(({ by }) => by)])) {
    const user = users.get(userid)
    if (user) await keys.givePassword(user, api)
  }
  const people = await Promise.all(
    acme.people.map(async ({ userid }) => {
      const user = users.get(userid)
      if (user === undefined) throw new Error(`${userid} has not been made`)
      return { user, apiKey: await keys.of(user, api) }
    }),
  )
  await keys.save()
  const keyOf = new Map(people.map(({ user, apiKey }) => [user.userid, apiKey]))
  await makeRequests(api, acme.requests, userid => withKey(keyOf.get(userid) ?? ''))
  await makeExports(api, acme, accounts)
  return readyFacts({ server, sandbox, keys, accounts, people })
}
