/** The small CSV and JSON files that lie under Acme's prefixes: made up, but the same at every start. */
import type { AcmeDataSource } from './acme.ts'

export interface DemoObject {
  readonly key: string
  readonly contentType: string
  readonly body: string
}

/** Two files for a prefix, one for a single object; `key` is the whole key inside the bucket. */
export function demoObjects(source: AcmeDataSource, keyPrefix: string): readonly DemoObject[] {
  const rows = Array.from({ length: 12 }, (_, month) => monthOf(source.name, month))
  if (!keyPrefix.endsWith('*')) return [{ key: keyPrefix, contentType: 'text/csv', body: toCsv(rows) }]
  const folder = keyPrefix.slice(0, -1)
  return [
    { key: `${folder}2026/monthly.csv`, contentType: 'text/csv', body: toCsv(rows) },
    {
      key: `${folder}about.json`,
      contentType: 'application/json',
      body: `${JSON.stringify({ name: source.name, description: source.description, tags: source.tags }, null, 2)}\n`,
    },
  ]
}

interface MonthRow {
  readonly month: string
  readonly count: number
  readonly amount: string
}

function monthOf(name: string, month: number): MonthRow {
  const number = spread(`${name}/${month}`)
  return {
    month: `2026-${String(month + 1).padStart(2, '0')}`,
    count: 100 + (number % 900),
    amount: ((number % 1_000_000) / 100).toFixed(2),
  }
}

function toCsv(rows: readonly MonthRow[]): string {
  return ['month,count,amount', ...rows.map(row => `${row.month},${row.count},${row.amount}`), ''].join('\n')
}

/** FNV-1a: spreads a text over 32 bits, so that the figures look like figures and never change. */
function spread(text: string): number {
  let hash = 0x811c9dc5
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0
  return hash
}
