/** Builds the web app into `packages/web/dist` unless what is there was made from these very sources. */
import { createHash } from 'node:crypto'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

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
  writeFileSync(marker, sources)
}

function hashOfSources(): string {
  const hash = createHash('sha256')
  const patterns = ['packages/web/*', 'packages/web/src/**', 'packages/core/src/**', 'package-lock.json']
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
