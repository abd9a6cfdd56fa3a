/** One report: what it is asked about in the address, a chart where it helps, the table, and the whole as a file. */
import { Button } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { hg } from '../api.ts'
import { Answer, Nothing, PageAnswer, Waiting } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { download } from '../ui/download.ts'
import forms from '../ui/form.module.css'
import { listQuery } from '../ui/list-query.ts'
import { nextPage, pageOf, previousPage } from '../ui/list-search.ts'
import { NothingHere } from '../ui/not-found.tsx'
import { Page, Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { columnsOf, type ReportRow } from './columns.tsx'
import { Filters } from './filters.tsx'
import type { ReportSearch } from './search.ts'

const Chart = lazy(() => import('./chart.tsx').then(({ Chart }) => ({ default: Chart })))
const route = getRouteApi('/shell/reports/$name')
/** The most that the server gives at once: long tables draw only what can be seen. */
const pageSize = 1000

type Report = Awaited<ReturnType<typeof hg.reports.list>>[number]

export function ReportPage() {
  const { name } = route.useParams()
  const reports = useQuery({ queryKey: ['reports'], queryFn: () => hg.reports.list() })
  return (
    <PageAnswer query={reports} what="the report">
      {all => {
        const report = all.find(one => one.name === name)
        return report === undefined ? <NothingHere /> : <Shown key={name} report={report} />
      }}
    </PageAnswer>
  )
}

function Shown({ report }: { readonly report: Report }) {
  const { name, title, description, parameters } = report
  const { at: _, page: __, ...asked } = route.useSearch()
  const navigate = useNavigate()
  const missing = parameters.filter(one => one.required && asked[one.name as keyof typeof asked] === undefined)
  const file = useWrite(async () =>
    download(await hg.reports.csv({ params: { name }, query: { ...asked, bom: 'true' } }), `${name}.csv`, 'text/csv'),
  )
  return (
    <Page title={title} above={<Link to="/reports">Reports</Link>} lead={description}>
      {parameters.length > 0 && (
        <Filters
          names={parameters.map(one => one.name)}
          asked={asked}
          onChange={search => void navigate({ to: '/reports/$name', params: { name }, search, resetScroll: false })}
        />
      )}
      {missing.length > 0 ? (
        <Nothing title={missing[0]?.name === 'user' ? 'Pick a person above' : 'Pick a data source above'} />
      ) : (
        <>
          <div className={forms.actions}>
            <Button
              variant="default"
              leftSection={<IconDownload size={16} aria-hidden="true" />}
              loading={file.isPending}
              onClick={() => file.mutate()}
            >
              Download all of it as CSV
            </Button>
          </div>
          <Refusal error={file.error} />
          <Rows report={report} />
        </>
      )}
    </Page>
  )
}

function Rows({ report: { name, title, chart, columns } }: { readonly report: Report }) {
  const search = route.useSearch()
  const { at: _, page = 1, ...asked } = search
  const navigate = useNavigate()
  const query = { ...asked, ...pageOf(search), limit: pageSize }
  const rows = useQuery({
    ...listQuery,
    queryKey: ['report', name, query],
    queryFn: () => hg.reports.read({ params: { name }, query }),
    // Reports read much; nobody watches one change.
    refetchInterval: false,
  })
  const go = (place: Pick<ReportSearch, 'at' | 'page'>) =>
    void navigate({ to: '/reports/$name', params: { name }, search: { ...asked, ...place } })
  const back = previousPage(search)
  return (
    <Answer query={rows} what="the report">
      {({ rows: items, next }) =>
        items.length === 0 ? (
          <Nothing title="Nothing to report" />
        ) : (
          <>
            {chart !== undefined && items.length > 1 && (
              <Section title={next === undefined && page === 1 ? 'At a glance' : 'At a glance: the rows of this page'}>
                <Suspense fallback={<Waiting text="Drawing the chart …" />}>
                  <Chart chart={chart} rows={items} />
                </Suspense>
              </Section>
            )}
            <DataTable
              caption={title}
              rows={items.map((row, place): ReportRow => ({ place, cells: row }))}
              rowKey={({ place }) => place}
              stale={rows.isPlaceholderData}
              columns={columnsOf(columns)}
            />
            {(next !== undefined || page > 1) && (
              <nav className={forms.actions} aria-label="Pages of the report">
                <span className="quiet">Page {page}</span>
                <Button variant="default" size="xs" disabled={back === undefined} onClick={() => back && go(back)}>
                  Previous
                </Button>
                <Button
                  variant="default"
                  size="xs"
                  disabled={next === undefined}
                  onClick={() => next !== undefined && go(nextPage(search, next))}
                >
                  Next
                </Button>
              </nav>
            )}
          </>
        )
      }
    </Answer>
  )
}
