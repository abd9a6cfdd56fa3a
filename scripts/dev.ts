/**
 * `npm run dev`: the whole product with the demo world, restarted when its sources change, and the web app reloading as
 * you type. Prints both addresses; Ctrl-C ends both.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { webDir } from './build-web.ts'

const scratch = mkdtempSync(path.join(os.tmpdir(), 'headgate-dev-'))
const readyFile = path.join(scratch, 'ready.json')
const running = new Set<ChildProcess>()
let isEnding = false
// The terminal tells everybody of Ctrl-C; a polite kill comes to us alone.
process.once('SIGINT', () => end('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP', 'disconnect'] as const) process.once(signal, () => end('SIGTERM'))

const up = ['packages/cli/src/main.ts', 'up', '--demo', '--ready-file', readyFile, ...process.argv.slice(2)]
const product = run(['--watch', '--watch-preserve-output', ...up])
const url = await addressOfProduct()
const vite = path.join(path.dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js')
const web = url && run([vite], { cwd: path.dirname(webDir), env: { ...process.env, HEADGATE_URL: url } })
if (url) process.stdout.write(`\n  Product   ${url}/app/      the web app, reloading as you type:\n`)
await Promise.all([product, web].map(child => child && ended(child)))
rmSync(scratch, { recursive: true })

function run(argv: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}) {
  const child = spawn(process.execPath, argv, { stdio: 'inherit', ...options })
  running.add(child)
  // One without the other is of no use.
  child.once('exit', () => {
    running.delete(child)
    if (!isEnding) end('SIGTERM')
  })
  return child
}

function end(signal: NodeJS.Signals): void {
  isEnding = true
  for (const child of running) child.kill(signal)
}

function ended(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return Promise.resolve()
  return new Promise(resolve => child.once('exit', () => resolve()))
}

/** Undefined when it ended before it was ready. */
async function addressOfProduct(): Promise<string | undefined> {
  while (!existsSync(readyFile)) {
    if (isEnding) return undefined
    await sleep(100)
  }
  return (JSON.parse(readFileSync(readyFile, 'utf8')) as { url: string }).url
}
