/**
 * The dependency rule of the house, enforced on every import of every source file:
 *
 *   core, iam → nothing of ours       server → core, iam      web → core      sandbox → iam
 *   cli → core, server, client, sandbox                       client → nothing of ours
 *
 * Besides: inside core a step never imports a later one, no import cycles anywhere, @aws-sdk only in server/aws and
 * client, SQL and pg only in server/db, process.env only in the two main.ts, no clock and no node: in core.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  iam: [],
  client: [],
  sandbox: ['iam'],
  server: ['core', 'iam'],
  web: ['core'],
  cli: ['core', 'server', 'client', 'sandbox'],
}

/** The straight line: a file may import from its own step and earlier ones. */
const steps: readonly RegExp[] = [
  /^(scope|scope-index)\.ts$/,
  /^(facts\.ts|policy\/)/,
  /^(audience|fact-index)\.ts$/,
  /^entitlement\.ts$/,
  /^grant\.ts$/,
  /^plan\.ts$/,
]

interface SourceFile {
  readonly file: string
  readonly pkg: string
  /** The path below the package's `src/`. */
  readonly inside: string
  readonly text: string
  readonly imports: readonly { readonly specifier: string; readonly typeOnly: boolean }[]
}

const sources = globSync('packages/*/src/**/*.{ts,tsx}', { cwd: root, exclude: ['**/node_modules/**'] }).map(read)

test('there are source files to look at', () => {
  assert.ok(sources.length > 50, `only ${sources.length} found`)
})

test('a package imports only the packages of ours that it may', () => {
  const wrong = sources.flatMap(source =>
    source.imports
      .map(({ specifier }) => /^@headgate\/([a-z]+)/.exec(specifier)?.[1])
      .filter(pkg => pkg !== undefined && pkg !== source.pkg && !mayImport[source.pkg]?.includes(pkg))
      .map(pkg => `${source.file} imports ${pkg}`),
  )
  assert.deepEqual(wrong, [])
})

test('no file reaches into another package by a relative path', () => {
  const wrong = sources.flatMap(source =>
    source.imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => path.join(path.dirname(source.file), specifier))
      .filter(target => !target.startsWith(`packages/${source.pkg}/`))
      .map(target => `${source.file} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('inside core a step never imports a later step', () => {
  const stepOf = (inside: string) => steps.findIndex(step => step.test(inside))
  const wrong = sources
    .filter(source => source.pkg === 'core' && stepOf(source.inside) >= 0)
    .flatMap(source =>
      relativeTargets(source)
        .map(target => target.replace('packages/core/src/', ''))
        .filter(target => stepOf(target) > stepOf(source.inside))
        .map(target => `${source.inside} imports the later ${target}`),
    )
  assert.deepEqual(wrong, [])
})

test('no import cycles', () => {
  const graph = new Map(sources.map(source => [source.file, relativeTargets(source)]))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, trail: readonly string[]): void => {
    if (done.has(file)) return
    const seen = trail.indexOf(file)
    if (seen >= 0) {
      cycles.push([...trail.slice(seen), file].join(' → '))
      return
    }
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  assert.deepEqual(cycles, [])
})

test('@aws-sdk only in server/aws and client', () => {
  const may = ({ file }: SourceFile) => /^packages\/(server\/src\/aws|client\/src)\//.test(file)
  assert.deepEqual(filesThatImport(/^@aws-sdk\/|^@smithy\//, may), [])
})

test('SQL and pg only in server/db', () => {
  const inDb = (source: SourceFile) => source.file.startsWith('packages/server/src/db/')
  assert.deepEqual(filesThatImport(/^(pg|kysely)$/, inDb), [])
  const statements = /\b(insertInto|selectFrom|updateTable|deleteFrom)\(/
  assert.deepEqual(
    sources.filter(source => !inDb(source) && statements.test(source.text)).map(source => source.file),
    [],
  )
})

test('process.env only in the two main.ts', () => {
  const mains = ['packages/server/src/main.ts', 'packages/cli/src/main.ts']
  assert.deepEqual(
    sources.filter(source => !mains.includes(source.file) && /\bprocess\.env\b/.test(code(source))).map(s => s.file),
    [],
  )
})

test('core and iam know no clock, no node: module, no network, no environment', () => {
  const forbidden = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bprocess\.|\bglobalThis\.fetch\b|\bMath\.random\b/
  const pure = sources.filter(source => source.pkg === 'core' || source.pkg === 'iam')
  assert.deepEqual(
    pure.filter(source => forbidden.test(code(source))).map(source => source.file),
    [],
  )
  assert.deepEqual(
    pure.filter(source => source.imports.some(({ specifier }) => specifier.startsWith('node:'))).map(s => s.file),
    [],
  )
})

function read(file: string): SourceFile {
  const text = readFileSync(path.join(root, file), 'utf8')
  const statements = text.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'/gm)
  const dynamic = text.matchAll(/\bimport\('([^']+)'\)/g)
  return {
    file,
    pkg: file.split('/')[1] ?? '',
    inside: file.split('/').slice(3).join('/'),
    text,
    imports: [
      ...[...statements].map(match => ({ specifier: match[2] ?? match[3] ?? '', typeOnly: match[1] !== undefined })),
      ...[...dynamic].map(match => ({ specifier: match[1] ?? '', typeOnly: false })),
    ],
  }
}

/** Files of the same package that are imported for more than their types: only those can make a cycle at run time. */
function relativeTargets(source: SourceFile): string[] {
  return source.imports
    .filter(({ specifier, typeOnly }) => specifier.startsWith('.') && !typeOnly)
    .map(({ specifier }) => path.join(path.dirname(source.file), specifier))
}

function filesThatImport(specifiers: RegExp, allowed: (source: SourceFile) => boolean): string[] {
  return sources
    .filter(source => !allowed(source) && source.imports.some(({ specifier }) => specifiers.test(specifier)))
    .map(source => source.file)
}

/** The text without comments: a rule may be spoken of where it is kept. */
function code(source: SourceFile): string {
  return source.text.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm, '')
}
