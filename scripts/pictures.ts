/** The pictures of the README: a few screens of the demo world, as somebody at work sees them. Made anew by one command. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { holdingKey, settled } from '../test/browser/visit.ts'

interface Picture {
  readonly name: string
  /** By its path in the router. */
  readonly screen: string
  readonly colorScheme: 'light' | 'dark'
  /** Pixels above that are left out; default 0. */
  readonly top?: number
  /** What is done before it is taken. */
  readonly prepare?: (page: Page) => Promise<void>
}

const pictures: readonly Picture[] = [
  { name: 'home', screen: '/', colorScheme: 'light' },
  { name: 'access', screen: '/access', colorScheme: 'light', top: 275 },
  { name: 'policy', screen: '/policies/new', colorScheme: 'light', prepare: writePolicy },
  { name: 'data-source', screen: '/data-sources/$id', colorScheme: 'dark' },
  { name: 'request', screen: '/requests/$id', colorScheme: 'light' },
  { name: 'integration', screen: '/integrations/$id', colorScheme: 'dark' },
]

/** @param addresses of the screens of this world, by their paths in the router */
export async function takePictures(
  browser: Browser,
  {
    url,
    key,
    addresses,
    into,
  }: {
    readonly url: string
    readonly key: string
    readonly into: string
    readonly addresses: ReadonlyMap<string, string>
  },
): Promise<void> {
  await mkdir(into, { recursive: true })
  for (const { name, screen, colorScheme, top = 0, prepare } of pictures) {
    const viewport = { width: 1440, height: 900 }
    const context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce', colorScheme, viewport })
    const page = await context.newPage()
    await holdingKey(page, key)
    await page.goto(`/app${addresses.get(screen)}`)
    await settled(page)
    await prepare?.(page)
    await page.evaluate(`document.activeElement.blur(), window.scrollTo(0, ${top})`)
    await settled(page)
    // A third of the bytes of a PNG.
    const session = await context.newCDPSession(page)
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 90 })
    await writeFile(path.join(into, `${name}.webp`), Buffer.from(data, 'base64'))
    await context.close()
    process.stdout.write(`${name}\n`)
  }
}

async function writePolicy(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('Marketing reads research')
  await page.getByLabel('Tag').fill('Research')
  await page
    .getByRole('textbox', { name: 'Who is let in' })
    .fill("@isInGroups('Marketing') AND @hasAttribute('region', 'EMEA')")
  await page.getByLabel('Why it exists').fill('Campaigns tell of what was found')
  await page.getByRole('region', { name: 'If it were applied now' }).getByText('Now:').waitFor()
}
