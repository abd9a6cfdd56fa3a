/** A pasted list of data sources: one a line, its prefix and, after a tab or a comma, its name. Pure. */

export interface PastedItem {
  readonly dataSourceName: string
  readonly prefix: string
}

/** Without a name, the prefix names it. Empty lines are left out; `lines` counts from 1, by item. */
export function readPastedList(text: string): {
  readonly items: readonly PastedItem[]
  readonly lines: readonly number[]
} {
  const found = text.split('\n').flatMap((line, at) => {
    const trimmed = line.trim()
    if (trimmed === '') return []
    const [prefix = '', ...rest] = trimmed.split(/\t|,/)
    const name = rest.join(',').trim()
    return [{ item: { prefix: prefix.trim(), dataSourceName: name === '' ? nameOf(prefix) : name }, line: at + 1 }]
  })
  return { items: found.map(({ item }) => item), lines: found.map(({ line }) => line) }
}

/** The text with one more item at its end. */
export function withItem(text: string, prefix: string): string {
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${prefix}\n`
}

/** `/teams/a/*` → `teams/a`. */
function nameOf(prefix: string): string {
  return prefix
    .trim()
    .replace(/^\//, '')
    .replace(/\/?\*$/, '')
}
