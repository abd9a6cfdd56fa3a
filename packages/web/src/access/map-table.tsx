/** The map as a table: for those who hear it, and for screens too narrow for a drawing. */
import { Link } from '@tanstack/react-router'
import { readsPolicies, useMe } from '../me.ts'
import { DataTable } from '../ui/data-table.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { type AccessMap, columnNames, type MapPoint } from './map.ts'

export function MapTable({ map: { points, lines } }: { readonly map: AccessMap }) {
  const named = new Map(points.map(point => [point.id, point]))
  const rows = lines.flatMap(line => {
    const [from, to] = [named.get(line.from), named.get(line.to)]
    return from === undefined || to === undefined ? [] : [{ ...line, from, to }]
  })
  return (
    <DataTable
      caption="How one leads to the other"
      rows={rows.sort((one, other) => one.from.column - other.from.column)}
      rowKey={({ from, to }) => `${from.id} ${to.id}`}
      columns={[
        { name: 'From', width: '38%', cell: ({ from }) => <Described point={from} /> },
        { name: 'Leads to', cell: ({ to }) => <Described point={to} /> },
        {
          name: 'Holds',
          width: '18%',
          cell: ({ holds }) => (
            <StateBadge
              {...(holds ? { tone: 'active', word: 'It does' } : { tone: 'unmapped', word: 'It does not' })}
            />
          ),
        },
      ]}
    />
  )
}

function Described({ point }: { readonly point: MapPoint }) {
  return (
    <>
      <PointLink point={point} />
      <div className="quiet small">
        {columnNames[point.column]}
        {point.note !== undefined && `: ${point.note}`}
      </div>
    </>
  )
}

export function PointLink({ point: { name, leadsTo } }: { readonly point: MapPoint }) {
  const mayReadPolicies = readsPolicies(useMe())
  if (leadsTo === undefined) return name
  const params = { id: String(leadsTo.id) }
  if (leadsTo.screen === 'person') {
    return (
      <Link to="/people/$id" params={params}>
        {name}
      </Link>
    )
  }
  if (leadsTo.screen === 'dataSource') {
    return (
      <Link to="/data-sources/$id" params={params}>
        {name}
      </Link>
    )
  }
  if (!mayReadPolicies) return name
  return (
    <Link to="/policies/$id" params={params}>
      {name}
    </Link>
  )
}
