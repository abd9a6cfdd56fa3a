/** A consumer asks, a steward decides by keyboard, and AWS holds the grant; then the consumer reads how to use it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ListAccessGrantsCommand } from '@aws-sdk/client-s3-control'
import { startChangeLoop } from '../../packages/server/src/reconcile/change-loop.ts'
import { prepareAccount } from '../../packages/server/test/support/aws-account.ts'
import { create } from '../../packages/server/test/support/integrations.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, signedIn } from './visit.ts'

test('a consumer asks in the marketplace, a steward decides, and the grant is in AWS', async t => {
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
  const [ann, gina] = [await server.as([], 'ann'), await server.as(['GOVERNANCE'], 'gina')]
  const arn = `arn:aws:iam::${account.accountId}:user/headgate-controller`
  await admin.users.setPrincipals({ params: { id: ann.id }, body: [{ kind: 'iamUser', identifier: arn }] })

  const chromium = await startChromium(t)
  const page = await signedIn(t, chromium, { server }, ann.key)
  await page.getByRole('link', { name: 'Marketplace' }).click()
  await page.getByLabel('Search products, domains, tags, experts').fill('ordered')
  await page.getByRole('link', { name: 'Retail orders' }).click()
  await page.getByRole('table', { name: 'What it would change' }).getByText('Access if approved').waitFor()
  await page.getByLabel('What for?').fill('the weekly report')
  await page.getByLabel('Which team?').selectOption('Retail')
  await fits(page, '/marketplace/$id')
  await page.getByRole('button', { name: 'Ask for access' }).click()
  await page.getByRole('heading', { name: 'ann asks for Retail orders' }).waitFor()
  await page.getByText('Waits for a decision').waitFor()
  await fits(page, '/requests/$id')

  const steward = await signedIn(t, chromium, { server }, gina.key)
  await steward.getByRole('link', { name: 'Requests' }).click()
  await steward.getByRole('heading', { name: 'Requests' }).waitFor()
  await steward.getByText('To decide', { exact: true }).click()
  const row = steward.getByLabel('Choose the request of Name of ann for Retail orders')
  await row.waitFor()
  await fits(steward, '/requests')
  await steward.keyboard.press('x')
  await steward.getByRole('button', { name: 'Approve 1 request' }).waitFor()
  await steward.keyboard.press('a')
  await steward.getByText('Nobody waits for you').waitFor()
  const [request] = (await gina.requests.list({ query: { box: 'all' } })).items
  assert.equal(request?.state, 'approved')
  await steward.goto(`/app/requests/${request.id}`)
  await steward.getByRole('table', { name: 'Decisions' }).getByText('Approved').waitFor()
  await fits(steward, '/requests/$id, decided')

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
  await page.setViewportSize({ width: 390, height: 800 })
  await fits(page, '/marketplace/$id, narrow')
  await page.goto('/app/marketplace')
  await page.getByText('You may read').waitFor()
  await fits(page, '/marketplace, narrow')
})

async function until<T>(ask: () => Promise<T>, isThere: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await ask()
    if (isThere(answer)) return answer
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('it never came')
}
