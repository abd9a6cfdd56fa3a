/** `headgate schema`: the JSON Schema of configuration as code, for editors and validators. */
import { kinds } from './code/kinds.ts'
import { schemaOf, schemaOfFiles } from './code/schema-of-files.ts'
import { printJson } from './print.ts'
import { Refused } from './refused.ts'

export function schemaCommand(kind: string | undefined): void {
  const schema = kind === undefined ? schemaOfFiles() : schemaOf(kind)
  if (schema === undefined)
    throw new Refused(`\`${kind}\` is no kind`, `there are ${kinds.map(({ name }) => name).join(', ')}`)
  printJson(schema)
}
