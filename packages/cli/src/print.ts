/** What people read: tables of lists, YAML of one thing. Colour only on terminals; `--json` prints what the server said. */
import { styleText } from 'node:util'
import Table from 'cli-table3'
import { stringify } from 'yaml'

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

export function printOne(value: unknown): void {
  process.stdout.write(stringify(value, { lineWidth: 0 }))
}

/** @param columns heading → path into an item, such as `config.name` */
export function printTable(items: readonly unknown[], columns: Readonly<Record<string, string>>): void {
  const table = new Table({
    head: Object.keys(columns).map(heading => styleText('bold', heading, { stream: process.stdout })),
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  })
  for (const item of items) table.push(Object.values(columns).map(path => cell(at(item, path))))
  process.stdout.write(`${table.toString().replaceAll(/ +$/gm, '')}\n`)
}

/** One line for a value: people and things by what they are called. */
function cell(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ')
  if (typeof value !== 'object') return String(value)
  const { userid, name, id } = value as Readonly<Record<string, unknown>>
  return String(userid ?? name ?? id ?? JSON.stringify(value))
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, key) => (inner as Readonly<Record<string, unknown>> | undefined)?.[key], value)
}

const noLines = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid', 'middle'].flatMap(one =>
    ['', '-mid', '-left', '-right'].map(part => [`${one}${part}`, '']),
  ),
)
