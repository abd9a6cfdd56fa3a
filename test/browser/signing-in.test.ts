/** Signing in and out as people do: the set-up link, the password, another tab, and the page of one's own account. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, open } from './visit.ts'

const password = 'a long walk home'

test('signing in with a browser', async t => {
  await buildWebWhenStale()
  const server = await testServer({ webFolder: webDir })
  t.after(() => server.close())
  const browser = await startChromium(t)
  const here = { server }
  const ann = await server.as(['AUDIT', 'GOVERNANCE'], 'ann')

  await t.test('a set-up link gives a password, signs in, and is used up', async t => {
    const { path, token } = await server.admin.setUp.link({ params: { id: ann.id } })
    const page = await open(t, browser, here)
    await page.goto(path)
    await page.getByText('Choose a password for ann').waitFor()
    assert.ok(!page.url().includes(token), 'the token stays in the address bar')
    await fits(page, '/set-up')
    await page.getByLabel('Password', { exact: true }).fill('too short')
    await page.getByLabel('Password, once more').fill('another one')
    await page.getByRole('button', { name: 'Set it, and sign in' }).click()
    await page.getByRole('alert').getByText('The two passwords differ').waitFor()
    await page.getByLabel('Password, once more').fill('too short')
    await page.getByRole('button', { name: 'Set it, and sign in' }).click()
    await page.getByRole('alert').getByText('fewer than 12 characters').waitFor()
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByLabel('Password, once more').fill(password)
    await page.getByRole('button', { name: 'Set it, and sign in' }).click()
    await page.getByRole('link', { name: 'My account: Name of ann' }).waitFor()

    const again = await open(t, browser, here)
    await again.goto(path)
    await again.getByRole('alert').waitFor()
  })

  await t.test('a password opens the page that was asked for; signing out ends the session everywhere', async t => {
    const page = await open(t, browser, here)
    await page.goto('/app/policies?search=x')
    await page.getByLabel('User name').fill('ann')
    await page.getByLabel('Password', { exact: true }).fill('not the password')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('User name or password is wrong').waitFor()
    await fits(page, '/sign-in')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Policies', level: 1 }).waitFor()
    assert.equal(new URL(page.url()).search, '?search=x')
    await page.reload()
    await page.getByRole('heading', { name: 'Policies', level: 1 }).waitFor()

    const otherTab = await page.context().newPage()
    await otherTab.goto('/app/sign-in?from=//evil.example')
    await otherTab.getByRole('heading', { name: 'Home', level: 1 }).waitFor()
    await otherTab.getByRole('button', { name: 'Sign out' }).click()
    await otherTab.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    assert.deepEqual((await ann.sessions.list()).items.length, 1, 'the session of the set-up link is left')
  })

  await t.test('on the account page a session is ended, a key made and revoked, the password changed', async t => {
    const page = await open(t, browser, here)
    await page.goto('/app/account')
    await page.getByLabel('User name').fill('ann')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'My account', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await page.getByRole('button', { name: 'Sign out everywhere else' }).waitFor({ state: 'detached' })
    assert.equal((await ann.sessions.list()).items.length, 1)

    await fits(page, '/account')
    await page.getByLabel('Name of a new key').fill('nightly')
    await page.getByLabel('Confine it').check()
    await page.getByLabel('Audit: reads everything').check()
    await page.getByRole('button', { name: 'Make a key' }).click()
    const key = (await page.getByRole('status').locator('code').textContent()) ?? ''
    const answer = await fetch(`${server.url}/session`, { headers: { authorization: key } })
    assert.deepEqual(((await answer.json()) as { permissions: string[] }).permissions, ['AUDIT'])
    await page.getByRole('button', { name: 'Revoke nightly' }).click()
    await page.getByRole('rowheader', { name: /nightly/ }).waitFor({ state: 'detached' })
    assert.equal((await fetch(`${server.url}/session`, { headers: { authorization: key } })).status, 401)

    await page.getByRole('textbox', { name: 'Current password' }).fill('not the password')
    await page.getByRole('textbox', { name: 'New password' }).fill('a longer walk home')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByRole('alert').getByText('This is not your current password').waitFor()
    await page.getByRole('textbox', { name: 'Current password' }).fill(password)
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('Changed: use it').waitFor()
  })
})
