/** One data product: what is in it, what one has of it, how to use that, and how to ask. */
import type { api } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import type { z } from 'zod'
import { hg } from '../api.ts'
import { seesTheWhole, useMe } from '../me.ts'
import { PageAnswer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { Facts, Page, Section } from '../ui/page.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { TagChips } from '../ui/tag-chips.tsx'
import { durationWords } from '../ui/words.ts'
import { Ask } from './ask.tsx'
import { HowToUse } from './how-to-use.tsx'
import { MarkdownText } from './markdown.tsx'
import { levelWord } from './marketplace.tsx'
import type { Subject } from './subject.ts'

export type Offered = z.output<typeof api.marketplace.get.response>

export function ProductPage() {
  const { id } = useParams({ from: '/shell/marketplace/$id' })
  const mayLook = seesTheWhole(useMe())
  const product = useQuery({ queryKey: ['marketplace', id], queryFn: () => hg.marketplace.get({ params: { id } }) })
  return (
    <PageAnswer query={product} what="the data product">
      {found => (
        <Page
          title={found.name}
          above={<Link to="/marketplace">Marketplace</Link>}
          beside={<State product={found} />}
          lead={found.description === '' ? undefined : <MarkdownText text={found.description} />}
        >
          <About product={found} />
          {found.mine.length > 0 && <HowToUse product={found} />}
          {!found.retired && <Ask subject={subjectOf(found)} />}
          <Contents product={found} />
          {mayLook && (
            <p>
              <Link to="/data-products/$id" params={{ id }}>
                Who has access through it, and all its versions
              </Link>
            </p>
          )}
        </Page>
      )}
    </PageAnswer>
  )
}

function subjectOf({ id, levels, withoutEnd }: Offered): Subject {
  const params = { id }
  return {
    key: `data product ${id}`,
    levels,
    withoutEnd,
    status: query => hg.requests.statusOfProduct({ params, query }),
    ask: body => hg.requests.askForProduct({ params, body }),
  }
}

function State({ product: { mine, suspended, retired } }: { readonly product: Offered }) {
  if (retired) return <StateBadge tone="unmapped" word="Retired" />
  if (suspended) return <StateBadge tone="held" word="Takes no requests now" />
  return mine.length > 0 ? <StateBadge tone="active" word="You have access" /> : null
}

function About({ product }: { readonly product: Offered }) {
  const { domain, expert, levels, longest, withoutEnd, links, mine, pending } = product
  return (
    <Facts
      facts={[
        domain !== undefined && ['Domain', domain],
        expert !== undefined && [
          'Who knows it',
          <PersonName key="expert" name={expert.name} userid={expert.userid}>
            {shown => shown}
          </PersonName>,
        ],
        ['You may ask to', levels.includes('WRITE') ? 'read, or to write, which includes deleting' : 'read'],
        [
          'For how long',
          withoutEnd
            ? 'as long as you need it'
            : longest === undefined
              ? 'until a date'
              : `up to ${durationWords(longest)}`,
        ],
        mine.length > 0 && [
          'You have',
          mine.map(({ level, until }) => (
            <div key={level}>
              the right to {levelWord(level)}, {until === undefined ? 'without an end' : <RelativeTime at={until} />}
            </div>
          )),
        ],
        pending.length > 0 && [
          'You wait for',
          pending.map(({ request, level }) => (
            <div key={request}>
              <Link to="/requests/$id" params={{ id: String(request) }}>
                a decision about {level === 'READ' ? 'reading' : 'writing'}
              </Link>
            </div>
          )),
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

function Contents({ product: { contents } }: { readonly product: Offered }) {
  return (
    <Section title="What is in it">
      <DataTable
        caption="Data sources of the product"
        rows={contents}
        rowKey={({ id }) => id}
        columns={[
          {
            name: 'Data source',
            cell: ({ name, description, disabled }) => (
              <>
                {name}
                {disabled && <StateBadge tone="unmapped" word="Disabled" />}
                {description !== '' && <div className="quiet small">{description}</div>}
              </>
            ),
          },
          { name: 'Tags', width: '40%', cell: ({ tags }) => <TagChips tags={tags} /> },
        ]}
      />
    </Section>
  )
}
