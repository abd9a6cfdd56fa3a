/** What a command line has to know of the contract's schemas: names, choices, and whether something is needed. Pure. */
import type { z } from 'zod'

export interface Field {
  readonly name: string
  /** Of an enumeration. */
  readonly choices: readonly string[]
}

/** The fields of an object, in order; none of anything else. */
export function fieldsOf(schema: z.ZodType | undefined): Field[] {
  const inner = unwrapped(schema)
  if (inner === undefined || inner.type !== 'object') return []
  const { shape } = inner as { readonly shape: Readonly<Record<string, z.ZodType>> }
  return Object.entries(shape).map(([name, field]) => ({ name, choices: choicesOf(field) }))
}

interface Definition {
  readonly type: string
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
  readonly entries?: Readonly<Record<string, string>>
  readonly shape?: Readonly<Record<string, z.ZodType>>
}

function unwrapped(schema: z.ZodType | undefined): Definition | undefined {
  if (schema === undefined) return undefined
  const definition = schema._zod.def as unknown as Definition
  if (definition.innerType !== undefined) return unwrapped(definition.innerType)
  if (definition.type === 'pipe') return unwrapped(definition.in)
  return definition
}

function choicesOf(schema: z.ZodType): string[] {
  return Object.values(unwrapped(schema)?.entries ?? {}).map(String)
}
