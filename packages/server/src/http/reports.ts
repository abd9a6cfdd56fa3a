/** `/reports`: ready questions about access, as tables. */
import { api, type ReportName, reportDefinitions, reportNames } from '@headgate/core/api'
import { writeCsv } from '../bulk/csv-write.ts'
import { readReport, readWhole } from '../reports/reports.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function reportRoutes(serve: Serve, world: World): void {
  serve(api.reports.list, async () => ({ body: reportNames.map(describe) }))

  serve(api.reports.read, async ({ params: { name }, query: { limit, cursor, ...asked }, caller }) => {
    const { rows, next } = await readReport(world, name, { asked, caller, limit, cursor })
    const body = { name, columns: columnsOf(name), rows: rows.map(row => ({ ...row })) }
    return { body: next === undefined ? body : { ...body, next } }
  })

  serve(api.reports.csv, async ({ params: { name }, query: { bom, ...asked }, caller }) => {
    const rows = await readWhole(world, name, asked, caller)
    const columns = columnsOf(name).map(column => column.name)
    return { file: writeCsv(columns, rows, { bom }), name: `${name}.csv` }
  })
}

function describe(name: ReportName) {
  const { title, description, parameters, ...definition } = reportDefinitions[name]
  return {
    name,
    title,
    description,
    parameters: parameters.map(one => ({ name: one.replace('?', ''), required: !one.endsWith('?') })),
    columns: columnsOf(name),
    ...('chart' in definition ? { chart: { ...definition.chart, y: [...definition.chart.y] } } : {}),
  }
}

function columnsOf(name: ReportName) {
  return Object.entries(reportDefinitions[name].columns).map(([column, type]) => ({ name: column, type }))
}
