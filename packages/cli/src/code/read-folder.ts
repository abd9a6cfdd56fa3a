/**
 * A folder of YAML as configuration: every `.yaml` and `.yml` file in it and below, each with one or more kinds, but for the
 * tests of policies, `*.test.yaml`. What is wrong is told with file, line and column, all at once; nothing is guessed.
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { Refused } from '../refused.ts'
import type { Kind } from './kind.ts'
import { kinds } from './kinds.ts'

/** Of each kind, by key; of the optional ones only those that files speak of. */
export type Wanted = ReadonlyMap<Kind<unknown>, ReadonlyMap<string, unknown>>

export async function readFolder(folder: string): Promise<Wanted> {
  const files = await yamlFiles(folder)
  if (files.length === 0) throw new Refused(`there is no YAML file in ${folder}`, 'begin with `headgate pull`')
  const needed = kinds.filter(({ isOptional }) => !isOptional)
  const wanted = new Map(needed.map(kind => [kind, new Map<string, unknown>()]))
  const places = new Map<string, string>()
  const faults: string[] = []
  for (const file of files) {
    const source = await readFile(file, 'utf8').catch(error => {
      throw new Refused(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    })
    for (const { kind, content, at } of itemsIn(file, source, { faults, wanted })) {
      const key = kind.keyOf(content)
      const before = places.get(`${kind.name} ${key}`)
      if (before !== undefined) faults.push(`${at}: the ${kind.one} ${key} stands at ${before} already`)
      places.set(`${kind.name} ${key}`, at)
      wanted.get(kind)?.set(key, content)
    }
  }
  if (faults.length > 0) throw new Refused(faults.join('\n'), 'nothing was done')
  return wanted
}

async function yamlFiles(folder: string): Promise<string[]> {
  if (/\.ya?ml$/.test(folder)) return [folder]
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(error => {
    throw new Refused(`${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  return (
    entries
      .filter(entry => entry.isFile() && /(?<!\.test)\.ya?ml$/.test(entry.name))
      .map(entry => path.join(entry.parentPath, entry.name))
      // What lies in the folder's own node_modules is somebody else's; the folder itself may lie in one.
      .filter(file => !path.relative(folder, file).split(path.sep).includes('node_modules'))
      .toSorted()
  )
}

interface Reading {
  readonly faults: string[]
  readonly wanted: Map<Kind<unknown>, Map<string, unknown>>
}

function* itemsIn(file: string, source: string, { faults, wanted }: Reading) {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  const place = (offset: number | undefined) => {
    const { line, col } = lines.linePos(offset ?? 0)
    return `${file}:${line}:${col}`
  }
  for (const error of document.errors) faults.push(`${place(error.pos[0])}: ${error.message.split('\n')[0]}`)
  if (document.errors.length > 0 || document.contents === null) return
  const at = (...route: (string | number)[]) => {
    for (let length = route.length; length > 0; length--) {
      const node = document.getIn(route.slice(0, length), true) as { range?: [number, number, number] } | undefined
      if (node?.range) return place(node.range[0])
    }
    return place(0)
  }
  for (const [name, items] of Object.entries((document.toJS() ?? {}) as Readonly<Record<string, unknown>>)) {
    const kind = kinds.find(one => one.name === name)
    if (kind === undefined) {
      faults.push(`${at(name)}: \`${name}\` is no kind; there are ${kinds.map(one => one.name).join(', ')}`)
    } else if (!Array.isArray(items)) {
      faults.push(`${at(name)}: \`${name}\` must be a list`)
    } else {
      if (!wanted.has(kind)) wanted.set(kind, new Map())
      for (const [n, item] of items.entries()) {
        const read = kind.item.safeParse(item)
        if (read.success) yield { kind, content: read.data, at: at(name, n) }
        else
          for (const { path: route, message } of read.error.issues)
            faults.push(wrong(at(name, n, ...inText(route)), route, message))
      }
    }
  }
}

function inText(route: readonly PropertyKey[]): (string | number)[] {
  return route.map(one => (typeof one === 'symbol' ? String(one) : one))
}

function wrong(at: string, route: readonly PropertyKey[], message: string): string {
  return `${at}: ${route.length === 0 ? '' : `\`${route.map(String).join('.')}\` `}${message}`
}
