/** The numbers of a report drawn. The table below says the same in words, so nobody has to see this. */
import '@mantine/core/styles/ColorSwatch.layer.css'
import '@mantine/core/styles/Paper.layer.css'
import '@mantine/charts/styles.layer.css'
import { BarChart, LineChart } from '@mantine/charts'
import type { hg } from '../api.ts'
import { columnWord } from './words.ts'

type Definition = NonNullable<Awaited<ReturnType<typeof hg.reports.list>>[number]['chart']>
type Rows = Awaited<ReturnType<typeof hg.reports.read>>['rows']

const colours = ['var(--state-on-its-way)', 'var(--state-held)', 'var(--state-failed)', 'var(--state-unmapped)']
const height = 260

export function Chart({ chart: { kind, x, y }, rows }: { readonly chart: Definition; readonly rows: Rows }) {
  const drawn = rows.map(row => ({ ...row, [x]: shortened(row[x]) }))
  const common = {
    h: height,
    data: x === 'at' ? drawn.toReversed() : drawn,
    dataKey: x,
    withLegend: y.length > 1,
    valueFormatter: (value: number) => value.toLocaleString('en'),
    series: y.map((name, place) => ({ name, label: columnWord(name), color: colours[place] ?? 'var(--accent)' })),
  }
  return (
    <figure aria-hidden="true" style={{ margin: 0 }}>
      {kind === 'line' ? (
        <LineChart {...common} curveType="linear" withDots={rows.length < 40} lineChartProps={silent} />
      ) : (
        <BarChart {...common} maxBarWidth={48} barChartProps={silent} />
      )}
    </figure>
  )
}

/** It would put a stop for the keyboard into what nobody can hear. */
const silent = { accessibilityLayer: false }

/** An instant is too long for an axis. */
function shortened(value: Rows[number][string] | undefined) {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? value.slice(5, 16).replace('T', ' ') : value
}
