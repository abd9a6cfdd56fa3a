/** The table of resources against the contract that it speaks of. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, type Endpoint } from '@headgate/core/api'
import type { z } from 'zod'
import { resourceCommands } from '../src/resource-commands.ts'
import { resources } from '../src/resources.ts'

const calls = api as unknown as Readonly<Record<string, Readonly<Record<string, Endpoint>>>>

for (const { name, columns, verbs, calledBy } of resources) {
  test(`${name}: every call is in the contract, every column in what its list answers`, () => {
    const endpoints = Object.values(verbs).map(call => {
      const [resource = '', endpoint = ''] = call.split('.')
      return calls[resource]?.[endpoint]
    })
    assert.ok(endpoints.every(endpoint => endpoint !== undefined))
    const [list] = endpoints
    const item = itemOf(list?.response)
    const fields = Object.keys((item as unknown as { shape: object }).shape)
    for (const path of [...Object.values(columns), calledBy ?? fields[0] ?? ''])
      assert.ok(fields.includes(path.split('.')[0] ?? ''), path)
  })
}

test('every command says what it does, and its options have names of their own', () => {
  for (const command of resourceCommands({})) {
    assert.ok(command.description())
    for (const verb of command.commands) {
      assert.ok(verb.description(), `${command.name()} ${verb.name()}`)
      const options = verb.options.map(({ long }) => long)
      assert.equal(new Set(options).size, options.length)
    }
  }
})

/** Of a page or of a list. */
function itemOf(response: z.ZodType | undefined): z.ZodType {
  const { element, shape } = response as unknown as { element?: z.ZodType; shape?: { items: { element: z.ZodType } } }
  return element ?? (shape?.items.element as z.ZodType)
}
