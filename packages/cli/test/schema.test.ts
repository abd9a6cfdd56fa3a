/** The published JSON Schema, by a validator that is not ours: what it says of files is what `headgate plan` says of them. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { kinds } from '../src/code/kinds.ts'
import { schemaOf } from '../src/code/schema-of-files.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const acme = path.join(root, 'examples/acme')
const published = path.join(root, 'docs/schemas/headgate.schema.json')
const files = readdirSync(acme).filter(file => /(?<!\.test)\.yaml$/.test(file))

type Validate = (value: unknown) => boolean
interface Ajv {
  compile(schema: unknown): Validate & { readonly errors?: unknown }
}
// Comes with Fastify and is no dependency of ours, which a name in the code would make it.
const ajv = ['ajv', 'dist/2020.js'].join('/')
const { Ajv2020 } = (await import(ajv)) as { Ajv2020: new (options: object) => Ajv }
const validator = () => new Ajv2020({ strict: false, validateFormats: false, allErrors: true })

test("Acme's files name the schema, and hold to it", () => {
  const holds = validator().compile(JSON.parse(readFileSync(published, 'utf8')))
  assert.ok(files.length >= 3)
  for (const file of files) {
    const text = readFileSync(path.join(acme, file), 'utf8')
    const [, named = ''] = /^# yaml-language-server: \$schema=(.+)$/m.exec(text) ?? []
    assert.equal(path.resolve(acme, named), published, file)
    assert.ok(holds(parse(text)), `${file}: ${JSON.stringify(holds.errors)}`)
  }
})

const wrong = [
  ['policies', { name: 'x', kind: 'grand', level: 'READ', who: { everyone: true } }],
  ['policies', { name: 'x', kind: 'grant', level: 'READ' }],
  ['tags', { nam: 'x' }],
  ['dataSources', { name: 'x', integration: 'lake' }],
  ['dataSources', { name: 'x', integration: 'lake', prefix: 7 }],
  ['domains', { name: 'x', rights: [{ user: 'ann', rights: ['EVERYTHING'] }] }],
  ['accessExports', { bucketName: 'x', region: 'eu-central-1', awsSecretAccessKey: 'none of it' }],
] as const
for (const [name, content] of wrong) {
  test(`of ${name}, ${JSON.stringify(content)} is refused by the schema as by us`, () => {
    const kind = kinds.find(one => one.name === name)
    assert.equal(kind?.item.safeParse(content).success, false)
    assert.equal(validator().compile(schemaOf(name))(content), false)
  })
}

test('every kind has a schema of its own', () => {
  for (const { name } of kinds) assert.ok('properties' in (schemaOf(name) ?? {}), name)
  assert.equal(schemaOf('secrets'), undefined)
})
