/** Reading JSON from outside, field by field. Every function throws TypeError, naming the field. */

export type Fields = Readonly<Record<string, unknown>>

/** An object with no field but those named: a typing mistake is told, not swallowed. */
export function readFields(value: unknown, name: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`\`${name}\` must be an object`)
  }
  for (const field of Object.keys(value)) {
    if (!known.includes(field)) throw new TypeError(`\`${name}\` has no field \`${field}\``)
  }
  return value as Fields
}

export function readText(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new TypeError(`\`${name}\` must be text`)
  return value
}

export function readTextIfAny(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined ? undefined : readText(fields, name)
}

/** Absent: empty. */
export function readList<Item>(fields: Fields, name: string, readItem: (item: unknown, name: string) => Item): Item[] {
  const value = fields[name] ?? []
  if (!Array.isArray(value)) throw new TypeError(`\`${name}\` must be a list`)
  return value.map((item, i) => readItem(item, `${name}[${i}]`))
}

export function readTexts(fields: Fields, name: string): string[] {
  return readList(fields, name, (item, at) => readText({ [at]: item }, at))
}
