/** The JSON Schema of the files, for editors and validators: made from the very schemas that read them. */
import { z } from 'zod'
import { kinds } from './kinds.ts'

/** Of a whole file, each kind of which is a list. */
export function schemaOfFiles(): object {
  const lists = kinds.map(({ name, one, item }) => [name, z.array(item).describe(`Every ${one}`).optional()])
  const file = z.strictObject(Object.fromEntries(lists))
  return { title: 'Headgate: configuration as code', ...z.toJSONSchema(file, options) }
}

/** Of one thing of a kind, such as `policies`; undefined where there is no such kind. */
export function schemaOf(name: string): object | undefined {
  const kind = kinds.find(one => one.name === name)
  return kind && { title: `Headgate: ${kind.one}`, ...z.toJSONSchema(kind.item, options) }
}

const options = { io: 'input', unrepresentable: 'any' } as const
