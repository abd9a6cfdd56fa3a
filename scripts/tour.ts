/**
 * `npm run tour`: the main job told step by step, each step checked and timed, from a policy to bytes read from S3 and
 * back. Starts an instance of its own in a temporary folder and speaks to it as its users would: through the public
 * API and the AWS SDK only. Exits non-zero as soon as a step surprises.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { caller } from '@headgate/core/api'
import { readConfig } from '@headgate/server'
import { type Up, up } from '../packages/cli/src/up.ts'
import { awsAs, type GrantsClient } from './tour/aws.ts'
import { narrator } from './tour/narrator.ts'

const { step, until, finish } = narrator()
const dataDir = await mkdtemp(path.join(tmpdir(), 'headgate-tour-'))
let running: Up | undefined
let surprise: unknown
try {
  running = await step('start Headgate, its database and the AWS sandbox', () =>
    up({
      config: readConfig({ HEADGATE_PORT: '0', HEADGATE_DATA_DIR: dataDir, HEADGATE_LOG_LEVEL: 'error' }),
      demo: 'empty',
      portMayMove: false,
      sandboxPort: 0,
    }),
  )
  await tellTheLine(running)
} catch (error) {
  surprise = error
} finally {
  await running?.close()
  await rm(dataDir, { recursive: true, force: true })
}
finish(surprise)

async function tellTheLine({ ready }: Up): Promise<void> {
  assert.ok(ready)
  const api = caller((route, init) =>
    fetch(ready.url + route, { ...init, headers: { ...init.headers, authorization: ready.adminApiKey } }),
  )
  const account = ready.sandbox.accounts[0]
  const analyst = account?.principals.find(({ arn }) => arn.endsWith('role/analyst'))
  assert.ok(account && analyst)
  const ann: GrantsClient = awsAs(analyst.credentials, account, ready.sandbox.endpoint)

  const integrationId = await step('connect an AWS account, after seven validation tests', async () => {
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
    assert.deepEqual(
      created.validationResults.validationTests.map(({ status }) => status),
      Array(7).fill('passed'),
    )
    await until('the location is registered', async () => {
      const { status } = await api.integrations.get({ params: { id: created.id } })
      assert.notEqual(status, 'createError')
      return status === 'enabled'
    })
    return created.id
  })

  const [open, closed] = await step('register two prefixes, tag the first', async () => {
    await api.tags.create({ body: { name: 'Research.Demographics' } })
    const sources = await api.nativeS3.register({
      body: {
        type: 'Native S3',
        integrationId,
        dataSources: [
          { dataSourceName: 'Demographics', prefix: '/research-data/demographics/*', tags: ['Research.Demographics'] },
          { dataSourceName: 'Salaries', prefix: '/research-data/salaries/*' },
        ],
      },
    })
    return sources.map(({ dataSourceId }) => dataSourceId)
  })
  assert.ok(open !== undefined && closed !== undefined)

  const user = await step('map a person to her AWS role and say what is known of her', async () => {
    const { id } = await api.users.create({ body: { userid: 'ann@example.org', name: 'Ann Moreau' } })
    await api.users.setPrincipals({ params: { id }, body: [{ kind: 'iamRole', identifier: analyst.arn }] })
    await api.users.addAttribute({ params: { id, key: 'project', value: 'Research' } })
    return { id }
  })

  await step('nobody reaches anything before a policy says so', async () => {
    assert.deepEqual((await api.dataSources.access({ params: { id: open } })).items, [])
    await ann.isRefused('s3://research-data/demographics/*')
  })

  await step('write a policy: people of a project read what is tagged with it', async () => {
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
  })

  await step('the grant is in AWS, and says why', async () => {
    await until('the grant is active', async () => {
      const { items } = await api.grants.list({ query: { userId: user.id, live: 'true' } })
      return items.length === 1 && items[0]?.state === 'active'
    })
    const { items } = await api.dataSources.access({ params: { id: open } })
    assert.deepEqual(
      items.map(({ user: { userid }, level, because }) => [userid, level, because[0]?.name]),
      [['ann@example.org', 'READ', 'Project members read their project']],
    )
  })

  const credentials = await step('she asks AWS for credentials, as herself', () =>
    ann.credentialsFor('s3://research-data/demographics/*'),
  )

  await step('she reads an object', async () => {
    const text = await ann.read(credentials, 'research-data', 'demographics/2026/people.csv')
    const [first] = text.split('\n')
    assert.equal(first, 'city,people')
    return { says: `first line: ${first}` }
  })

  await step('the sibling prefix is refused, with and without those credentials', async () => {
    await ann.isRefused('s3://research-data/salaries/*')
    await ann.cannotRead(credentials, 'research-data', 'salaries/2026.csv')
  })

  await step('her attribute goes, and the grant with it', async () => {
    await api.users.removeAttribute({ params: { id: user.id, key: 'project', value: 'Research' } })
    await until('the grant is gone', async () => {
      const { items } = await api.grants.list({ query: { userId: user.id, live: 'true' } })
      return items.length === 0
    })
  })

  await step('she is refused new credentials', () => ann.isRefused('s3://research-data/demographics/*'))

  await step('delete the data sources, then the integration: AWS is as it was', async () => {
    for (const id of [open, closed]) await api.dataSources.remove({ params: { id }, query: { hard: 'true' } })
    await api.integrations.remove({ params: { id: integrationId } })
    await until('the location is gone', async () => {
      const { status } = await api.integrations.get({ params: { id: integrationId } })
      assert.notEqual(status, 'deleteError')
      return status === 'deleted'
    })
  })
}
