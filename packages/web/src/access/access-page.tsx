/** The access explorer: whom, what and as of when are in the address; the answer is below, with its reasons. */
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { seesTheWhole, useMe } from '../me.ts'
import { Answer, Nothing } from '../ui/answer.tsx'
import { Page, Section } from '../ui/page.tsx'
import { Explanation } from './explained.tsx'
import { WhatIsReached, WhoReaches } from './lists.tsx'
import { PastAccess } from './past.tsx'
import { PathAnswer } from './path-answer.tsx'
import { Question } from './question.tsx'
import type { AccessSearch } from './search.ts'

const route = getRouteApi('/shell/access')

export function AccessPage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const ask = (wanted: AccessSearch) => void navigate({ to: '/access', search: wanted, resetScroll: false })
  return (
    <Page title="Access" lead="Who reaches what, and why or why not: now, or at any moment since Headgate was started.">
      <Question search={search} ask={ask} />
      <Answered search={search} go={place => ask({ ...withoutPlace(search), ...place })} />
    </Page>
  )
}

function withoutPlace({ at: _, page: __, ...kept }: AccessSearch): AccessSearch {
  return kept
}

interface Props {
  readonly search: AccessSearch
  readonly go: (place: Pick<AccessSearch, 'at' | 'page'>) => void
}

function Answered({ search, go }: Props) {
  const me = useMe()
  const { person, principal, dataSource, path, when } = search
  const hasWho = person !== undefined || principal !== undefined
  const hasWhat = dataSource !== undefined || path !== undefined
  if (when !== undefined) {
    if (principal === undefined && path === undefined) return <PastAccess search={search} when={when} go={go} />
    return (
      <Nothing title="The past is asked about by person and by data source">
        Which principal was whose, and what covered a path, is told as it is now. Pick the person or the data source
        instead.
      </Nothing>
    )
  }
  if (hasWho && hasWhat) return <Why search={search} />
  if (hasWho) return <WhatIsReached search={search} go={go} />
  if (hasWhat) return <WhoReaches search={search} go={go} />
  return (
    <Nothing title="Pick a person, a data source, or both">
      One alone lists everything that they reach, or everybody who reaches it; both together tell why or why not.{' '}
      <Link to="/access" search={{ person: me.id }}>
        What I reach
      </Link>
      {seesTheWhole(me) && '. With a moment alone: everything that anybody had then.'}
    </Nothing>
  )
}

/** A person and a place: the reasons. */
function Why({ search: { person, principal, dataSource, path } }: { readonly search: AccessSearch }) {
  const query = {
    ...(person === undefined ? { principal } : { user: person }),
    ...(dataSource === undefined ? { path } : { dataSource }),
  }
  const answer = useQuery({ queryKey: ['explained', query], queryFn: () => hg.access.explain({ query }) })
  return (
    <Answer query={answer} what="why there is access or none">
      {({ user, dataSources, aws }) => {
        const closest = dataSources.at(-1)
        return (
          <>
            {path !== undefined && <PathAnswer path={path} user={user} dataSources={dataSources} aws={aws} />}
            {closest === undefined ? (
              <Section title="Why">
                <Nothing title="No data source covers it">
                  Nothing that is registered reaches there, so nobody is let in by Headgate.
                </Nothing>
              </Section>
            ) : (
              <Explanation user={user} one={closest} />
            )}
          </>
        )
      }}
    </Answer>
  )
}
