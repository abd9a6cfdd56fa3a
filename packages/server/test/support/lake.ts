/** A server with one connected account, and short ways to fill it with data sources. */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { parseScope } from '@headgate/core'
import { ApiError } from '@headgate/core/api'
import { secretContext } from '../../src/aws/clients.ts'
import { act } from '../../src/db/act.ts'
import { insertDataSources } from '../../src/db/data-source-registration.ts'
import { findIntegration } from '../../src/db/integration.ts'
import type { TestAccount } from './aws-account.ts'
import { connected, create } from './integrations.ts'
import type { TestPerson, TestServer } from './server.ts'

export interface Lake {
  readonly server: TestServer
  readonly account: TestAccount
  readonly integrationId: number
}

/** @param path the location's; default `s3://research-data` */
export async function lake(t: TestContext, path = 's3://research-data'): Promise<Lake> {
  const { server, account } = await connected(t)
  const { id, status, statusMessage } = await create(server, account, { awsLocationPath: path })
  if (status !== 'enabled') throw new Error(`the integration is ${status}: ${statusMessage}`)
  return { server, account, integrationId: Number(id) }
}

/** An integration that is enabled as far as the database knows; there is no AWS behind it. */
export async function storedIntegration(server: TestServer, accountId = '111122223333'): Promise<number> {
  const intent = randomUUID()
  const secret = server.world.vault.seal('not a real secret', secretContext(intent))
  const row = await server.db.kysely
    .insertInto('integration')
    .values({
      intent,
      name: `integration of ${accountId}`,
      account_id: accountId,
      region: 'us-east-1',
      location_role: `arn:aws:iam::${accountId}:role/location`,
      location_path: 's3://research-data/',
      authentication_type: 'accessKey',
      access_key_id: 'AKIAIOSFODNN7EXAMPLE',
      secret_access_key: JSON.stringify(secret),
      status: 'enabled',
      validation: JSON.stringify({ status: 'passed', validationTests: [] }),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return row.id
}

/** A data source as registering it would have stored it, without AWS being asked for the bucket. */
export async function storeDataSource(
  server: TestServer,
  integrationId: number,
  item: { name: string; scope: string; tags?: readonly string[]; owner?: TestPerson },
): Promise<number> {
  const { name, scope, tags = [], owner = server.admin } = item
  const parsed = parseScope(scope)
  if (!parsed.ok) throw new Error(parsed.message)
  const integration = await findIntegration(server.db.kysely, integrationId)
  if (!integration) throw new Error(`there is no integration ${integrationId}`)
  const actor = { type: 'user' as const, id: owner.id, userid: owner.userid, name: owner.userid }
  const source = { name, description: '', prefix: scope, scope: parsed.scope, tags }
  const { result } = await act(server.db, actor, done => insertDataSources(done, integration, [source]))
  if (result[0] === undefined) throw new Error(`the name ${name} is taken`)
  return result[0]
}

type Registration = Parameters<TestPerson['nativeS3']['register']>[0]['body']
export type Item = Registration['dataSources'][number]

export function register(who: TestPerson, integrationId: number | string, ...dataSources: Item[]) {
  return who.nativeS3.register({ body: { type: 'Native S3', integrationId, dataSources } })
}

/** The id of a new data source. */
export async function registerOne(who: TestPerson, integrationId: number, item: Item): Promise<number> {
  const [made] = await register(who, integrationId, item)
  if (!made) throw new Error('nothing was registered')
  return made.dataSourceId
}

/** The items that an answer names, as `index code`. */
export async function badItems(call: Promise<unknown>): Promise<{ status: number; code: string; items: string[] }> {
  const error = await call.then(
    () => new Error('was not refused'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof ApiError)) throw error
  const items = (error.body.items ?? []) as { index: number; code: string }[]
  return { status: error.status, code: error.code, items: items.map(({ index, code }) => `${index} ${code}`) }
}
