/** Prose about the code is checked by the code, or it rots. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { api, type Endpoint, errors, scim } from '@headgate/core/api'
import { settings } from '@headgate/server'
import { commandTree } from '../scripts/command-line-page.ts'
import { generatedDocs } from '../scripts/generated-docs.ts'
import { unknownCommands } from './docs/commands.ts'
import { invalidExamples } from './docs/examples.ts'
import { brokenLinks, unreachable } from './docs/links.ts'
import { type Route, unknownErrors, unknownRoutes, unknownVariables } from './docs/names.ts'
import { readPage } from './docs/page.ts'
import { matches, runPage } from './docs/run-page.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).map(file => readPage(file, read(file)))
/** The changelog and the decisions tell of their day. */
const current = pages.filter(({ file }) => file !== 'CHANGELOG.md' && !file.startsWith('docs/decisions/'))
const contract: readonly Endpoint[] = Object.values(api).flatMap(resource => Object.values(resource) as Endpoint[])

const known = variables()
const badPage = `# Bad

[a](gone.md) [b](#no-such-heading) [c](#bad) \`headgate frobnicate\` HEADGATE_NO_SUCH_THING PATCH /policies/{id}
404 \`policy-name-taken\`, 409 \`no-such-code\`, 409 \`policy-name-taken\`

\`\`\`sh
headgate plan lake --outt plan.json && curl $HEADGATE_URL/userz
headgate policy lnt x; headgate plan lake --out plan.json
\`\`\`

\`\`\`json
{ "broken": }
\`\`\`

\`\`\`yaml
policies: [{ name: No kind }]
\`\`\`

\`\`\`json
{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Acton": "s3:GetObject" }] }
\`\`\`

<!-- body of POST /tags -->
\`\`\`json
{ "nam": "A" }
\`\`\`

<!-- runs -->
\`\`\`sh
echo one 2 three
\`\`\`

<!-- prints -->
\`\`\`text
one … four
\`\`\`
`

for (const [name, text] of await generatedDocs()) {
  test(`docs/${name} is what the code says: run \`npm run docs\``, () => {
    assert.equal(read(`docs/${name}`), text)
  })
}

test('every link of the documentation leads to a file and a heading that are there', () => {
  assert.ok(pages.length > 20)
  assert.deepEqual(
    brokenLinks(pages, file => existsSync(path.join(root, file))),
    [],
  )
})

test('every page is found from docs/README.md', () => {
  assert.deepEqual(unreachable(pages, 'docs/README.md'), [])
})

test('every command line that the documentation shows is one of the commands', async () => {
  const program = await commandTree()
  assert.deepEqual(
    // The text that is signed when a signing key is replaced begins like a command.
    current.flatMap(page => unknownCommands(page, program)).filter(one => !one.includes('headgate audit key 1')),
    [],
  )
})

test('every environment variable, route and error that the documentation names exists', () => {
  assert.deepEqual(
    current.flatMap(page => [
      ...unknownVariables(page, known),
      ...unknownRoutes(page, routes()),
      ...unknownErrors(page, errors),
    ]),
    [],
  )
})

test('every policy, body and file that the documentation shows would be taken', () => {
  assert.deepEqual(
    current.flatMap(page => invalidExamples(page, contract)),
    [],
  )
})

test('a page with mistakes is told each of them', async () => {
  const bad = readPage('docs/bad.md', badPage)
  assert.deepEqual(
    brokenLinks([bad], file => file === 'docs/bad.md'),
    ['docs/bad.md: gone.md leads nowhere', 'docs/bad.md: #no-such-heading names no heading'],
  )
  assert.deepEqual(unreachable([bad, readPage('docs/README.md', '[to](gone.md)')], 'docs/README.md'), ['docs/bad.md'])
  assert.deepEqual(unknownCommands(bad, await commandTree()), [
    'docs/bad.md: headgate plan lake --outt plan.json: no option --outt',
    'docs/bad.md: headgate policy lnt x: no command lnt',
    'docs/bad.md: headgate frobnicate: no command frobnicate',
  ])
  assert.deepEqual(unknownVariables(bad, known), ['docs/bad.md: nothing reads HEADGATE_NO_SUCH_THING'])
  assert.deepEqual(unknownRoutes(bad, routes()), [
    'docs/bad.md: there is no PATCH /policies/{id}',
    'docs/bad.md: there is no /userz',
  ])
  assert.deepEqual(unknownErrors(bad, errors), [
    'docs/bad.md: there is no 404 policy-name-taken',
    'docs/bad.md: there is no 409 no-such-code',
  ])
  const invalid = invalidExamples(bad, contract)
  assert.equal(invalid.length, 4, invalid.join('\n'))
  const shell = { cwd: root, env: { PATH: process.env.PATH } }
  assert.match((await runPage(bad, shell)) ?? '', /docs\/bad\.md:\d+ ended with 0 and printed\none 2 three/)
  assert.match((await runPage(readPage('x.md', '<!-- runs -->\n```sh\nfalse\n```'), shell)) ?? '', /ended with 1/)
})

test('what is printed is held against what is shown, line by line', () => {
  for (const [printed, shown, same] of [
    ['a   b\n', 'a b', true],
    ['a b c', 'a … c', true],
    ['a\nb\nc', 'a\n…\nc', true],
    ['a\nb', 'a', false],
    ['a\nb', 'a…b', false],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
  ] as const) {
    assert.equal(matches(printed, shown), same, `${printed} as ${shown}`)
  }
})

test('every npm verb that the documentation names exists', () => {
  const verbs = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)
  const named = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).flatMap(page =>
    [...read(page).matchAll(/`npm run ([a-z:]+)/g)].map(([, verb]) => ({ page, verb })),
  )
  assert.deepEqual(
    named.filter(({ verb }) => !verbs.includes(verb ?? '')),
    [],
  )
})

test('nothing in the project names the machine it was made on', () => {
  const files = globSync(['**/*.{ts,tsx,mjs,md,json,yaml,sql}', '.ci/run'], {
    cwd: root,
    exclude: ['**/node_modules/**', '**/dist/**', 'package-lock.json'],
  })
  // Written in two parts, so that this file does not find itself.
  const places = new RegExp(['/wo' + 'rk/', '/ro' + 'ot/', '/fa' + 'rm/'].join('|'))
  assert.deepEqual(
    files.filter(file => places.test(read(file))),
    [],
  )
})

/** Settings of the server, and what the command line, the scripts, the laws and a pipeline read besides. */
function variables(): ReadonlySet<string> {
  const sources = globSync(
    [
      'packages/{cli,client}/src/**/*.ts',
      'scripts/**/*.{ts,mjs}',
      'test/*.ts',
      'packages/core/test/**/*.ts',
      'examples/**/*.yml',
    ],
    {
      cwd: root,
      exclude: ['test/docs.test.ts'],
    },
  )
  const besides = sources.flatMap(file => [...read(file).matchAll(/\bHEADGATE_[A-Z_]*[A-Z]\b/g)].map(([name]) => name))
  return new Set([...Object.keys(settings.shape), ...besides])
}

function routes(): readonly Route[] {
  const desk = globSync('packages/sandbox/src/*.ts', { cwd: root }).flatMap(file =>
    [...read(file).matchAll(/'(GET|POST) (\/_sandbox\/[\w-]+)'/g)].map(([, method = '', path = '']) => ({
      method,
      path,
    })),
  )
  const besides = ['/health/live', '/health/ready', '/metrics', '/docs', '/openapi.json', '/app', '/'].map(path => ({
    method: 'GET',
    path,
  }))
  return [...contract, ...Object.values(scim), ...desk, ...besides]
}
