/**
 * A whole server of its own for a test: a database clone, HTTP on a free port, and people who call it.
 *
 * `admin` may do everything; `as(permissions)` makes another person with exactly these and a key of their own.
 */
import { type Caller, caller, type Permission } from '@headgate/core/api'
import { type Sandbox, startSandbox } from '@headgate/sandbox'
import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import { createAwsAccess } from '../../src/aws/clients.ts'
import { createBackground } from '../../src/background.ts'
import { readConfig } from '../../src/config.ts'
import { act, system } from '../../src/db/act.ts'
import { insertKey } from '../../src/db/api-key.ts'
import { tenantId } from '../../src/db/deployment.ts'
import { createFirstAdmin, insertPerson } from '../../src/db/person.ts'
import { newKey } from '../../src/directory/new-key.ts'
import { type AppOptions, createApp } from '../../src/http/app.ts'
import { createLiveIndex } from '../../src/live-index/live-index.ts'
import { createVault } from '../../src/secrets.ts'
import type { World } from '../../src/world.ts'
import { testDatabase } from './database.ts'

export interface TestServerOptions extends AppOptions {
  /** Whether there is an AWS to call; without it, AWS is unreachable. */
  readonly sandbox?: boolean
  readonly environment?: Readonly<Record<string, string>>
  /** What the database holds before anybody is there. */
  readonly fill?: (db: World['db']) => Promise<void>
  /** Default: silent. */
  readonly log?: Logger
}

/** Seals the secrets of every test server. */
export const testKey = Buffer.alloc(32, 7)

/** The discard port: calls that should not be made fail at once instead of leaving the machine. */
const nobodyListens = 'http://127.0.0.1:9'

/** A person's calls, with who they are. */
export type TestPerson = Caller & {
  readonly id: number
  readonly userid: string
  readonly key: string
  /** A raw call with this person's key. */
  readonly send: (path: string, init?: RequestInit) => Promise<Response>
}

export interface TestServer {
  readonly url: string
  readonly world: World
  readonly db: World['db']
  /** For another connection to the same database. */
  readonly databaseUrl: string
  readonly app: FastifyInstance
  /** There when asked for. */
  readonly sandbox: Sandbox
  readonly admin: TestPerson
  as(permissions?: readonly Permission[], userid?: string): Promise<TestPerson>
  close(): Promise<void>
}

export async function testServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { environment, fill, log = pino({ level: 'silent' }), sandbox: wantsSandbox, ...appOptions } = options
  const database = await testDatabase()
  const { db } = database
  await fill?.(db)
  const sandbox = wantsSandbox ? await startSandbox() : undefined
  const endpoint = sandbox?.url ?? nobodyListens
  const config = readConfig({ HEADGATE_RATE_LIMIT: '1000000', HEADGATE_AWS_ENDPOINT: endpoint, ...environment })
  const vault = createVault([testKey])
  const aws = createAwsAccess({
    vault,
    externalId: () => tenantId(db.kysely),
    endpoint: config.HEADGATE_AWS_ENDPOINT,
    parallel: config.HEADGATE_AWS_PARALLEL,
  })
  const background = createBackground(log)
  const index = createLiveIndex({ db, log })
  const world: World = { config, db, index, vault, log, aws, background }
  const app = await createApp(world, appOptions)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  const { key } = newKey()
  const id = await createFirstAdmin(db, { userid: 'admin', name: 'First Admin' }, key)
  let people = 0
  return {
    url,
    world,
    db,
    databaseUrl: database.url,
    app,
    get sandbox() {
      if (!sandbox) throw new Error('ask for it: testServer({ sandbox: true })')
      return sandbox
    },
    admin: personAt(url, { id, userid: 'admin', key }),
    async as(permissions = [], givenUserid) {
      people += 1
      const userid = givenUserid ?? `person-${people}`
      const { key, hash } = newKey()
      const { result } = await act(db, system, async done => {
        const person = await insertPerson(done, { userid, name: `Name of ${userid}`, kind: 'person', permissions })
        await insertKey(done.tx, { person, name: 'test', hash, permissions: null, expiresAt: null, openedBy: null })
        return person
      })
      return personAt(url, { id: result, userid, key })
    },
    async close() {
      await app.close()
      await background.close()
      await index.close()
      aws.close()
      await sandbox?.close()
      await database.close()
    },
  }
}

/** The same server for somebody with another key: of the person given, no calls are taken over. */
export function personAt(url: string, { id, userid, key }: Pick<TestPerson, 'id' | 'userid' | 'key'>): TestPerson {
  const send = (path: string, init: RequestInit = {}) => {
    const headers = { authorization: key, ...(init.headers as Record<string, string> | undefined) }
    return fetch(url + path, { ...init, headers })
  }
  return { ...caller(send), id, userid, key, send }
}
