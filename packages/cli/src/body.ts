/** What a command sends: a YAML or JSON file, or standard input, and single fields set over it. */
import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { isMap, parse, parseDocument } from 'yaml'
import { Refused } from './refused.ts'

export interface BodyFlags {
  /** A path, or `-` for standard input. */
  readonly file?: string
  /** `path.to.field=value`; the value is YAML, so that `[a, b]`, `true` and `7` are what they look like. */
  readonly set?: readonly string[]
}

export async function bodyOf({ file, set = [] }: BodyFlags): Promise<unknown> {
  if (file === undefined && set.length === 0) return undefined
  const read = file === undefined ? {} : await parsed(file)
  if (set.length === 0) return read
  const document = parseDocument(JSON.stringify(read))
  if (!isMap(document.contents)) throw new Refused('--set needs an object to set fields of')
  for (const one of set) {
    const at = one.indexOf('=')
    if (at <= 0) throw new Refused(`\`--set ${one}\` sets nothing`, 'write --set field=value')
    document.setIn(one.slice(0, at).split('.'), written(one.slice(at + 1)))
  }
  return document.toJS()
}

function written(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return text
  }
}

async function parsed(file: string): Promise<unknown> {
  const source = file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8').catch(notRead(file))
  try {
    return parse(source)
  } catch (error) {
    throw new Refused(
      `${file === '-' ? 'standard input' : file} is no YAML: ${error instanceof Error ? error.message : ''}`,
    )
  }
}

function notRead(file: string) {
  return (error: unknown): never => {
    throw new Refused(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}
