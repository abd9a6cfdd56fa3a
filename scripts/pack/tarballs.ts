/**
 * Makes a tarball of every published package: compiled at once, laid out aside, packed by npm. The checkout is only read,
 * but for the web app, which is built when it is stale.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { buildWebWhenStale, webDir } from '../build-web.ts'
import { type PublishedPackage, publishedManifest, publishedPackages, root } from './packages.ts'

export interface Tarball {
  readonly package: PublishedPackage
  readonly name: string
  readonly file: string
  /** Bytes of the tarball. */
  readonly size: number
  /** Bytes of its files. */
  readonly unpackedSize: number
  /** Paths below the package's folder. */
  readonly files: readonly string[]
}

const run = promisify(execFile)

/** @param into folder that is there */
export async function makeTarballs(into: string): Promise<Tarball[]> {
  await buildWebWhenStale()
  const aside = await mkdtemp(path.join(tmpdir(), 'headgate-pack-'))
  try {
    await run(process.execPath, [tsc, '-p', 'tsconfig.pack.json', '--outDir', path.join(aside, 'out')], { cwd: root })
    const tarballs: Tarball[] = []
    for (const one of publishedPackages) {
      const folder = path.join(aside, 'packages', one)
      await layOut(one, path.join(aside, 'out', one, 'src'), folder)
      tarballs.push(await pack(one, folder, into))
    }
    return tarballs
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

const tsc = path.join(root, 'node_modules/typescript/bin/tsc')

async function layOut(one: PublishedPackage, code: string, folder: string): Promise<void> {
  const source = path.join(root, 'packages', one)
  await mkdir(folder, { recursive: true })
  await cp(code, path.join(folder, 'dist'), { recursive: true })
  // What the code reads beside itself, such as migrations.
  const isTypeScript = /\.tsx?$/
  await cp(path.join(source, 'src'), path.join(folder, 'dist'), {
    recursive: true,
    filter: file => !isTypeScript.test(file),
  })
  await cp(path.join(source, 'README.md'), path.join(folder, 'README.md'))
  await cp(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'))
  if (one === 'cli') {
    await cp(webDir, path.join(folder, 'web'), { recursive: true })
    for (const world of ['acme', 'acme-demo']) {
      await cp(path.join(root, 'examples', world), path.join(folder, 'examples', world), { recursive: true })
    }
  }
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(publishedManifest(one), null, 2)}\n`)
}

async function pack(one: PublishedPackage, folder: string, into: string): Promise<Tarball> {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', into], {
    cwd: folder,
    maxBuffer: 64 * 1024 * 1024,
  })
  const [made] = toList(JSON.parse(stdout))
  if (made === undefined) throw new Error(`npm packed nothing in ${folder}`)
  const { filename, size, unpackedSize, files, name } = made
  return {
    package: one,
    name,
    file: path.join(into, filename),
    size,
    unpackedSize,
    files: files.map(file => file.path),
  }
}

interface Packed {
  readonly name: string
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

/** A list in npm 11 and before, an object by name since. */
function toList(answer: readonly Packed[] | Readonly<Record<string, Packed>>): readonly Packed[] {
  return Array.isArray(answer) ? answer : Object.values(answer)
}
