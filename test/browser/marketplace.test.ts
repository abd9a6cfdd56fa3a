/** A consumer asks, a steward decides, neither with a mouse; AWS holds the grant, and the consumer reads the data. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CreateAccessKeyCommand, CreateUserCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ListAccessGrantsCommand } from '@aws-sdk/client-s3-control'
import { accessGrants, awsVendor } from '@headgate/client'
import type { Browser, Page } from 'playwright-core'
import { startChangeLoop } from '../../packages/server/src/reconcile/change-loop.ts'
import { allow, prepareAccount, type TestAccount } from '../../packages/server/test/support/aws-account.ts'
import { create } from '../../packages/server/test/support/integrations.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { chooseRadio, pressOn, typeInto } from './keyboard.ts'
import { fits, open, type Visited } from './visit.ts'

test('a consumer asks in the marketplace and a steward decides, by keyboard alone, and the data is read from S3', async t => {
  await buildWebWhenStale()
  const server = await testServer({ webFolder: webDir, sandbox: true })
  t.after(() => server.close())
  const account = await prepareAccount(server.sandbox)
  const integrationId = (await create(server, account, { awsLocationPath: 's3://research-data' })).id
  const { admin } = server
  await admin.nativeS3.register({
    body: { type: 'Native S3', integrationId, dataSources: [{ dataSourceName: 'Orders', prefix: '/orders/*' }] },
  })
  const [source] = (await admin.dataSources.list()).items
  const form = await admin.requestForms.create({
    body: {
      name: 'Short',
      fields: [
        { id: 'why', type: 'longAnswer', label: 'What for?' },
        { id: 'team', type: 'dropdown', label: 'Which team?', options: ['Retail', 'Finance'] },
      ],
      duration: { suggested: ['7d', '30d'] },
    },
  })
  const made = await admin.dataProducts.create({
    body: {
      name: 'Retail orders',
      description: 'What was **ordered**, by day.',
      dataSources: [source?.id ?? 0],
      form: form.id,
      levels: ['READ', 'WRITE'],
    },
  })
  await admin.dataProducts.publish({ params: { id: made.id }, ifMatch: String(made.version) })
  await server.world.index.start()
  const loop = await startChangeLoop(server.world)
  t.after(() => loop.stop())
  const [ann, bob, gina] = [
    await server.as([], 'ann'),
    await server.as([], 'bob'),
    await server.as(['GOVERNANCE'], 'gina'),
  ]
  const answers = { why: 'the other report', team: 'Finance' }
  await bob.requests.askForProduct({ params: { id: made.id }, body: { duration: '7d', answers } })
  const { arn, client } = await identityOf('ann', account, server.sandbox.url)
  await admin.users.setPrincipals({ params: { id: ann.id }, body: [{ kind: 'iamUser', identifier: arn }] })
  const orders = { Bucket: 'research-data', Key: 'orders/2026.csv' }
  await account.owner.s3.send(new PutObjectCommand({ ...orders, Body: 'what was ordered' }))
  await assert.rejects(client().send(new GetObjectCommand(orders)), /no access grant of yours/)

  const chromium = await startChromium(t)
  const page = await signedInByKeyboard(t, chromium, { server }, ann.key)
  await pressOn(page, 'link', 'Marketplace')
  await typeInto(page, 'Search products, domains, tags, experts', 'ordered', 'searchbox')
  await pressOn(page, 'link', 'Retail orders')
  await page.getByRole('table', { name: 'What it would change' }).getByText('Access if approved').waitFor()
  await page.getByText('One approval is enough: by').waitFor()
  await typeInto(page, 'What for?', 'the weekly report')
  await typeInto(page, 'Which team?', 'Retail', 'combobox')
  await fits(page, '/marketplace/$id')
  await pressOn(page, 'button', 'Ask for access')
  await page.getByRole('heading', { name: 'ann asks for Retail orders' }).waitFor()
  await page.getByText('Waits for a decision').waitFor()
  await page.getByText('Retail', { exact: true }).waitFor()
  await fits(page, '/requests/$id')

  const steward = await signedInByKeyboard(t, chromium, { server }, gina.key)
  await pressOn(steward, 'link', /^Requests/)
  await steward.getByRole('heading', { name: 'Requests' }).waitFor()
  await chooseRadio(steward, 'Mine', 'To decide')
  await steward.getByLabel('Choose the request of Name of ann for Retail orders').waitFor()
  await fits(steward, '/requests')
  for (const key of ['j', 'x']) await steward.keyboard.press(key)
  await steward.getByRole('button', { name: 'Approve 1 request' }).waitFor()
  await steward.keyboard.press('a')
  await steward.getByLabel('Choose the request of Name of bob for Retail orders').waitFor({ state: 'detached' })
  await pressOn(steward, 'link', 'Retail orders')
  await steward.getByRole('heading', { name: 'Your decision' }).waitFor()
  await steward.getByText('grants used then').waitFor()
  await fits(steward, '/requests/$id, to decide')
  await typeInto(steward, 'Why', 'as agreed')
  await pressOn(steward, 'button', 'Approve')
  await steward.getByRole('table', { name: 'Decisions' }).getByText('as agreed').waitFor()
  await fits(steward, '/requests/$id, decided')
  const decided = (await gina.requests.list({ query: { box: 'all' } })).items
  assert.deepEqual(
    decided.map(one => [one.for.userid, one.state]),
    [
      ['ann', 'approved'],
      ['bob', 'approved'],
    ],
  )

  const { AccessGrantsList = [] } = await until(
    () => account.owner.s3Control.send(new ListAccessGrantsCommand({ AccountId: account.accountId })),
    ({ AccessGrantsList = [] }) => AccessGrantsList.length > 0,
  )
  assert.equal(AccessGrantsList[0]?.GrantScope, 's3://research-data/orders/*')
  await page.goto(`/app/marketplace/${made.id}`)
  await page.getByText('You have access').waitFor()
  await page.getByText('AWS CLI, and every tool that knows AWS profiles').click()
  await page.getByText('headgate credentials --target "s3://research-data/orders/*" --permission READ').waitFor()
  await page.getByRole('button', { name: 'Test my access' }).click()
  await page.getByText('AWS would let you in').waitFor()
  const { Body } = await client().send(new GetObjectCommand(orders))
  assert.equal(await Body?.transformToString(), 'what was ordered')
  await page.setViewportSize({ width: 390, height: 800 })
  await fits(page, '/marketplace/$id, narrow')
  await page.goto('/app/marketplace')
  await page.getByText('You may read').waitFor()
  await fits(page, '/marketplace, narrow')
})

/** An IAM user who may ask for data and nothing else, and their S3 client: a new one remembers no refusal. */
async function identityOf(UserName: string, { owner, region }: TestAccount, endpoint: string) {
  const { User } = await owner.iam.send(new CreateUserCommand({ UserName }))
  const PolicyDocument = allow('s3:GetDataAccess', 's3:GetAccessGrantsInstanceForPrefix')
  await owner.iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'ask', PolicyDocument }))
  const { AccessKey } = await owner.iam.send(new CreateAccessKeyCommand({ UserName }))
  const credentials = {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  }
  const client = () => {
    const s3 = new S3Client({ region, credentials, endpoint, forcePathStyle: true })
    s3.middlewareStack.use(accessGrants({ vendor: awsVendor({ credentials, region, endpoint }) }))
    return s3
  }
  return { arn: User?.Arn ?? '', client }
}

async function signedInByKeyboard(t: TestContext, browser: Browser, here: Visited, key: string): Promise<Page> {
  const page = await open(t, browser, here)
  await page.goto('/app/')
  await pressOn(page, 'button', 'Use an API key instead')
  await typeInto(page, 'API key', key)
  await pressOn(page, 'button', 'Sign in')
  await page.getByRole('button', { name: 'Sign out', includeHidden: true }).waitFor({ state: 'attached' })
  return page
}

async function until<T>(ask: () => Promise<T>, isThere: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await ask()
    if (isThere(answer)) return answer
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('it never came')
}
