/** The reports there are, each leading to its page. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Page } from '../ui/page.tsx'

export function ReportList() {
  const reports = useQuery({ queryKey: ['reports'], queryFn: () => hg.reports.list() })
  return (
    <Page
      title="Reports"
      lead="Ready questions about who has access. Each is a table as of now, and a file to take along."
    >
      <Answer query={reports} what="the reports">
        {items => (
          <DataTable
            caption="Reports"
            rows={items}
            rowKey={({ name }) => name}
            columns={[
              {
                name: 'Question',
                width: '32%',
                cell: ({ name, title }) => (
                  <Link to="/reports/$name" params={{ name }}>
                    {title}
                  </Link>
                ),
              },
              { name: 'What it tells', cell: ({ description }) => description },
            ]}
          />
        )}
      </Answer>
      <p className="quiet">
        For who had what in the past, ask <Link to="/access">Access</Link> as of a moment. For everything at once, as
        files in a bucket every day, set up an <Link to="/exports">export</Link>.
      </p>
    </Page>
  )
}
