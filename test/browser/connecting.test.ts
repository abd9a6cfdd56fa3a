/**
 * An application admin connects an AWS account, while what goes wrong on the way goes wrong: a session that ends in the
 * middle of a form, a wrong role, a server that restarts, a slow network. It ends with a location in AWS, and none.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateAccessGrantCommand, ListAccessGrantsLocationsCommand } from '@aws-sdk/client-s3-control'
import { createApp } from '../../packages/server/src/http/app.ts'
import { prepareAccount } from '../../packages/server/test/support/aws-account.ts'
import { givePassword, password } from '../../packages/server/test/support/password.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { accessibilityViolations, startChromium } from './chromium.ts'
import { fits, open } from './visit.ts'

test('connecting an account, come what may', async t => {
  await buildWebWhenStale()
  const server = await testServer({ sandbox: true, webFolder: webDir })
  const closes = [() => server.close()]
  t.after(async () => {
    for (const close of closes.toReversed()) await close()
  })
  const account = await prepareAccount(server.sandbox)
  const locations = async () => {
    const { AccessGrantsLocationsList = [] } = await account.owner.s3Control.send(
      new ListAccessGrantsLocationsCommand({ AccountId: account.accountId }),
    )
    return AccessGrantsLocationsList.map(({ LocationScope }) => LocationScope)
  }
  /** As somebody else in the account would, in Headgate's location. */
  const makeGrant = async () => {
    const { s3Control } = account.owner
    const AccountId = account.accountId
    const { AccessGrantsLocationsList } = await s3Control.send(new ListAccessGrantsLocationsCommand({ AccountId }))
    await s3Control.send(
      new CreateAccessGrantCommand({
        ...{
          AccountId,
          AccessGrantsLocationId: AccessGrantsLocationsList?.[0]?.AccessGrantsLocationId,
          Permission: 'READ',
        },
        AccessGrantsLocationConfiguration: { S3SubPrefix: `${account.bucket}/public/*` },
        Grantee: { GranteeType: 'IAM', GranteeIdentifier: account.locationRole },
      }),
    )
  }
  const adele = await server.as(['APPLICATION_ADMIN', 'GOVERNANCE', 'AUDIT'], 'adele')
  await givePassword(server, adele)
  const browser = await startChromium(t)
  const page = await open(t, browser, { server })
  const signIn = async () => {
    await page.getByLabel('User name').fill('adele')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
  }
  await page.goto('/app/integrations')
  await signIn()
  await page.getByRole('link', { name: 'Connect an account' }).click()

  await t.test('a session that ends in the middle of the form costs nothing of what was typed', async () => {
    await page.getByLabel('Name', { exact: true }).fill('Research')
    await page.getByLabel('AWS account').fill('1111-2222-3333')
    await page.getByLabel('Region').fill('us-east-1')
    await server.admin.sessions.endOf({ params: { id: adele.id } })
    await page.getByText('your session has ended').waitFor()
    assert.equal(await page.getByLabel('Region').isVisible(), false, 'what was shown is still to be seen')
    assert.deepEqual(await accessibilityViolations(page), [])
    await signIn()
    await page.getByRole('heading', { name: 'Connect an AWS account' }).waitFor()
    assert.equal(await page.getByLabel('Region').inputValue(), 'us-east-1')
  })

  await t.test('the documents fit what was typed, and can be kept as a file', async () => {
    await page.getByRole('button', { name: 'Show the documents' }).click()
    await page.getByText('CloudFormation template with all of it').click()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download CloudFormation' }).click(),
    ])
    assert.equal(file.suggestedFilename(), 'headgate-cloudformation.json')
    await page.locator('details[open]').getByText('111122223333').first().waitFor()
    assert.match(await page.getByLabel('Location role', { exact: true }).inputValue(), /:role\/headgate-access-grants/)
  })

  await t.test('a check that fails says what to do; once it is done, the account is connected', async () => {
    await page.getByLabel('Headgate signs in with').selectOption({ label: 'an access key' })
    await page.getByLabel('Access key id').fill(account.controller.accessKeyId)
    await page.getByRole('textbox', { name: 'Secret access key' }).fill(account.controller.secretAccessKey)
    await page.getByLabel('Location role', { exact: true }).fill('not-a-role')
    // Slow enough to be seen: one check after the other, over a reload, until somebody has seen enough.
    server.sandbox.faults.set({ rules: [{ kind: 'latency', operation: 'GetCallerIdentity', ms: 4000 }] })
    await page.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('of 9 done').waitFor()
    await page.getByRole('row', { name: 'valid ARN format' }).getByText('is not the ARN of an IAM role').waitFor()
    await page.reload()
    await page.getByRole('row', { name: 'valid ARN format' }).getByText('is not the ARN of an IAM role').waitFor()
    assert.equal(await page.getByLabel('Access key id').inputValue(), account.controller.accessKeyId)
    assert.equal(await page.getByRole('textbox', { name: 'Secret access key' }).inputValue(), '', 'a secret was kept')
    await page.getByRole('button', { name: 'Stop checking' }).click()
    await page.getByText('Stopped: what was not checked is not known.').waitFor()
    server.sandbox.faults.set({ rules: [] })
    await page.getByRole('textbox', { name: 'Secret access key' }).fill(account.controller.secretAccessKey)
    await page.getByRole('button', { name: 'Check it' }).click()
    const failed = page.getByRole('row', { name: 'valid ARN format' })
    await failed.getByText('Failed').waitFor()
    await failed.getByText('is not the ARN of an IAM role').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Connect it' }).isDisabled())
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width: colorScheme === 'dark' ? 390 : 1280, height: 800 })
      assert.deepEqual(await accessibilityViolations(page), [], colorScheme)
    }
    await page.getByLabel('Location role', { exact: true }).fill(account.locationRole)
    await page.getByRole('button', { name: 'Connect it' }).click()
    await page.getByRole('heading', { name: 'Research', level: 1 }).waitFor()
    await page.getByText('Enabled', { exact: true }).waitFor()
    assert.deepEqual(await locations(), ['s3://'])
  })

  await t.test('a server that restarts is said to, and the screen goes on by itself', async () => {
    const { port } = new URL(server.url)
    await server.app.close()
    await page.getByText('Not live').waitFor()
    await page.getByRole('link', { name: 'Runs', exact: true }).first().click()
    await page.getByText('Not live').waitFor()
    const again = await createApp(server.world, { webFolder: webDir })
    closes.push(() => again.close())
    await again.listen({ host: '127.0.0.1', port: Number(port) })
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
  })

  await t.test('what is slow to come is said to be on its way, and drawn once it is there', async () => {
    const slow = Promise.withResolvers<void>()
    await page.route(
      ({ pathname }) => pathname === '/integrations',
      async route => {
        await slow.promise
        await route.continue()
      },
    )
    await page.goto('/app/integrations')
    await page.getByText('Loading the integrations …').waitFor()
    slow.resolve()
    await page.getByRole('link', { name: 'Research' }).waitFor()
  })

  await t.test('deleted, with what that takes away said before, nothing of it is left in AWS', async () => {
    await makeGrant()
    await page.getByRole('link', { name: 'Research' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('alert').getByText('that Headgate did not make').waitFor()
    await fits(page, '/integrations/$id, being deleted')
    await page.getByLabel('Delete grants in its location').check()
    await page.getByRole('button', { name: 'Delete Research: nobody gains or loses' }).click()
    await page.getByRole('heading', { name: 'Integrations', level: 1 }).waitFor()
    await page.getByText('No AWS account is connected').waitFor()
    assert.deepEqual(await locations(), [])
  })
})
