/**
 * Builds the web app into `packages/web/dist` unless what is there was made from these very sources. Beside each file
 * lies the same compressed, which the server sends to whoever takes it: compressing well takes longer than a request.
 *
 * Several processes may want it at once, as tests do: one builds, aside, and the others wait. A build that is there is
 * replaced as a whole, so that whoever serves it never finds it half.
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const web = path.join(root, 'packages/web')
export const webDir = path.join(web, 'dist')
const marker = '.made-from'
const lock = path.join(web, '.building')
const deadAfterMs = 300_000

export async function buildWebWhenStale(): Promise<void> {
  const sources = hashOfSources()
  while (!isBuiltFrom(sources)) {
    if (!takeLock()) {
      await setTimeout(200)
      continue
    }
    try {
      if (!isBuiltFrom(sources)) await build(sources)
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  }
}

async function build(sources: string): Promise<void> {
  process.stderr.write('Building the web app …\n')
  const { build } = await import('vite')
  const aside = path.join(lock, 'dist')
  await build({ root: web, logLevel: 'warn', build: { outDir: aside, emptyOutDir: true } })
  compressFiles(aside)
  writeFileSync(path.join(aside, marker), sources)
  const old = path.join(lock, 'old')
  if (existsSync(webDir)) renameSync(webDir, old)
  renameSync(aside, webDir)
}

function isBuiltFrom(sources: string): boolean {
  return readText(path.join(webDir, marker)) === sources
}

/** A folder, since making one either succeeds or finds it there. One of a process that died is taken over. */
function takeLock(): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    const made = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (made !== undefined && Date.now() - made > deadAfterMs) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

function compressFiles(folder: string): void {
  for (const file of globSync('**/*.{js,css,html,svg}', { cwd: folder })) {
    const whole = path.join(folder, file)
    const bytes = readFileSync(whole)
    writeFileSync(`${whole}.br`, brotliCompressSync(bytes))
    writeFileSync(`${whole}.gz`, gzipSync(bytes, { level: 9 }))
  }
}

function hashOfSources(): string {
  const hash = createHash('sha256')
  const patterns = [
    'scripts/build-web.ts',
    'packages/web/*',
    'packages/web/src/**',
    'packages/core/src/**',
    'package-lock.json',
  ]
  for (const file of globSync(patterns, { cwd: root, withFileTypes: false }).toSorted()) {
    const text = readText(path.join(root, file))
    if (text !== undefined) hash.update(`${file}\0${text}\0`)
  }
  return hash.digest('hex')
}

/** Undefined for what is not there and for folders. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
