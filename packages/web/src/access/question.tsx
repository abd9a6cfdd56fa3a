/** What the explorer is asked: about whom, about what, and as of when. */
import { api } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import forms from '../ui/form.module.css'
import { type Found, Pick as PickField } from '../ui/pick.tsx'
import classes from './access.module.css'
import { localMoment } from './moment.ts'
import { useNameOfDataSource, useNameOfPerson } from './names.ts'
import type { AccessSearch } from './search.ts'

const most = 12
const dayMs = 24 * 3600 * 1000

type Who = Pick<AccessSearch, 'person' | 'principal'>
type What = Pick<AccessSearch, 'dataSource' | 'path'>

interface Props {
  readonly search: AccessSearch
  readonly ask: (search: AccessSearch) => void
}

export function Question({ search, ask }: Props) {
  const { person, principal, dataSource, path, when } = search
  const me = useMe()
  const who: Who = { ...(person !== undefined && { person }), ...(principal !== undefined && { principal }) }
  const what: What = { ...(dataSource !== undefined && { dataSource }), ...(path !== undefined && { path }) }
  const then = when === undefined ? {} : { when }
  const mayFindPeople = mayCall(me, api.users.list)
  return (
    <search className={classes.question}>
      <PickField<Who>
        label="Person or AWS principal"
        description="A name, or an ARN of a user, role or session"
        chosen={useNameOfPerson(person) ?? principal}
        find={text => findWho(text, mayFindPeople, { id: me.id, name: me.name })}
        onPick={picked => ask({ ...picked, ...what, ...then })}
      />
      <PickField<What>
        label="Data source or path"
        description="A name, or a path that begins with s3://"
        chosen={useNameOfDataSource(dataSource) ?? path}
        find={findWhat}
        onPick={picked => ask({ ...who, ...picked, ...then })}
      />
      <div className={classes.moment}>
        <TextInput
          label="As of"
          description={when === undefined ? 'Now, unless a moment is given' : 'In your time zone'}
          type="datetime-local"
          step={1}
          value={when === undefined ? '' : localMoment(when)}
          onChange={event => {
            const { value } = event.currentTarget
            ask({ ...who, ...what, ...(value !== '' && { when: new Date(value).toISOString() }) })
          }}
        />
        <div className={forms.actions}>
          {when !== undefined && (
            <Button variant="default" size="compact-sm" onClick={() => ask({ ...who, ...what })}>
              Now
            </Button>
          )}
          {moments.map(([name, daysAgo]) => (
            <Button
              key={name}
              variant="default"
              size="compact-sm"
              onClick={() =>
                ask({ ...who, ...what, when: new Date(secondsOf(Date.now() - daysAgo * dayMs)).toISOString() })
              }
            >
              {name}
            </Button>
          ))}
        </div>
      </div>
    </search>
  )
}

const moments = [
  ['A day ago', 1],
  ['A week ago', 7],
  ['30 days ago', 30],
] as const

/** The field shows seconds. */
function secondsOf(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

async function findWho(
  text: string,
  mayFindPeople: boolean,
  me: { readonly id: number; readonly name: string },
): Promise<readonly Found<Who>[]> {
  // Identity Center users are known by an id, all others by an ARN.
  const principal = /^arn:|^[0-9a-f]{8,10}-[0-9a-f-]{20,}$/i.test(text)
    ? [{ picked: { principal: text }, name: text, note: 'AWS principal' }]
    : []
  if (!mayFindPeople) return [...principal, { picked: { person: me.id }, name: me.name, note: 'You' }]
  const { items } = await hg.users.list({ query: { limit: most, ...(text !== '' && { search: text.slice(0, 255) }) } })
  return [
    ...principal,
    ...items.map(({ id, name, userid }) => ({
      picked: { person: id },
      name,
      note: id === me.id ? `${userid}, you` : userid,
    })),
  ]
}

async function findWhat(text: string): Promise<readonly Found<What>[]> {
  const path = /^s3:\/\/[^/]/.test(text) ? [{ picked: { path: text }, name: text, note: 'This path' }] : []
  const query = { limit: most, ...(text !== '' && { search: text.slice(0, 255) }) }
  const [reached, findable] = await Promise.all([
    hg.dataSources.list({ query }),
    hg.subscriptions.discover({ query: { limit: most, ...(text !== '' && { search: text.slice(0, 255) }) } }),
  ])
  const known = new Set(reached.items.map(({ id }) => id))
  return [
    ...path,
    ...reached.items.map(({ id, name, scope }) => ({ picked: { dataSource: id }, name, note: scope })),
    ...findable.items
      .filter(({ id }) => !known.has(id))
      .map(({ id, name }) => ({ picked: { dataSource: id }, name, note: 'You may find it' })),
  ]
}
