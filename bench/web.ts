/**
 * The first load of the web app: how much script comes over the wire, as the server sends it, and how long until the
 * largest thing is painted, in a real Chromium with nothing in its cache.
 *
 * Server, database, sandbox and browser share the machine; the network is this machine's own.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readConfig } from '@headgate/server'
import type { Browser } from 'playwright-core'
import { up } from '../packages/cli/src/up.ts'
import { buildWebWhenStale, webDir } from '../scripts/build-web.ts'
import { launchChromium } from '../test/browser/chromium.ts'
import { holdingKey, settled } from '../test/browser/visit.ts'
import { type Bench, spreadOf } from './lib/report.ts'

const screens = { 'sign-in': '/app/sign-in', marketplace: '/app/marketplace' } as const
const KB = 1000

export async function measure(smoke: boolean): Promise<Bench> {
  const times = smoke ? 1 : 7
  await buildWebWhenStale()
  const dataDir = await mkdtemp(path.join(tmpdir(), 'headgate-bench-web-'))
  const { server, ready, close } = await up({
    config: readConfig({ HEADGATE_PORT: '0', HEADGATE_DATA_DIR: dataDir, HEADGATE_LOG_LEVEL: 'error' }),
    demo: smoke ? 'empty' : 'acme',
    portMayMove: false,
    sandboxPort: 0,
    webDir,
  })
  const browser = await launchChromium()
  try {
    const figures: Bench['figures'][number][] = []
    for (const [name, address] of Object.entries(screens)) {
      const key = name === 'sign-in' ? undefined : ready?.adminApiKey
      const loads: Load[] = []
      for (let at = 0; at < times; at++) loads.push(await loadOnce(browser, server.url + address, key))
      const bytes = (of: (load: Load) => number) => Math.max(...loads.map(of)) / KB
      const painted = spreadOf(loads.map(({ paintedMs }) => paintedMs))
      const lower = { better: 'lower' } as const
      figures.push(
        {
          name: `${name}: script of the first load, compressed`,
          value: bytes(one => one.script),
          unit: 'kB',
          reach: 250,
          ...lower,
        },
        { name: `${name}: the same, uncompressed`, value: bytes(one => one.scriptWhole), unit: 'kB', ...lower },
        {
          name: `${name}: styles of the first load, compressed`,
          value: bytes(one => one.styles),
          unit: 'kB',
          ...lower,
        },
        {
          name: `${name}: largest contentful paint, median`,
          value: painted.median / 1000,
          unit: 's',
          reach: 1.5,
          ...lower,
        },
        { name: `${name}: the same, slowest`, value: painted.max / 1000, unit: 's', ...lower },
      )
    }
    return {
      settings: {
        world: smoke ? 'empty' : 'acme',
        chromium: browser.version(),
        window: '1440 × 900',
        times,
        cache: 'empty',
      },
      figures,
    }
  } finally {
    await browser.close()
    await close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

interface Load {
  /** Bytes as sent. */
  readonly script: number
  readonly scriptWhole: number
  readonly styles: number
  readonly paintedMs: number
}

/** What the browser itself counted, once the screen has settled. */
const counted = `(() => {
  const files = performance.getEntriesByType('resource').filter(({ name }) => name.startsWith(location.origin))
  const sum = (end, of) => files.filter(({ name }) => name.endsWith(end)).reduce((all, one) => all + one[of], 0)
  return {
    script: sum('.js', 'encodedBodySize'),
    scriptWhole: sum('.js', 'decodedBodySize'),
    styles: sum('.css', 'encodedBodySize'),
    paintedMs: window.largestPaint ?? Number.POSITIVE_INFINITY,
  }
})()`
const watchPaints = `new PerformanceObserver(list => {
  for (const { startTime } of list.getEntries()) window.largestPaint = startTime
}).observe({ type: 'largest-contentful-paint', buffered: true })`

async function loadOnce(browser: Browser, address: string, key: string | undefined): Promise<Load> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  try {
    const page = await context.newPage()
    if (key !== undefined) await holdingKey(page, key)
    await page.addInitScript(watchPaints)
    await page.goto(address)
    await settled(page)
    await page.waitForLoadState('networkidle')
    const load = await page.evaluate<Load>(counted)
    if (load.script === 0) throw new Error(`${address} loaded no script`)
    return load
  } finally {
    await context.close()
  }
}
