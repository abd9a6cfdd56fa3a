/** What the tests of the change loop share: a server with an account, people, policies, and the loop at work. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateUserCommand } from '@aws-sdk/client-iam'
import type { Grant } from '@headgate/core/api'
import { sql } from 'kysely'
import { act, system } from '../../src/db/act.ts'
import { type ChangeLoop, type ChangeLoopOptions, startChangeLoop } from '../../src/reconcile/change-loop.ts'
import type { World } from '../../src/world.ts'
import { integrationBody, prepareAccount, type TestAccount } from '../support/aws-account.ts'
import { type TestServer, type TestServerOptions, testServer } from '../support/server.ts'

export interface Lake {
  readonly server: TestServer
  readonly account: TestAccount
  readonly integration: string
  /** Starts a loop that is stopped with the test. */
  start(options?: ChangeLoopOptions, world?: World): Promise<ChangeLoop>
}

/** One account with bucket `research-data`, connected as a whole and enabled. */
export async function lake(t: TestContext, options: TestServerOptions = {}): Promise<Lake> {
  const server = await testServer({ sandbox: true, ...options })
  const loops: ChangeLoop[] = []
  t.after(async () => {
    await Promise.all(loops.map(loop => loop.stop()))
    await server.close()
  })
  const account = await prepareAccount(server.sandbox)
  const { id } = await server.admin.integrations.create({ body: integrationBody(account) })
  await server.world.background.idle()
  const { status, statusMessage } = await server.admin.integrations.get({ params: { id } })
  assert.equal(status, 'enabled', statusMessage)
  return {
    server,
    account,
    integration: id,
    async start(loopOptions, world = server.world) {
      const loop = await startChangeLoop(world, loopOptions)
      loops.push(loop)
      return loop
    },
  }
}

/** Registers e.g. `s3://research-data/public/*`; answers its id. */
export async function register({ server, integration }: Lake, prefix: string): Promise<number> {
  const body = {
    type: 'Native S3' as const,
    integrationId: integration,
    dataSources: [{ dataSourceName: prefix, prefix: prefix.replace('s3://research-data/', ''), allowOverlap: true }],
  }
  const [registered] = await server.admin.nativeS3.register({ body })
  return registered?.dataSourceId ?? assert.fail('nothing was registered')
}

/** A person with an IAM user of that name in the account. */
export async function person({ server, account }: Lake, userid: string): Promise<number> {
  await account.owner.iam.send(new CreateUserCommand({ UserName: userid }))
  const { id } = await server.admin.users.create({ body: { userid, name: userid } })
  await mapTo({ server, account }, id, userid)
  return id
}

export async function mapTo(
  { server, account }: Pick<Lake, 'server' | 'account'>,
  id: number,
  userName: string,
): Promise<void> {
  const identifier = `arn:aws:iam::${account.accountId}:user/${userName}`
  await server.admin.users.setPrincipals({ params: { id }, body: [{ kind: 'iamUser', identifier }] })
}

/** People in bulk, with IAM users put straight into the sandbox: what is tested is what comes after. */
export async function crowd({ server, account }: Lake, size: number): Promise<void> {
  const users = server.sandbox.state.accounts.get(account.accountId)?.users
  const some = users?.values().next().value
  assert.ok(users && some)
  for (let n = 0; n < size; n += 1) {
    const userName = `crowd-${n}`
    const arn = `arn:aws:iam::${account.accountId}:user/${userName}`
    users.set(userName, { ...some, userName, arn, userId: `AIDACROWD${n}`, createdAt: 0 })
  }
  await act(server.db, system, async ({ tx, changed }) => {
    await sql`insert into person (userid, name, kind)
      select 'crowd-' || n, 'Crowd', 'person' from generate_series(0, ${size - 1}::int) n`.execute(tx)
    await sql`insert into principal (person_id, kind, identifier)
      select id, 'iamUser', ${`arn:aws:iam::${account.accountId}:user/`} || userid from person
      where userid like 'crowd-%'`.execute(tx)
    await sql`insert into person_attribute (person_id, key, value)
      select id, 'crowd', 'yes' from person where userid like 'crowd-%'`.execute(tx)
    changed('user', 'crowd', {}, 'crowd-came')
  })
}

/** Waits for what must come about sooner or later, on a busy machine later. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false> | T | undefined | false) {
  const deadline = Date.now() + 150_000
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found as T
    assert.ok(Date.now() < deadline, `never came about: ${what}`)
    await sleep(10)
  }
}

export async function grants({ server }: Lake, query: Query = {}): Promise<Grant[]> {
  const all: Grant[] = []
  for (let cursor: string | undefined; ; ) {
    const { items, next } = await server.admin.grants.list({
      query: { ...query, limit: 1000, ...(cursor ? { cursor } : {}) },
    })
    all.push(...items)
    if (next === undefined) return all
    cursor = next
  }
}

type Query = NonNullable<NonNullable<Parameters<TestServer['admin']['grants']['list']>[0]>['query']>

/** What AWS holds, as `READ user scope`. */
export function inAws({ server, account }: Lake): string[] {
  const instance = server.sandbox.state.accounts.get(account.accountId)?.accessGrants.get(account.region)
  return [...(instance?.grants.values() ?? [])]
    .map(grant => `${grant.permission} ${grant.granteeIdentifier.split('/').at(-1)} ${grant.scope}`)
    .sort()
}

/** Every change made so far has been followed to its end: the ledger has its effect, and nothing is under way. */
export async function quiet({ server }: Lake): Promise<void> {
  await until('quiet', async () => {
    const { rows } = await sql<{ open: boolean }>`
      select (select coalesce(max(id), 0) from fact_change) > min(checkpoint)
        or exists (select 1 from ledger where state in ('intended', 'creating', 'revoking')) as open
      from leadership`.execute(server.db.kysely)
    return rows[0]?.open === false
  })
}
