/** What an event is about, by name where it has one, with the way to the thing itself where it has a page. */
import type { AuditEventAnswer } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { Fragment } from 'react'

type Resource = AuditEventAnswer['targets'][number]

/** Of many, the first. */
const mostNamed = 3

/** @param names what things are called today that events name by id alone */
export function About({ event: { targets, relatedResources }, names }: Props) {
  const all = [...targets, ...relatedResources].sort((one, other) => rank(one) - rank(other))
  const more = all.length - mostNamed
  return (
    <>
      {all.slice(0, mostNamed).map((resource, place) => (
        <Fragment key={`${resource.type} ${resource.id}`}>
          {place > 0 && ', '}
          <Named resource={resource} today={names[`${resource.type}/${resource.id}`]} />
        </Fragment>
      ))}
      {more > 0 && `, and ${more.toLocaleString('en')} more`}
    </>
  )
}

interface Props {
  readonly event: AuditEventAnswer
  readonly names: Readonly<Record<string, string>>
}

/** What says most comes first; what everything happens in, last. */
function rank({ type }: Resource): number {
  return type === 'INTEGRATION' || type === 'RUN' || type === 'MEMBERSHIP' ? 1 : 0
}

function Named({
  resource: { type, id, name },
  today,
}: {
  readonly resource: Resource
  readonly today?: string | undefined
}) {
  const word = words[type] ?? type.toLowerCase().replaceAll('_', ' ')
  // A name alone says who it is of people and data sources; an opaque id says nothing, so it is left to the details.
  const text = name ?? today ?? (/^\d+$/.test(id) ? `${word} ${id}` : `a ${word}`)
  const page = pages[type]
  if (page === undefined) return text
  return (
    <Link to={page} params={{ id }} title={word}>
      {text}
    </Link>
  )
}

const words: Readonly<Record<string, string>> = {
  DATASOURCE: 'data source',
  USER: 'person',
  API_KEY: 'API key',
  ROUTE: 'call',
}

/** Those that stay where they are: what was deleted says so itself. */
const pages = {
  DATASOURCE: '/data-sources/$id',
  USER: '/people/$id',
  GROUP: '/groups/$id',
  POLICY: '/policies/$id',
  INTEGRATION: '/integrations/$id',
  RUN: '/runs/$id',
  DATA_PRODUCT: '/data-products/$id',
  REQUEST: '/requests/$id',
} as const satisfies Readonly<Record<string, string>> as Readonly<
  Record<
    string,
    | '/data-sources/$id'
    | '/people/$id'
    | '/groups/$id'
    | '/policies/$id'
    | '/integrations/$id'
    | '/runs/$id'
    | '/data-products/$id'
    | '/requests/$id'
  >
>
