/**
 * What is published, and how its manifest differs from the one in the checkout: there a package is TypeScript that Node
 * runs as it is; Node refuses that below `node_modules`, so what is published is JavaScript with its declarations.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))

/** A package after those that it needs. */
export const publishedPackages = ['core', 'iam', 'sandbox', 'client', 'server', 'cli'] as const
export type PublishedPackage = (typeof publishedPackages)[number]

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface PublishedManifest extends Omit<Manifest, 'exports'> {
  readonly type: 'module'
  readonly engines: { readonly node: string }
  readonly exports?: Readonly<Record<string, { readonly types: string; readonly default: string }>>
  readonly bin?: Readonly<Record<string, string>>
}

export function manifestOf(folder: PublishedPackage): Manifest {
  return readJson(path.join(root, 'packages', folder, 'package.json')) as Manifest
}

/** Without what only concerns the checkout. The command line is published as `headgate`, for `npx headgate`. */
export function publishedManifest(folder: PublishedPackage): PublishedManifest {
  const { name, version, description, license, exports, dependencies, optionalDependencies } = manifestOf(folder)
  const { engines } = readJson(path.join(root, 'package.json')) as Pick<PublishedManifest, 'engines'>
  return {
    name: folder === 'cli' ? 'headgate' : name,
    version,
    description,
    license,
    type: 'module',
    engines,
    ...(exports !== undefined && { exports: Object.fromEntries(Object.entries(exports).map(compiled)) }),
    ...(folder === 'cli' && { bin: { headgate: './dist/headgate.js' } }),
    dependencies,
    ...(optionalDependencies !== undefined && { optionalDependencies }),
  }
}

/** Names of the published packages that it needs, and those need, itself among them. */
export function withNeeded(folder: PublishedPackage): PublishedPackage[] {
  const needed = new Set<PublishedPackage>([folder])
  for (const one of needed) {
    const names = Object.keys(manifestOf(one).dependencies)
    for (const other of publishedPackages) if (names.includes(manifestOf(other).name)) needed.add(other)
  }
  return publishedPackages.filter(one => needed.has(one))
}

function compiled([entry, source]: [string, string]) {
  const stem = source.replace('./src/', './dist/').replace(/\.ts$/, '')
  return [entry, { types: `${stem}.d.ts`, default: `${stem}.js` }] as const
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
