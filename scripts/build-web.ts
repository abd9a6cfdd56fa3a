/**
 * Builds the web app into `packages/web/dist` unless what is there was made from these very sources. Beside each file
 * lies the same compressed, which the server sends to whoever takes it: compressing well takes longer than a request.
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const web = path.join(root, 'packages/web')
export const webDir = path.join(web, 'dist')

export async function buildWebWhenStale(): Promise<void> {
  const marker = path.join(webDir, '.made-from')
  const sources = hashOfSources()
  if (readText(marker) === sources) return
  process.stderr.write('Building the web app …\n')
  const { build } = await import('vite')
  await build({ root: web, logLevel: 'warn' })
  compressFiles()
  writeFileSync(marker, sources)
}

function compressFiles(): void {
  for (const file of globSync('**/*.{js,css,html,svg}', { cwd: webDir })) {
    const whole = path.join(webDir, file)
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
