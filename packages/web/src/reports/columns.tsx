/** The cells of a report by their type, leading to what they name. */

import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { hg } from '../api.ts'
import type { Column } from '../ui/data-table.tsx'
import { exactTime } from '../ui/relative-time.tsx'
import { ScopePath } from '../ui/scope-path.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { accessWords } from '../ui/words.ts'
import { columnWord, hiddenColumns } from './words.ts'

type Answer = Awaited<ReturnType<typeof hg.reports.read>>
type Cells = Answer['rows'][number]

export interface ReportRow {
  readonly place: number
  readonly cells: Cells
}

export function columnsOf(columns: Answer['columns']): readonly Column<ReportRow>[] {
  return columns
    .filter(({ name }) => !hiddenColumns.has(name))
    .map(({ name, type }) => ({
      name: columnWord(name),
      ...widthOf(name, type),
      cell: ({ cells }) => <Cell name={name} type={type} cells={cells} />,
    }))
}

/** Most of the room is for what is long: names, paths and reasons. */
function widthOf(name: string, type: Answer['columns'][number]['type']): { readonly width?: string } {
  if (name === 'level') return { width: '11%' }
  if (name === 'status') return { width: '13%' }
  if (name === 'name') return { width: '15%' }
  if (name === 'user') return { width: '20%' }
  if (type === 'number') return { width: '11%' }
  return type === 'instant' ? { width: '13%' } : {}
}

interface CellProps {
  readonly name: string
  readonly type: Answer['columns'][number]['type']
  readonly cells: Cells
}

function Cell({ name, type, cells }: CellProps): ReactNode {
  const value = cells[name] ?? null
  if (value === null || value === '') return <span className="quiet">–</span>
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return value.toLocaleString('en')
  if (type === 'instant') return exactTime(value)
  if (name === 'scope') return <ScopePath scope={value} canCopy={false} />
  if (name === 'level') return value === 'WRITE' ? 'Read and write' : 'Read'
  if (name === 'status' && value in accessWords) {
    return <StateBadge {...accessWords[value as keyof typeof accessWords]} />
  }
  return <Linked name={name} value={value} cells={cells} />
}

function Linked({ name, value, cells }: { readonly name: string; readonly value: string; readonly cells: Cells }) {
  const id = cells[`${name}Id`]
  if (id === null || id === undefined) return value
  const params = { id: String(id) }
  if (name === 'user') {
    return (
      <Link to="/people/$id" params={params}>
        {value}
      </Link>
    )
  }
  if (name === 'dataSource') {
    return (
      <Link to="/data-sources/$id" params={params}>
        {value}
      </Link>
    )
  }
  if (name === 'policy') {
    return (
      <Link to="/policies/$id" params={params}>
        {value}
      </Link>
    )
  }
  return value
}
