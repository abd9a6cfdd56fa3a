/** What somebody is told, in the browser; and an application admin who has other systems and mailboxes told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { act, system } from '../../packages/server/src/db/act.ts'
import { notify } from '../../packages/server/src/notify/notify.ts'
import { certificate, startMailServer } from '../../packages/server/test/support/mail-server.ts'
import { startReceiver } from '../../packages/server/test/support/receiver.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, signedIn } from './visit.ts'

test('what people are told', async t => {
  await buildWebWhenStale()
  const environment = { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8,::1' }
  const server = await testServer({ webFolder: webDir, environment })
  const [receiver, mail] = [await startReceiver(), await startMailServer({ authOptional: true })]
  t.after(async () => {
    await server.close()
    await receiver.close()
    await mail.close()
  })
  const { admin } = server
  await sql`update person set email = 'admin@example.com'`.execute(server.db.kysely)
  const page = await signedIn(t, await startChromium(t), { server }, admin.key)

  await t.test('the bell counts, the inbox tells, and what one chooses holds', async () => {
    const facts = { of: { id: 1, name: 'lake' }, count: 5 }
    const notice = { kind: 'brake.held', to: { people: [admin.id] }, about: { type: 'run', id: 1 }, facts } as const
    for (const _ of ['one', 'two']) await act(server.db, system, doing => notify(doing, notice))
    const news = page.getByRole('region', { name: 'News for you' })
    await news.getByRole('link', { name: 'The brake holds back 5 revocations in lake' }).first().waitFor()
    await page.getByRole('link', { name: 'Inbox: 2 unread notifications' }).click()
    const inbox = page.getByRole('table', { name: 'Notifications' })
    await inbox.getByRole('link', { name: 'The brake holds back 5 revocations in lake' }).first().waitFor()
    await fits(page, '/inbox')
    await inbox
      .getByRole('button', { name: /^Mark as read/ })
      .first()
      .click()
    await page.getByRole('link', { name: 'Inbox: 1 unread notification' }).waitFor()
    await page.getByRole('button', { name: 'Mark all as read' }).click()
    await page.getByRole('link', { name: 'Inbox', exact: true }).waitFor()
    assert.ok(await page.getByLabel(/^In the inbox when the brake/).isDisabled())
    // The box is checked before its answer has come.
    await Promise.all([
      page.waitForResponse(answer => answer.request().method() !== 'GET' && answer.ok()),
      page.getByLabel('By e-mail when a data product was published').check(),
    ])
    const { items } = await admin.notifications.preferences()
    assert.equal(items.find(({ kind }) => kind === 'product.published')?.email, true)
  })

  await t.test('e-mail is set up and tried', async () => {
    await page.goto('/app/settings')
    await page.getByRole('link', { name: 'E-mail' }).click()
    await page.getByLabel('Host').fill('localhost')
    await page.getByLabel('Port').fill(String(mail.port))
    await page.getByLabel('Sender').fill('headgate@example.com')
    await page.getByLabel('Certificates to trust').fill(certificate)
    await page.getByLabel('Send e-mail').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Send a test to my address' }).click()
    await page.getByText('Sent to admin@example.com').waitFor()
    await fits(page, '/settings/e-mail')
    assert.equal(mail.received.length, 1)
  })

  await t.test('a webhook is added, tried and paused', async () => {
    await page.goto('/app/webhooks')
    await page.getByLabel('Name').fill('chat')
    await page.getByLabel('Address').fill(receiver.url)
    await page.getByLabel('When the brake holds back').check()
    await fits(page, '/webhooks')
    await page.getByRole('button', { name: 'Add it' }).click()
    assert.match((await page.getByRole('status').locator('code').textContent()) ?? '', /^whsec_/)
    await page.getByRole('link', { name: 'chat' }).click()
    await page.getByRole('button', { name: 'Call it now' }).click()
    await page.getByText('It answered 204').waitFor()
    await page.getByRole('table', { name: 'Deliveries' }).getByText('webhook.test').waitFor()
    await fits(page, '/webhooks/1')
    await page.getByRole('button', { name: 'Pause it' }).click()
    await page.getByText('Paused').waitFor()
    assert.equal((await admin.webhooks.list()).items[0]?.state, 'paused')
  })
})
