/** A user admin at work: a person made and let in, a file taken in, an identity provider set up and checked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClientSecret, testIdentityProvider } from '../../packages/server/test/support/identity-provider.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, open, signedIn } from './visit.ts'

test('people, made and let in', async t => {
  await buildWebWhenStale()
  const server = await testServer({ webFolder: webDir, environment: { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8' } })
  const provider = await testIdentityProvider()
  t.after(async () => {
    await provider.close()
    await server.close()
  })
  const here = { server }
  const browser = await startChromium(t)
  const page = await signedIn(t, browser, here, server.admin.key)

  await t.test('a person is made, gets a set-up link, an attribute and a permission', async () => {
    await page.goto('/app/people/new')
    await page.getByLabel('User name').fill('ann')
    await page.getByLabel('Name', { exact: true }).fill('Ann Lee')
    await page.getByRole('button', { name: 'Add Ann Lee' }).click()
    await page.getByRole('heading', { name: 'Ann Lee', level: 1 }).waitFor()

    await page.getByRole('button', { name: 'Make a set-up link' }).click()
    const link = (await page.getByRole('status').locator('code').textContent()) ?? ''
    const look = await server.admin.setUp.look({ body: { token: link.split('#')[1] ?? '' } })
    assert.equal(look.userid, 'ann')

    await page.getByLabel('Attribute key').fill('team')
    await page.getByLabel('Value').fill('finance')
    await page.getByRole('button', { name: 'Give it' }).click()
    await page.getByRole('button', { name: 'Give team: finance: nobody gains or loses' }).click()
    await page.getByRole('button', { name: 'Take away team: finance' }).waitFor()
    await page.getByLabel('Audit: reads everything').check()
    await page.getByRole('button', { name: 'Save permissions' }).click()
    await page.getByRole('definition').getByText('Audit: reads everything').waitFor()
    assert.deepEqual((await server.admin.users.list({ query: { search: 'ann' } })).items[0]?.permissions, ['AUDIT'])
  })

  await t.test('a file with a wrong line stores nothing and names it; mended, it is taken in', async () => {
    await page.goto('/app/people/files')
    await page.getByLabel('What the file holds').selectOption({ label: 'Groups' })
    const text = (name: string) => `group,description\nReaders,Who reads\n${name},Who writes\n`
    await page.getByLabel('Or its lines').fill(text(''))
    await page.getByRole('button', { name: 'Show what it would do' }).click()
    const wrong = page.getByRole('table', { name: 'What is wrong with the file' })
    await wrong.getByRole('rowheader', { name: '3', exact: true }).waitFor()
    await fits(page, '/people/files')
    await page.getByLabel('Or its lines').fill(text('Writers'))
    await page.getByRole('button', { name: 'Show what it would do' }).click()
    const store = page.getByRole('button', { name: 'Store it: 2 added, 0 changed, 0 removed' })
    await store.waitFor()
    assert.equal((await server.admin.groups.list({ query: { search: 'Writers' } })).total, 0)
    await store.click()
    await page.getByText('Stored: 2 added').waitFor()
    assert.equal((await server.admin.groups.list({ query: { search: 'Writers' } })).total, 1)
  })

  await t.test('a click on a name of a column puts the list into that order, which the address keeps', async () => {
    await page.goto('/app/groups')
    const table = page.getByRole('table', { name: 'Groups' })
    const names = async () => (await table.getByRole('rowheader').getByRole('link').allTextContents()).join(' ')
    /** In that order, and no rows of the order before. */
    const sorted = async (name: string, sort: string) => {
      await page.locator(`th[aria-sort="${sort}"]`, { hasText: name }).waitFor({ state: 'attached' })
      await page.locator('table[data-stale]').waitFor({ state: 'detached' })
    }
    await sorted('Group', 'ascending')
    await table.getByRole('button', { name: 'Members' }).click()
    await sorted('Members', 'descending')
    await page.waitForURL(/sort=-members/)
    assert.equal(await names(), 'All Users Writers Readers')
    await page.reload()
    await sorted('Members', 'descending')
    await table.getByRole('button', { name: 'Members' }).click()
    await sorted('Members', 'ascending')
    assert.equal(await names(), 'Readers Writers All Users')
    await fits(page, '/groups, in another order')

    await page.setViewportSize({ width: 390, height: 800 })
    await page.getByLabel('Order of Groups').selectOption({ label: 'Group, descending' })
    await page.waitForURL(/sort=-name/)
    await sorted('Group', 'descending')
    assert.equal(await names(), 'Writers Readers All Users')
    await fits(page, '/groups, narrow and in another order')
    await page.setViewportSize({ width: 1280, height: 900 })
  })

  await t.test('an identity provider is added, set up, checked, and offered to whoever signs in', async t => {
    const settings = await server.admin.settings.get()
    await server.admin.settings.replace({ body: { ...settings, publicUrl: server.url }, ifMatch: '"1"' })
    await page.goto('/app/identity-providers')
    await page.getByLabel('Name', { exact: true }).fill('okta')
    await page.getByRole('button', { name: 'Add it' }).click()
    await page.getByRole('button', { name: 'Set it up' }).click()
    await page.getByLabel('People sign in through it').check()
    await page.getByLabel('Issuer').fill(provider.issuer)
    await page.getByLabel('Client id').fill('headgate')
    await page.getByLabel('Client secret', { exact: true }).fill(testClientSecret)
    await page.getByLabel('Claims that are attributes').fill('department = Department')
    await page.getByLabel('Attribute keys').fill('Department')
    await fits(page, '/identity-providers')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('button', { name: 'Check it now' }).click()
    await page.getByRole('table', { name: 'Validation tests' }).getByText('Passed').first().waitFor()
    await page.getByRole('button', { name: 'Switch SCIM on' }).waitFor()

    const outside = await open(t, browser, here)
    await outside.goto('/app/sign-in?from=/people&problem=sign-in-denied&provider=okta')
    await outside.getByRole('alert').getByText('did not let you in').waitFor()
    const button = outside.getByRole('link', { name: 'Go on with okta' })
    assert.match((await button.getAttribute('href')) ?? '', /^\/sign-in\/\d+\?returnTo=%2Fapp%2Fpeople$/)
    await fits(outside, '/sign-in')
  })
})
