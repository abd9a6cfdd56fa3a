/** An empty folder in which somebody installs a published package, and what they do there. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { type PublishedPackage, publishedManifest, root, withNeeded } from './packages.ts'
import type { Tarball } from './tarballs.ts'

export interface Alone {
  readonly folder: string
  /** Runs a program there, without anything of the checkout but its Node; throws with what it printed when it fails. */
  run(program: string, ...args: readonly string[]): Promise<string>
}

const runFile = promisify(execFile)

/** @param beside packages of others, as a user of this one would install them */
export async function installAlone(
  folder: string,
  one: PublishedPackage,
  tarballs: readonly Tarball[],
  beside: readonly string[] = [],
): Promise<Alone> {
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  // What it needs of ours is nowhere else to be had before it is published.
  const needed = withNeeded(one)
  const files = tarballs.filter(tarball => needed.includes(tarball.package)).map(tarball => tarball.file)
  const alone: Alone = {
    folder,
    async run(program, ...args) {
      const { stdout } = await runFile(program, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024, timeout: 300_000 })
      return stdout
    },
  }
  await alone.run('npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', ...files, ...beside)
  return alone
}

/** Every entry is imported by plain Node, and its types are found by a strict program. @returns how many names there are */
export async function importAll(alone: Alone, one: PublishedPackage): Promise<number> {
  const { name, exports = {} } = publishedManifest(one)
  const entries = Object.keys(exports).map(entry => path.posix.join(name, entry))
  const lines = entries.map((entry, n) => `import * as entry${n} from '${entry}'`)
  const names = entries.map((_, n) => `...Object.keys(entry${n})`)
  const program = [...lines, `console.log([${names.join(', ')}].length)`, ''].join('\n')
  await writeFile(path.join(alone.folder, 'use.mjs'), program)
  await writeFile(path.join(alone.folder, 'use.ts'), program)
  const printed = await alone.run(process.execPath, 'use.mjs')
  if (entries.length > 0) {
    const strict = ['--strict', '--skipLibCheck', '--target', 'ES2024', '--module', 'NodeNext', '--noEmit']
    const types = ['--lib', 'ES2024,DOM,ESNext.Iterator,ESNext.Collection', '--types', 'node', '--typeRoots', nodeTypes]
    await alone.run(process.execPath, tsc, ...strict, ...types, 'use.ts')
  }
  return Number(printed)
}

const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
const nodeTypes = path.join(root, 'node_modules/@types')
