/**
 * `npm run screenshots`: every screen of the demo world, at 1440 and 390 pixels, light and dark, as PNG files in
 * `screenshots/`. Parts of addresses as arguments take only those, widths others than those two:
 * `npm run screenshots -- integrations people --width=360 --width=2560`. `--pictures` makes those of the README anew, in
 * `docs/pictures/`.
 *
 * A demo of its own in a temporary folder, gone afterwards; each picture is taken once the screen has settled.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { caller } from '@headgate/core/api'
import { readConfig } from '@headgate/server'
import { up } from '../packages/cli/src/up.ts'
import { launchChromium } from '../test/browser/chromium.ts'
import { addressesIn, furnish, outside } from '../test/browser/screens.ts'
import { holdingKey, settled } from '../test/browser/visit.ts'
import { buildWebWhenStale, webDir } from './build-web.ts'
import { takePictures } from './pictures.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const folder = path.join(root, 'screenshots')
const schemes = ['light', 'dark'] as const
const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    pictures: { type: 'boolean', default: false },
    width: { type: 'string', multiple: true, default: ['1440', '390'] },
  },
})
const widths = values.width.map(Number)

await buildWebWhenStale()
const dataDir = await mkdtemp(path.join(tmpdir(), 'headgate-screenshots-'))
const { server, ready, close } = await up({
  config: readConfig({ HEADGATE_PORT: '0', HEADGATE_DATA_DIR: dataDir, HEADGATE_LOG_LEVEL: 'error' }),
  demo: 'acme',
  portMayMove: false,
  sandboxPort: 0,
  webDir,
})
const browser = await launchChromium()
try {
  const key = ready?.adminApiKey ?? ''
  const api = caller((route, init) =>
    fetch(server.url + route, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } }),
  )
  if (values.pictures) {
    const into = path.join(root, 'docs/pictures')
    await takePictures(browser, { url: server.url, key, addresses: await addressesIn(api), into })
  } else {
    await furnish(api)
    await takeScreens(await addressesIn(api), key)
  }
} finally {
  await browser.close()
  await close()
  await rm(dataDir, { recursive: true, force: true })
}

async function takeScreens(found: ReadonlyMap<string, string>, key: string): Promise<void> {
  const addresses = [...found].filter(([screen]) => wanted.length === 0 || wanted.some(part => screen.includes(part)))
  const context = await browser.newContext({ baseURL: server.url, reducedMotion: 'reduce' })
  for (const [screen, address] of addresses) {
    const page = await context.newPage()
    if (!outside.includes(screen)) await holdingKey(page, key)
    await page.goto(`/app${address}`)
    await settled(page)
    for (const width of widths) {
      await page.setViewportSize({ width, height: width < 600 ? 844 : 900 })
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme })
        await settled(page)
        const into = path.join(folder, `${width}-${colorScheme}`)
        await mkdir(into, { recursive: true })
        await page.screenshot({ path: path.join(into, `${fileName(screen)}.png`), fullPage: true })
      }
    }
    await page.close()
    process.stdout.write(`${screen}\n`)
  }
  process.stdout.write(`\n${addresses.length} screens in screenshots/\n`)
}

/** `/data-sources/$id` is `data-sources-id`. */
function fileName(screen: string): string {
  return screen.replaceAll('$', '').split('/').filter(Boolean).join('-') || 'home'
}
