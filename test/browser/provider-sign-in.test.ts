/** Somebody signs in through an identity provider of another site, in a real browser, sees their page and signs out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClientSecret, testIdentityProvider } from '../../packages/server/test/support/identity-provider.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'

test('a person signs in through their identity provider, sees their page, and signs out', async t => {
  await buildWebWhenStale()
  const server = await testServer({ webFolder: webDir, environment: { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8' } })
  const provider = await testIdentityProvider()
  t.after(async () => {
    await provider.close()
    await server.close()
  })
  // Another host than the provider's, so that the browser holds them for two sites, as they are.
  const publicUrl = server.url.replace('127.0.0.1', 'localhost')
  const settings = await server.admin.settings.get()
  await server.admin.settings.replace({ body: { ...settings, publicUrl }, ifMatch: '"1"' })
  const { issuer } = provider
  const oidc = { issuer, clientId: 'headgate', clientSecret: testClientSecret, createsUsers: true }
  const { id, redirectUri = '' } = await server.admin.identityProviders.create({ body: { name: 'okta', oidc } })
  provider.serve([{ client_id: 'headgate', redirect_uris: [redirectUri] }])
  provider.accounts.set('ann', { preferred_username: 'ann', name: 'Ann Lee' })

  const browser = await startChromium(t)
  const page = await browser.newPage()
  await page.goto(`${publicUrl}/sign-in/${id}?returnTo=${encodeURIComponent('/app/')}`)
  await page.getByLabel('Account').fill('ann')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.waitForURL(`${publicUrl}/app/**`)
  await page.getByText('Ann Lee').first().waitFor()
  const [session] = (await page.context().cookies(publicUrl)).filter(({ name }) => name === 'headgate')
  assert.deepEqual([session?.httpOnly, session?.sameSite, session?.path], [true, 'Lax', '/'])

  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForURL(`${publicUrl}/app/sign-in**`)
  await page.goto(`${publicUrl}/app/policies`)
  await page.waitForURL(`${publicUrl}/app/sign-in**`)
})
