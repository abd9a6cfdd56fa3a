/**
 * Bodies are JSON or YAML and come to the handlers as the same plain values, whichever it was.
 *
 * Refused with 400: text that is not UTF-8, a key that stands twice in one object, keys that would reach an object's
 * prototype, nesting deeper than any body of ours, and YAML whose aliases unfold into more than was sent.
 */
import { Problem } from '@headgate/core/api'
import type { FastifyInstance } from 'fastify'
import { parseDocument } from 'yaml'
import { findRepeatedKey } from './repeated-key.ts'

/** No body of the contract nests deeper than 8. */
const MAX_DEPTH = 64

/** The YAML parser is about forty times slower than JSON's and blocks everyone else meanwhile. */
const MAX_YAML_BYTES = 4 * 1024 * 1024

export function acceptBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: unknown, body: Buffer) =>
    parseBody(body, 'json'),
  )
  app.addContentTypeParser(
    ['application/yaml', 'application/x-yaml', 'text/yaml'],
    { parseAs: 'buffer' },
    async (_: unknown, body: Buffer) => parseBody(body, 'yaml'),
  )
}

/** @throws Problem `body-unparsable`, or `body-too-large` for YAML beyond 4 MiB */
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
    throw new Problem('body-unparsable', { reason: firstLine(error) }, { cause: error })
  }
  const repeated = findRepeatedKey(text)
  if (repeated === undefined) return value
  throw new Problem('body-unparsable', { reason: `the key \`${repeated.slice(0, 100)}\` stands twice in one object` })
}

function parseYaml(text: string, length: number): unknown {
  if (length > MAX_YAML_BYTES) throw new Problem('body-too-large', { limit: MAX_YAML_BYTES })
  try {
    // Aliases are fine as long as what they unfold to stays small: the library counts and refuses.
    const document = parseDocument(text, { version: '1.2', schema: 'core', stringKeys: true, uniqueKeys: true })
    const wrong = document.errors[0] ?? document.warnings[0]
    if (wrong) throw wrong
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    // RangeError: nested deeper than the stack.
    const reason = error instanceof RangeError ? 'it nests too deeply' : firstLine(error)
    throw new Problem('body-unparsable', { reason }, { cause: error })
  }
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

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : 'it makes no sense'
  return (message.split('\n', 1)[0] ?? '').slice(0, 300)
}
