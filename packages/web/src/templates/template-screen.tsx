/** Forms, agreements and review flows: the list, and the one that the address names. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import filters from '../ui/filters.module.css'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { SearchField } from '../ui/search-field.tsx'
import { useWrite } from '../ui/use-write.ts'
import { TemplateEditor } from './editor.tsx'
import type { Kind, Template } from './kind.ts'
import type { TemplateSearch } from './search.ts'
import { TemplatePage } from './template-page.tsx'

interface Props<One extends Template, Input> {
  readonly kind: Kind<One, Input>
  readonly search: TemplateSearch
}

export function TemplateScreen<One extends Template, Input>({ kind, search }: Props<One, Input>) {
  if (search.id !== undefined) return <TemplatePage key={search.id} kind={kind} id={search.id} />
  return <TemplateList kind={kind} search={search} />
}

function TemplateList<One extends Template, Input>({ kind, search }: Props<One, Input>) {
  const { to, path, title, one, lead, routes } = kind
  const navigate = useNavigate()
  const governs = useMe().permissions.includes('GOVERNANCE')
  const text = search.search === undefined ? {} : { search: search.search }
  const query = { limit: pageSize, ...pageOf(search), ...text }
  const found = useQuery({ ...listQuery, queryKey: [path, query], queryFn: () => routes.list({ query }) })
  const go = useCallback(
    (wanted: TemplateSearch) => void navigate({ to, search: wanted, replace: true }),
    [navigate, to],
  )
  const onSearch = useCallback((wanted: string | undefined) => go(wanted === undefined ? {} : { search: wanted }), [go])
  if (search.create && governs) return <NewTemplate kind={kind} onLeave={() => go(text)} />
  return (
    <Page
      title={title}
      lead={lead}
      beside={
        governs && (
          <Link to={to} search={{ ...text, create: true }}>
            New {one}
          </Link>
        )
      }
    >
      <search className={filters.filters}>
        <SearchField label="Search by name" value={search.search} onChange={onSearch} />
      </search>
      <Answer query={found} what={`the ${title.toLowerCase()}`}>
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title={search.search === undefined ? `No ${one} yet` : `No ${one} matches`}>
              {search.search !== undefined && <Link to={to}>Show all</Link>}
              {search.search === undefined && governs && (
                <Link to={to} search={{ create: true }}>
                  Write the first
                </Link>
              )}
            </Nothing>
          ) : (
            <>
              <DataTable
                caption={title}
                rows={answer.items}
                rowKey={({ id }) => id}
                stale={found.isPlaceholderData}
                columns={[
                  {
                    name: 'Name',
                    cell: ({ id, name, description, builtIn }) => (
                      <>
                        <Link to={to} search={{ id }}>
                          {name}
                        </Link>
                        {builtIn && <span className="quiet"> (part of Headgate)</span>}
                        {description !== '' && <div className="quiet small">{description}</div>}
                      </>
                    ),
                  },
                  { name: 'Version', width: '12%', cell: ({ version }) => String(version) },
                  {
                    name: 'Last changed',
                    width: '30%',
                    cell: ({ updatedAt, updatedBy }) => (
                      <>
                        <RelativeTime at={updatedAt} />
                        <div className="quiet small">by {updatedBy}</div>
                      </>
                    ),
                  },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what={title.toLowerCase()}
                go={place => go({ ...text, ...place })}
              />
            </>
          )
        }
      </Answer>
    </Page>
  )
}

interface NewProps<One extends Template, Input> {
  readonly kind: Kind<One, Input>
  readonly onLeave: () => void
}

function NewTemplate<One extends Template, Input>({ kind, onLeave }: NewProps<One, Input>) {
  const navigate = useNavigate()
  const create = useWrite(
    (body: Input) => kind.routes.create({ body }),
    ({ id }) => navigate({ to: kind.to, search: { id } }),
  )
  return (
    <Page title={`New ${kind.one}`} above={<Link to={kind.to}>{kind.title}</Link>}>
      <TemplateEditor kind={kind} verb="Create it" write={create} onLeave={onLeave} />
    </Page>
  )
}
