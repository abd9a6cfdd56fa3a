/** A real Chromium from npm for journeys, on any Linux: where the machine lacks its libraries, those of the package are used. */
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import packaged, { inflate, setupLambdaEnvironment } from '@sparticuz/chromium'
import axe, { type AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Closed with the test. */
export async function startChromium(t: TestContext): Promise<Browser> {
  const browser = await launchChromium()
  t.after(() => browser.close())
  return browser
}

export async function launchChromium(): Promise<Browser> {
  packaged.setGraphicsMode = false
  const executablePath = await packaged.executablePath()
  return launch(executablePath).catch(async (error: Error) => {
    if (!error.message.includes('shared libraries')) throw error
    await unpackLibraries()
    return launch(executablePath)
  })
}

function launch(executablePath: string): Promise<Browser> {
  // As root there is no sandbox to be had; the pages are our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'] })
}

async function unpackLibraries(): Promise<void> {
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  await inflate(path.join(path.dirname(main), '..', 'bin', 'al2023.tar.br'))
  setupLambdaEnvironment(path.join(os.tmpdir(), 'al2023', 'lib'))
}

/** What axe-core objects to on the page as it is now, one line each. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  // The policy of the page allows no script from elsewhere; the debugger's door is not bound by it.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })")
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html} ${node.failureSummary}`))
}

/** Pixels by which the page is wider than its window; 0 when nothing has to be scrolled sideways. */
export async function sidewaysScroll(page: Page): Promise<number> {
  const { scrollWidth, clientWidth } = await page.evaluate<Record<'scrollWidth' | 'clientWidth', number>>(
    '({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })',
  )
  // Narrower than its window is a page with room kept for the other scroll bar.
  return Math.max(0, scrollWidth - clientWidth)
}
