/** A governor who has the access summary put into a bucket: set up, tried, run, and looked for in the bucket itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { runDueExports } from '../../packages/server/src/export/run-exports.ts'
import { prepareAccount } from '../../packages/server/test/support/aws-account.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, holdingKey, open, signedIn } from './visit.ts'

test('an access summary is set up, tried and run, and lies in the bucket', async t => {
  await buildWebWhenStale()
  const server = await testServer({ webFolder: webDir, sandbox: true })
  t.after(() => server.close())
  const { region, controller, owner } = await prepareAccount(server.sandbox)
  const Bucket = 'acme-reviews'
  await owner.s3.send(new CreateBucketCommand({ Bucket }))
  const governor = await server.as(['GOVERNANCE'])
  const browser = await startChromium(t)
  const page = await signedIn(t, browser, { server }, governor.key)

  await page.getByRole('link', { name: 'Exports' }).click()
  await page.getByText('No access summary', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'New access summary' }).click()
  await page.getByLabel('Bucket', { exact: true }).fill('not-there')
  await page.getByLabel('Region').fill(region)
  await page.getByLabel('Folder in it').fill('headgate')
  await page.getByLabel('Role to assume').fill('arn:aws:iam::111122223333:role/export')
  await page.getByRole('button', { name: 'Show the policies' }).click()
  await page.getByText('Trust policy of the role').waitFor()
  await page.getByLabel('Headgate signs in with').selectOption('accessKey')
  await page.getByLabel('Access key id').fill(controller.accessKeyId)
  await page.getByLabel('Secret access key', { exact: true }).fill(controller.secretAccessKey)
  await page.getByRole('button', { name: 'Try it and store it' }).click()
  await page.getByRole('table', { name: 'What the test found' }).getByText('there is no bucket').waitFor()
  await fits(page, '/exports/new')
  await page.getByLabel('Bucket', { exact: true }).fill(Bucket)
  await page.getByRole('button', { name: 'Try it and store it' }).click()

  const history = page.getByRole('table', { name: 'Runs of this export' })
  await history.getByText('About to begin').waitFor()
  await runDueExports(server.world)
  await history.getByText('Exported').waitFor()
  await page.getByRole('button', { name: 'Test it now' }).click()
  await page.getByText('Exports can be put there.').waitFor()
  await page.getByRole('button', { name: 'Run it now' }).click()
  await history.getByText('Asked for').waitFor()
  await page.getByLabel('Or for a moment that is over').fill('1999-01-01T00:00:01')
  await page.getByRole('button', { name: 'Export that moment' }).click()
  await page.getByRole('alert').getByText('lies before the first change').waitFor()
  await page.getByLabel('Or for a moment that is over').fill(lastSecond())
  await page.getByRole('button', { name: 'Export that moment' }).click()
  await history.getByText(/^As of /).waitFor()
  await runDueExports(server.world)
  await history.getByText('Exported').nth(2).waitFor()
  await fits(page, '/exports/1')
  await page.setViewportSize({ width: 390, height: 844 })
  await fits(page, '/exports/1, narrow')
  await page.setViewportSize({ width: 1280, height: 720 })

  const { Contents = [] } = await owner.s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'headgate/' }))
  const manifests = Contents.flatMap(({ Key = '' }) => (Key.endsWith('/_manifest.json') ? [Key] : []))
  assert.deepEqual(
    manifests.map(key => key.replace(/=.*\//, '=…/')),
    ['headgate/as_of=…/_manifest.json', 'headgate/export_date=…/_manifest.json'],
  )
  const Key = manifests[1]
  const { Body } = await owner.s3.send(new GetObjectCommand({ Bucket, Key }))
  const manifest = JSON.parse((await Body?.transformToString()) ?? '{}')
  assert.deepEqual([manifest.complete, manifest.files], [true, 12])
  await page.goto('/app/exports')
  await page.getByRole('link', { name: `s3://${Bucket}/headgate/` }).waitFor()
  await fits(page, '/exports')

  const { accessKeyId, secretAccessKey } = controller
  const target = { bucketName: Bucket, region, path: 'trail', authenticationType: 'accessKey' } as const
  const { id } = await server.admin.auditExports.create({ body: { ...target, accessKeyId, secretAccessKey } })
  const other = await open(t, browser, { server })
  await holdingKey(other, server.admin.key)
  await other.goto(`/app/exports/audit/${id}`)
  await other.getByRole('heading', { name: `s3://${Bucket}/trail/`, level: 1 }).waitFor()
  await fits(other, '/exports/audit/$id')
})

/** In the time zone of this process, which is the browser's. Never a whole minute: the field would show it without seconds. */
function lastSecond(): string {
  const now = Math.floor(Date.now() / 1000)
  const at = new Date((now % 60 === 0 ? now - 1 : now) * 1000)
  const two = (part: number) => String(part).padStart(2, '0')
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  return `${day}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`
}
