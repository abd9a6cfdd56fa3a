/** What there is, as the files that say it: a plan of them is empty. */
import type { Caller } from '@headgate/core/api'
import { stringify } from 'yaml'
import { readServer } from './configuration.ts'
import { kinds } from './kinds.ts'
import { schemaOfFiles } from './schema-of-files.ts'

export interface Pulled {
  readonly file: string
  readonly text: string
  /** How many things it says. */
  readonly count: number
}

/** One file of each kind, of whatever there is nothing an empty one. @param people whether users and groups are among them */
export async function pulledFiles(api: Caller, people: boolean): Promise<Pulled[]> {
  const { found } = await readServer(api, () => people)
  const read = kinds.filter(kind => found.has(kind))
  return read.map(kind => {
    const items = (found.get(kind) ?? []).filter(one => !one.untouched && !one.isOff).map(({ content }) => content)
    const text = stringify({ [kind.name]: items }, { lineWidth: 120, aliasDuplicateObjects: false })
    return { file: fileOf(kind), text: `# yaml-language-server: $schema=./${schemaFile}\n${text}`, count: items.length }
  })
}

/** Those of people: a folder that has one is pulled with people from then on. */
export const filesOfPeople: readonly string[] = kinds.filter(({ isOptional }) => isOptional).map(fileOf)

function fileOf({ name }: { readonly name: string }): string {
  return `${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}.yaml`
}

/** Beside the files, so that editors need no network. */
export const schemaFile = 'headgate.schema.json'

export function schemaText(): string {
  return `${JSON.stringify(schemaOfFiles(), null, 2)}\n`
}
