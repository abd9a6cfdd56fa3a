/** What every tour is told on: Headgate's API as its admin, the AWS account, and the steps that all of them begin and end with. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type Caller, caller } from '@headgate/core/api'
import type { Up } from '../../packages/cli/src/up.ts'
import type { AwsCredentials } from './aws.ts'
import type { Narrator } from './narrator.ts'
import { passTimeIn } from './time.ts'

export interface Stage extends Pick<Narrator, 'step' | 'until'> {
  readonly api: Caller
  /** Of Headgate. */
  readonly url: string
  readonly adminApiKey: string
  /** Somebody else, who takes their set-up link and signs in, as in a browser. */
  signIn(id: number): Promise<Caller>
  /** Lets time go by in the marketplace. */
  passTime(ms: number): Promise<void>
  readonly account: TourAccount
  /** Of the sandbox. */
  readonly endpoint: string
}

export interface TourAccount {
  readonly accountId: string
  readonly region: string
  /** ARN. */
  readonly locationRole: string
  readonly controller: AwsCredentials
  readonly principals: readonly { readonly arn: string; readonly credentials: AwsCredentials }[]
}

export function stageOf({ ready }: Up, { step, until }: Narrator, dataDir: string): Stage {
  assert.ok(ready)
  const [account] = ready.sandbox.accounts
  assert.ok(account)
  const withHeaders = (headers: Readonly<Record<string, string>>) =>
    caller((route, init) => fetch(ready.url + route, { ...init, headers: { ...init.headers, ...headers } }))
  const api = withHeaders({ authorization: ready.adminApiKey })
  return {
    ...{ step, until, account, api, url: ready.url, adminApiKey: ready.adminApiKey },
    endpoint: ready.sandbox.endpoint,
    async signIn(id) {
      const [{ token }, password] = [await api.setUp.link({ params: { id } }), randomUUID()]
      const { userid } = await api.setUp.use({ body: { token, password } })
      const answer = await fetch(`${ready.url}/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ userid, password }),
      })
      const { csrfToken } = (await answer.json()) as { csrfToken: string }
      const [cookie = ''] = answer.headers.get('set-cookie')?.split(';') ?? []
      return withHeaders({ cookie, origin: ready.url, 'x-csrf-token': csrfToken })
    },
    passTime: ms => passTimeIn(dataDir, ms),
  }
}

/** Answers the integration's id, once its location is registered. */
export async function connect({ api, account, until }: Stage): Promise<string> {
  const created = await api.integrations.create({
    body: {
      type: 'Native S3',
      autoBootstrap: false,
      config: {
        name: 'Tour',
        awsAccountId: account.accountId,
        awsRegion: account.region,
        awsLocationRole: account.locationRole,
        awsLocationPath: 's3://',
        authenticationType: 'accessKey',
        awsAccessKeyId: account.controller.accessKeyId,
        awsSecretAccessKey: account.controller.secretAccessKey,
      },
    },
  })
  for (const { name, status, message } of created.validationResults.validationTests) {
    assert.equal(status, 'passed', `${name}: ${message}`)
  }
  await until('the location is registered', async () => {
    const { status } = await api.integrations.get({ params: { id: created.id } })
    assert.notEqual(status, 'createError')
    return status === 'enabled'
  })
  return created.id
}

/** Two prefixes of `research-data`, the first tagged; answers their ids. */
export async function registerTwo({ api }: Stage, integrationId: string): Promise<readonly [number, number]> {
  await api.tags.create({ body: { name: 'Research.Demographics' } })
  const [open, closed] = await api.nativeS3.register({
    body: {
      type: 'Native S3',
      integrationId,
      dataSources: [
        { dataSourceName: 'Demographics', prefix: '/research-data/demographics/*', tags: ['Research.Demographics'] },
        { dataSourceName: 'Salaries', prefix: '/research-data/salaries/*' },
      ],
    },
  })
  assert.ok(open && closed)
  return [open.dataSourceId, closed.dataSourceId]
}

/** People read what is tagged with a project of theirs. */
export async function writePolicy({ api }: Stage): Promise<void> {
  await api.policies.create({
    body: {
      name: 'Project members read their project',
      kind: 'grant',
      level: 'READ',
      appliesTo: { any: [{ tag: 'Research' }] },
      who: { when: "@hasTagAsAttribute('project', 'dataSource')" },
      state: 'active',
    },
  })
}

/** Waits until as many of a person's grants are live, all of them active. */
export async function hasGrants({ api, until }: Stage, userId: number, count: number): Promise<void> {
  await until(`${count} grants are active`, async () => {
    const { items } = await api.grants.list({ query: { userId, live: 'true' } })
    return items.length === count && items.every(({ state }) => state === 'active')
  })
}

/** AWS is as it was. */
export async function takeDown(
  { api, until }: Stage,
  integrationId: string,
  sources: readonly number[],
): Promise<void> {
  for (const id of sources) await api.dataSources.remove({ params: { id }, query: { hard: 'true' } })
  await api.integrations.remove({ params: { id: integrationId } })
  await until('the location is gone', async () => {
    const { status } = await api.integrations.get({ params: { id: integrationId } })
    assert.notEqual(status, 'deleteError')
    return status === 'deleted'
  })
}
