/** What somebody needs who wants to try it: printed for people, written as JSON for programs (`--ready-file`). */
import { rename, writeFile } from 'node:fs/promises'
import type { User } from '@headgate/core/api'
import type { Sandbox } from '@headgate/sandbox'
import type { Server } from '@headgate/server'
import type { Credentials, PreparedAccount } from './demo/aws.ts'
import type { DemoKeys } from './demo/keys.ts'

export interface Ready {
  readonly url: string
  readonly adminApiKey: string
  /** Of `admin`; absent where they have not got the demo's password. */
  readonly adminPassword?: string
  /** Where the first admin comes in, once; absent when somebody has. */
  readonly setUpLink?: string
  readonly users: readonly {
    readonly userid: string
    readonly apiKey: string
    /** Of the personas. */
    readonly password?: string
    readonly principal: string | undefined
    readonly aws: Credentials | undefined
  }[]
  readonly sandbox: {
    readonly endpoint: string
    readonly region: string
    readonly accounts: readonly {
      readonly accountId: string
      readonly region: string
      readonly locationRole: string
      readonly controller: Credentials
      readonly buckets: readonly string[]
      /** AWS identities that nobody in Headgate is mapped to yet, to try things with. */
      readonly principals: readonly { readonly arn: string; readonly credentials: Credentials }[]
    }[]
  }
  /** Of the process to stop. */
  readonly pid: number
}

export interface ReadyParts {
  readonly server: Server
  readonly sandbox: Sandbox
  readonly keys: DemoKeys
  readonly accounts: readonly PreparedAccount[]
  readonly people: readonly { readonly user: User; readonly apiKey: string }[]
  readonly setUpLink?: string | undefined
}

export async function readyFacts({ server, sandbox, keys, accounts, people, setUpLink }: ReadyParts): Promise<Ready> {
  const users = await Promise.all(
    people.map(async ({ user, apiKey }) => {
      const home = accounts.find(account => account.people.has(user.userid))
      return {
        userid: user.userid,
        apiKey,
        ...(keys.hasPassword(user.userid) && { password: keys.password }),
        principal: home?.people.get(user.userid),
        aws: await home?.credentialsOf(user.userid),
      }
    }),
  )
  return {
    url: server.url,
    adminApiKey: keys.admin,
    ...(keys.hasPassword('admin') && { adminPassword: keys.password }),
    ...(setUpLink !== undefined && { setUpLink }),
    users,
    sandbox: {
      endpoint: sandbox.url,
      region: accounts[0]?.region ?? 'us-east-1',
      accounts: accounts.map(({ accountId, region, locationRole, controller, buckets, spare }) => ({
        accountId,
        region,
        locationRole,
        controller,
        buckets,
        principals: spare,
      })),
    },
    pid: process.pid,
  }
}

/** Holds keys, hence 0600; renamed into place, so that whoever waits for it never reads half a file. */
export async function writeReadyFile(file: string, ready: Ready): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(ready, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}
