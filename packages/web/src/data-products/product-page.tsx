/** One data product as who looks after it sees it: what is in it, who has access, every version, and what may be done. */
import type { DataProduct } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { MarkdownText } from '../marketplace/markdown.tsx'
import { Answer, Nothing, PageAnswer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Facts, Page, Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { counted, durationWords } from '../ui/words.ts'
import { ProductActions } from './product-actions.tsx'
import { ProductRequests } from './product-requests.tsx'
import { Versions } from './versions.tsx'
import { offeredWords, productStateWords } from './words.ts'

const route = getRouteApi('/shell/data-products/$id')

export function DataProductPage() {
  const { id } = route.useParams()
  const product = useQuery({
    queryKey: ['data products', id],
    queryFn: () => hg.dataProducts.get({ params: { id } }),
  })
  return (
    <PageAnswer query={product} what="the data product">
      {found => (
        <Page
          title={found.name}
          above={<Link to="/data-products">Data products</Link>}
          beside={<StateBadge {...productStateWords[found.state]} />}
          lead={found.description === '' ? undefined : <MarkdownText text={found.description} />}
        >
          <About product={found} />
          {found.managed && <ProductActions product={found} />}
          <Sources product={found} />
          <Members product={found} />
          <ProductRequests id={found.id} />
          <Versions product={found} />
        </Page>
      )}
    </PageAnswer>
  )
}

function About({ product }: { readonly product: DataProduct }) {
  const { id, state, version, key, domain, expert, levels, longest, withoutEnd, form, reviewFlow, links } = product
  return (
    <Facts
      facts={[
        (state === 'published' || state === 'suspended') && [
          'At the marketplace',
          <Link key="market" to="/marketplace/$id" params={{ id }}>
            as people see it
          </Link>,
        ],
        ['Version', String(version)],
        key !== undefined && ['Kept in files as', <code key="key">{key}</code>],
        domain !== undefined && [
          'Domain',
          <Link key="domain" to="/domains/$name" params={{ name: domain }}>
            {domain}
          </Link>,
        ],
        expert !== undefined && ['Who knows it', expert.name],
        ['Offers', offeredWords(levels)],
        [
          'For how long',
          `${longest === undefined ? 'as long as the form allows' : `at most ${durationWords(longest)}`}${withoutEnd ? ', or without an end' : ''}`,
        ],
        [
          'What is asked',
          <Link key="form" to="/request-forms" search={{ id: form.id }}>
            {form.name}
          </Link>,
        ],
        [
          'Who decides',
          <Link key="flow" to="/review-flows" search={{ id: reviewFlow.id }}>
            {reviewFlow.name}
          </Link>,
        ],
        links.length > 0 && [
          'Read more',
          links.map(({ title, url }) => (
            <div key={url}>
              <a href={url} rel="noopener noreferrer" target="_blank">
                {title}
              </a>
            </div>
          )),
        ],
      ]}
    />
  )
}

function Sources({ product: { dataSources, dataSourceCount, levels } }: { readonly product: DataProduct }) {
  return (
    <Section title="Data sources" beside={<span className="quiet">{counted(dataSourceCount, 'data source')}</span>}>
      {dataSources.length === 0 ? (
        <Nothing title="Nothing is in it yet">Edit it to put data sources in.</Nothing>
      ) : (
        <DataTable
          caption="Data sources of the product"
          rows={dataSources}
          rowKey={({ id }) => id}
          columns={[
            {
              name: 'Name',
              cell: ({ id, name, leftDomain }) => (
                <>
                  <Link to="/data-sources/$id" params={{ id: String(id) }}>
                    {name}
                  </Link>
                  {leftDomain && (
                    <div>
                      <StateBadge tone="held" word="Left the domain" />
                      <div className="quiet small">
                        Its members keep it until the product is edited without it, or it is in the domain again.
                      </div>
                    </div>
                  )}
                </>
              ),
            },
            { name: 'May be asked for', width: '45%', cell: () => offeredWords(levels) },
          ]}
        />
      )}
    </Section>
  )
}

function Members({ product: { id, members } }: { readonly product: DataProduct }) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const query = { limit: pageSize, ...pageOf(search) }
  const found = useQuery({
    ...listQuery,
    queryKey: ['data products', id, 'members', query],
    queryFn: () => hg.dataProducts.members({ params: { id }, query }),
  })
  return (
    <Section
      title="Who has access through it"
      beside={<span className="quiet">{counted(members, 'person', 'people')}</span>}
    >
      <Answer query={found} what="its members">
        {answer =>
          answer.items.length === 0 ? (
            <Nothing title="Nobody yet">Whoever is approved stands here, with the end of their access.</Nothing>
          ) : (
            <>
              <DataTable
                caption="People with access through the product"
                rows={answer.items}
                rowKey={member => member.id}
                stale={found.isPlaceholderData}
                columns={[
                  {
                    name: 'Person',
                    cell: ({ user }) => (
                      <PersonName name={user.name} userid={user.userid}>
                        {shown => (
                          <Link to="/people/$id" params={{ id: String(user.id) }}>
                            {shown}
                          </Link>
                        )}
                      </PersonName>
                    ),
                  },
                  { name: 'Level', width: '14%', cell: ({ level }) => (level === 'WRITE' ? 'Write' : 'Read') },
                  { name: 'Since', width: '18%', cell: ({ since }) => <RelativeTime at={since} /> },
                  {
                    name: 'Ends',
                    width: '18%',
                    cell: ({ until }) =>
                      until === undefined ? <span className="quiet">never</span> : <RelativeTime at={until} />,
                  },
                  {
                    name: 'By',
                    width: '16%',
                    cell: ({ request }) =>
                      request === undefined ? (
                        <span className="quiet">no request</span>
                      ) : (
                        <Link to="/requests/$id" params={{ id: String(request) }}>
                          request {request}
                        </Link>
                      ),
                  },
                ]}
              />
              <Pager
                search={search}
                answer={answer}
                what="members"
                go={place => void navigate({ to: '/data-products/$id', params: { id }, search: place })}
              />
            </>
          )
        }
      </Answer>
    </Section>
  )
}
