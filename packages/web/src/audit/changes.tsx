/** What an event changed: each field before and after, side by side; nothing for events that change none. */
import { DataTable } from '../ui/data-table.tsx'

interface Props {
  readonly before: unknown
  readonly after: unknown
}

export function Changes({ before, after }: Props) {
  const [was, is] = [fieldsOf(before), fieldsOf(after)]
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  const rows = names
    .map(name => ({ name, was: textOf(was[name]), is: textOf(is[name]) }))
    .filter(row => row.was !== row.is)
  if (rows.length === 0) return null
  return (
    <DataTable
      caption="Before and after"
      rows={rows}
      rowKey={({ name }) => name}
      columns={[
        { name: 'Field', width: '30%', cell: ({ name }) => name },
        { name: 'Before', cell: row => <Value text={row.was} /> },
        { name: 'After', cell: row => <Value text={row.is} /> },
      ]}
    />
  )
}

function Value({ text }: { readonly text: string | undefined }) {
  if (text === undefined) return <span className="quiet">nothing</span>
  return <span style={{ overflowWrap: 'anywhere' }}>{text}</span>
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
