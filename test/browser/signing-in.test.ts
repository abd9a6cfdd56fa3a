/** Signing in and out as people do: the set-up link, the password, another tab, and the page of one's own account. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, open } from './visit.ts'

const password = 'a long walk home'
const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))

test('signing in with a browser', async t => {
  await buildWebWhenStale()
  const server = await testServer({ webFolder: webDir })
  t.after(() => server.close())
  const browser = await startChromium(t)
  const here = { server }
  const ann = await server.as(['AUDIT', 'GOVERNANCE'], 'ann')

  await t.test('a set-up link gives a password, signs in, and is used up', async t => {
    const { path: link, token } = await server.admin.setUp.link({ params: { id: ann.id } })
    const page = await open(t, browser, here)
    await page.goto(link)
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
    await again.goto(link)
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

  await t.test('a terminal is signed in by the code that it shows, and signed out for good', async t => {
    const home = await mkdtemp(path.join(tmpdir(), 'headgate-terminal-'))
    t.after(() => rm(home, { recursive: true }))
    const headgate = (...typed: string[]) =>
      spawn(process.execPath, [main, ...typed], { env: { HOME: home, PATH: '' }, stdio: ['ignore', 'ignore', 'pipe'] })
    const terminal = headgate('login', '--url', server.url, '--browser', '--no-open')
    t.after(() => terminal.kill())
    const printed = terminal.stderr.setEncoding('utf8')
    const [said] = (await once(printed, 'data')) as [string]
    const [, address = '', code = ''] = /Open (\S+)\nand see that it shows the code (\S+)\./.exec(said) ?? []

    const page = await open(t, browser, here)
    await page.goto(address)
    await page.getByLabel('User name').fill('ann')
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Sign in a terminal', level: 1 }).waitFor()
    await fits(page, '/device')
    await page.getByRole('textbox', { name: 'Code' }).fill('BBBB-BBBB')
    await page.getByRole('button', { name: 'See who asks' }).click()
    await page.getByRole('alert').getByText('unknown, used').waitFor()
    await page.getByRole('textbox', { name: 'Code' }).fill(code.toLowerCase())
    await page.getByRole('button', { name: 'See who asks' }).click()
    await page.getByText('Is this your terminal?').waitFor()
    await page.getByText(hostname(), { exact: true }).waitFor()
    await fits(page, '/device, asked')
    const done = Promise.all([once(printed, 'data'), once(terminal, 'exit')])
    await page.getByRole('button', { name: 'Sign it in' }).click()
    await page.getByText('You may go back to your terminal').waitFor()
    const [[ended], [exit]] = (await done) as [[string], [number]]
    assert.match(ended, /^signed in as ann; kept in /)
    assert.equal(exit, 0)
    assert.ok((await ann.apiKeys.list()).items.some(({ name }) => name === `headgate login on ${hostname()}`))

    assert.deepEqual(await once(headgate('logout'), 'exit'), [0, null])
    assert.ok((await ann.apiKeys.list()).items.every(({ name }) => !name.startsWith('headgate login')))
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
