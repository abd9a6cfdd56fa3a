/** Going through pages as somebody does who has no mouse: Tab, arrows, Enter, typing, and nothing else. */
import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'

/** More presses than any page has places to stop at: whoever gets there has been all the way round. */
const mostPresses = 150

type Role = Parameters<Page['getByRole']>[0]

/** Tab by Tab from where the focus is. It must get there, be seen there, and say so. */
export async function tabTo(page: Page, role: Role, name: string | RegExp): Promise<Locator> {
  const wanted = page.getByRole(role, { name, exact: true })
  // Many a radio is drawn by its label.
  await wanted.waitFor({ state: 'attached' })
  const focused = wanted.and(page.locator(':focus-visible'))
  for (let presses = 0; presses < mostPresses; presses++) {
    await page.keyboard.press('Tab')
    if ((await focused.count()) === 0) continue
    await assertInWindow(page, focused, name)
    return wanted
  }
  throw new Error(`Tab never comes to the ${role} “${name}”`)
}

/** To a link or a button, and through it. */
export async function pressOn(page: Page, role: 'link' | 'button', name: string | RegExp): Promise<void> {
  await tabTo(page, role, name)
  await page.keyboard.press('Enter')
}

/** Into a field, as fast as somebody types whom nobody waits for. */
export async function typeInto(page: Page, label: string, text: string, role: Role = 'textbox'): Promise<void> {
  await tabTo(page, role, label)
  await page.keyboard.type(text)
}

/** One of several that exclude each other: Tab goes to the group, arrows go through it. */
export async function chooseRadio(page: Page, from: string, name: string): Promise<void> {
  await tabTo(page, 'radio', from)
  const wanted = page.getByRole('radio', { name, exact: true, checked: true })
  for (let presses = 0; presses < 10 && (await wanted.count()) === 0; presses++) await page.keyboard.press('ArrowRight')
  assert.equal(await wanted.count(), 1, `the arrows never come to “${name}”`)
}

/** WCAG 2.4.11: what has the focus is not out of sight. */
async function assertInWindow(page: Page, focused: Locator, name: string | RegExp): Promise<void> {
  const box = await focused.boundingBox()
  const window = page.viewportSize()
  if (!box || !window) throw new Error(`“${name}” has the focus and is not drawn`)
  const isSeen = box.y + box.height > 0 && box.y < window.height && box.x + box.width > 0 && box.x < window.width
  assert.ok(isSeen, `“${name}” has the focus out of sight`)
}
