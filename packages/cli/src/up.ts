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
import { readAcme } from './demo/acme.ts'
import { prepareAcme, prepareEmpty } from './demo/aws.ts'
import { demoKeys } from './demo/keys.ts'
import { loadAcme } from './demo/load.ts'
import { type Ready, readyFacts, writeReadyFile } from './ready.ts'

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
  try {
    const sandbox = options.demo === 'none' ? undefined : await sandboxIn(dataDir, options.sandboxPort)
    if (sandbox !== undefined) closers.push(() => sandbox.close())
    const config = sandbox === undefined ? options.config : { ...options.config, HEADGATE_AWS_ENDPOINT: sandbox.url }
    const server = await startServer(config, {
      portMayMove: options.portMayMove,
      ...(options.webDir !== undefined && { webDir: options.webDir }),
    })
    closers.push(() => server.close())
    const ready = sandbox && (await bringUpDemo(options.demo === 'acme', dataDir, sandbox, server))
    if (ready !== undefined && options.readyFile !== undefined) await writeReadyFile(options.readyFile, ready)
    return { server, ready, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function sandboxIn(dataDir: string, port: number): Promise<Sandbox> {
  const options = { dataDir: path.join(dataDir, 'sandbox') }
  try {
    return await startSandbox({ ...options, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    return startSandbox({ ...options, port: 0 })
  }
}

async function bringUpDemo(isAcme: boolean, dataDir: string, sandbox: Sandbox, server: Server): Promise<Ready> {
  const keys = await demoKeys(dataDir, server)
  const api = caller((route, init) =>
    fetch(server.url + route, { ...init, headers: { ...init.headers, authorization: keys.admin } }),
  )
  if (!isAcme) return readyFacts(server, sandbox, keys.admin, await prepareEmpty(sandbox), [])
  const acme = readAcme()
  const prepared = await prepareAcme(sandbox, acme)
  const users = await loadAcme(api, acme, prepared)
  const people = await Promise.all(
    acme.people.map(async ({ userid }) => {
      const user = users.get(userid)
      if (user === undefined) throw new Error(`${userid} has not been made`)
      return { user, apiKey: await keys.of(user, api) }
    }),
  )
  await keys.save()
  return readyFacts(server, sandbox, keys.admin, prepared, people)
}
