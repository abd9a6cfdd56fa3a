/** Visiting the web app as a test does: a page of its own, signed in, held to what every screen owes. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { accessibilityViolations, sidewaysScroll } from './chromium.ts'

/** Whose pages are visited. */
export interface Visited {
  readonly server: { readonly url: string }
}

/** A page of its own, closed with the test, which fails when the page asks anybody but us or a script breaks. */
export async function open(t: TestContext, browser: Browser, { server }: Visited, options: object = {}): Promise<Page> {
  // Colours that are still on their way from one scheme to the other are neither.
  const context = await browser.newContext({ baseURL: server.url, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const wrong: string[] = []
  page.on('pageerror', error => wrong.push(`script: ${error.message}`))
  page.on('console', message => {
    if (message.type() === 'error' && message.text().includes('Content Security Policy')) wrong.push(message.text())
  })
  page.on('request', request => {
    const { origin, protocol } = new URL(request.url())
    if (protocol !== 'data:' && origin !== server.url) wrong.push(`asked ${origin}`)
  })
  t.after(async () => {
    await context.close()
    assert.deepEqual(wrong, [])
  })
  return page
}

export async function signedIn(t: TestContext, browser: Browser, here: Visited, key: string): Promise<Page> {
  const page = await open(t, browser, here)
  await page.goto('/app/')
  await signIn(page, key)
  return page
}

export async function signIn(page: Page, key: string): Promise<void> {
  await page.getByRole('button', { name: 'Use an API key instead' }).click()
  await page.getByLabel('API key', { exact: true }).fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Sign out', includeHidden: true }).waitFor({ state: 'attached' })
}

/** What is asked for has come, nothing has to be scrolled sideways, and axe-core finds nothing. */
export async function fits(page: Page, screen: string): Promise<void> {
  await settled(page)
  assert.equal(await sidewaysScroll(page), 0, `${screen} is wider than the window`)
  assert.deepEqual(await accessibilityViolations(page), [], screen)
}

/** Whoever opens this page holds that key already. */
export async function holdingKey(page: Page, key: string): Promise<void> {
  await page.addInitScript(`sessionStorage.setItem('headgate-key', ${JSON.stringify(key)})`)
}

/** The screen is drawn, and nothing on it is still being waited for. */
export async function settled(page: Page): Promise<void> {
  // A screen that is still on its way shows nothing at all, and would pass or fail for that.
  await page.locator('h1').first().waitFor()
  // Several parts of a screen may still be waiting, unseen in their first moments; the first of none is gone.
  const waiting = page.getByRole('status', { includeHidden: true }).filter({ hasText: /^(Loading|Drawing) .*…$/ })
  await waiting.first().waitFor({ state: 'detached' })
  await page.evaluate('document.fonts.ready.then(() => undefined)')
  // What was laid out anew is painted with the second frame.
  await page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))')
}
