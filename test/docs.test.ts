/** Prose about the code is checked by the code, or it rots. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { generatedDocs } from '../scripts/generated-docs.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

for (const [name, text] of generatedDocs()) {
  test(`docs/${name} is what the code says: run \`npm run docs\``, () => {
    assert.equal(read(`docs/${name}`), text)
  })
}

test('every file that the documentation links to is there', () => {
  const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root })
  assert.ok(pages.length > 5)
  const missing = pages.flatMap(page =>
    [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, target]) => path.join(path.dirname(page), target ?? ''))
      .filter(target => !existsSync(path.join(root, target)))
      .map(target => `${page} → ${target}`),
  )
  assert.deepEqual(missing, [])
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
