/**
 * `npm run dev`: the whole product with the demo world, restarted when its sources change, and the web app reloading as
 * you type. Prints both addresses; Ctrl-C ends both.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer } from 'vite'
import { apiProxy } from '../packages/web/vite.config.ts'
import { webDir } from './build-web.ts'

const scratch = mkdtempSync(path.join(os.tmpdir(), 'headgate-dev-'))
const readyFile = path.join(scratch, 'ready.json')
const up = ['packages/cli/src/main.ts', 'up', '--demo', '--ready-file', readyFile, ...process.argv.slice(2)]
const product = spawn(process.execPath, ['--watch', '--watch-preserve-output', ...up], { stdio: 'inherit' })
const ended = new Promise<number>(resolve => product.once('exit', code => resolve(code ?? 0)))
let isEnding = false
// The terminal tells the product as well; a polite kill comes to us alone.
process.once('SIGINT', () => end('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP', 'disconnect'] as const) process.once(signal, () => end('SIGTERM'))

const url = await addressOfProduct()
const web = url === undefined ? undefined : await serveWeb(url)
process.exitCode = await ended
await web?.close()
rmSync(scratch, { recursive: true })

function end(signal: NodeJS.Signals): void {
  isEnding = true
  product.kill(signal)
}

/** Undefined when it ended before it was ready. */
async function addressOfProduct(): Promise<string | undefined> {
  while (!existsSync(readyFile)) {
    if (isEnding || product.exitCode !== null) return undefined
    await sleep(100)
  }
  return (JSON.parse(readFileSync(readyFile, 'utf8')) as { url: string }).url
}

async function serveWeb(product: string) {
  const server = await createServer({ root: path.dirname(webDir), server: { proxy: apiProxy(product) } })
  await server.listen()
  const address = server.resolvedUrls?.local[0] ?? ''
  process.stdout.write(`\n  Web app, reloading   ${address}\n  Product              ${product}/app/\n\n`)
  return server
}
