/**
 * Bodies are JSON or YAML and come to the handlers as the same plain values, whichever it was.
 *
 * Refused with 400: text that is not UTF-8, a key that stands twice in one object, keys that would reach an object's
 * prototype, nesting deeper than any body of ours, and YAML whose aliases unfold into more than was sent.
 */
import { Problem } from '@headgate/core/api'
import type { FastifyInstance } from 'fastify'
import { type Document, isScalar, parseDocument, visit } from 'yaml'
import { findRepeatedKey } from './repeated-key.ts'

/** No body of the contract nests deeper than 8. */
const MAX_DEPTH = 64

/**
 * YAML is parsed thirty times slower than JSON, at worst in seconds for a MiB, and everyone else waits meanwhile. Bulk
 * bodies of more than that are sent as JSON.
 */
const MAX_YAML_BYTES = 1024 * 1024

export const csvType = 'text/csv'

export function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: unknown, body: Buffer) =>
    parseBody(body, 'json'),
  )
  // As it comes: whoever takes it reads no more than they want.
  app.addContentTypeParser(csvType, (_: unknown, body: unknown, done: (error: null, body: unknown) => void) =>
    done(null, body),
  )
  app.addContentTypeParser(
    ['application/yaml', 'application/x-yaml', 'text/yaml'],
    { parseAs: 'buffer' },
    async (_: unknown, body: Buffer) => parseBody(body, 'yaml'),
  )
}

/** @throws Problem `body-unparsable`, or `body-too-large` for YAML beyond 1 MiB */
export function parseBody(bytes: Buffer, format: 'json' | 'yaml'): unknown {
  if (bytes.length === 0) return undefined
  const text = decode(bytes)
  const value = format === 'json' ? parseJson(text) : parseYaml(text, bytes.length)
  refuseUnsafe(value, 0)
  return value
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Problem('body-unparsable', { reason: 'it is not valid UTF-8' })
  }
}

function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // Its message may quote the body, and the body may hold a secret.
    const [at] = error instanceof Error ? (/ at position \d+/.exec(error.message) ?? []) : []
    throw new Problem('body-unparsable', { reason: `it is not valid JSON${at ?? ''}` })
  }
  const repeated = findRepeatedKey(text)
  if (repeated !== undefined) throw repeatedKey(repeated)
  return value
}

// Pretty errors and unique keys cost the library minutes for a body that is made to be all errors or all keys.
const yamlOptions = {
  version: '1.2',
  schema: 'core',
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
} as const

function parseYaml(text: string, length: number): unknown {
  if (length > MAX_YAML_BYTES) throw new Problem('body-too-large', { limit: MAX_YAML_BYTES })
  try {
    // Aliases are fine as long as what they unfold to stays small: the library counts and refuses.
    const document = parseDocument(text, yamlOptions)
    const wrong = document.errors[0] ?? document.warnings[0]
    if (wrong) throw new Error(`${wrong.message} in line ${lineOf(text, wrong.pos[0])}`)
    refuseRepeatedKeys(document)
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem('body-unparsable', { reason: yamlReason(error) })
  }
}

function refuseRepeatedKeys(document: Document): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : String(key)
        if (seen.has(name)) throw repeatedKey(name)
        seen.add(name)
      }
    },
  })
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

function yamlReason(error: unknown): string {
  const [line = ''] = error instanceof Error ? error.message.split('\n', 1) : []
  // Its parser recurses, and says so in an error of its own.
  return line.startsWith('Maximum call stack size exceeded') ? 'it nests too deeply' : line.slice(0, 300)
}

function repeatedKey(key: string): Problem {
  return new Problem('body-unparsable', { reason: `the key \`${key.slice(0, 100)}\` stands twice in one object` })
}

function refuseUnsafe(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= MAX_DEPTH) throw new Problem('body-unparsable', { reason: `it nests deeper than ${MAX_DEPTH} levels` })
  if (Array.isArray(value)) {
    for (const item of value) refuseUnsafe(item, depth + 1)
    return
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw new Problem('body-unparsable', { reason: 'the key `__proto__` is not allowed' })
    refuseUnsafe(item, depth + 1)
  }
}
