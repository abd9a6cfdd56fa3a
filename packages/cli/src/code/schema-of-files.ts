/** The JSON Schema of the files, for editors: made from the very schemas that read them. */
import { z } from 'zod'
import { kinds } from './kinds.ts'

export function schemaOfFiles(): object {
  const file = z.strictObject(Object.fromEntries(kinds.map(({ name, item }) => [name, z.array(item).optional()])))
  return z.toJSONSchema(file, { io: 'input', unrepresentable: 'any' })
}
