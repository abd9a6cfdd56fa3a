/** What would make it a yes: each change alone would do, with the way to where it is made, for whoever may make it. */
import { api, type Explained, type User } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { mayCall, useMe } from '../me.ts'
import { Section } from '../ui/page.tsx'
import classes from './access.module.css'
import { fixWords, obstacleWords } from './words.ts'

type Fix = Explained['fixes'][number]

interface Props {
  readonly one: Explained
  readonly user: number
}

export function Fixes({ one, user }: Props) {
  const { verdict, fixes, obstacles, guardrails, dataSource } = one
  const inTheWay = guardrails.filter(({ holds }) => !holds)
  if (verdict === 'WRITE' || (verdict !== 'none' && fixes.length === 0)) return null
  const title = verdict === 'none' ? 'What would make it a yes' : 'What would give more'
  return (
    <Section title={title}>
      {fixes.length > 0 ? (
        <ul className={classes.fixes}>
          {fixes.map(fix => (
            <li key={JSON.stringify(fix)}>
              {fixWords(fix)}. <Where fix={fix} user={user} dataSource={dataSource.id} />
            </li>
          ))}
        </ul>
      ) : (
        <p>
          {obstacles.length > 0
            ? `First this: ${obstacles.map(obstacle => obstacleWords[obstacle]).join('; ')}.`
            : 'No single change would: more than one thing is missing.'}
          {inTheWay.length > 0 && ` Guardrails that are not met: ${inTheWay.map(({ name }) => name).join(', ')}.`}
        </p>
      )}
    </Section>
  )
}

function Where({
  fix: { fix },
  user,
  dataSource,
}: {
  readonly fix: Fix
  readonly user: number
  readonly dataSource: number
}) {
  const me = useMe()
  const toPerson = { to: '/people/$id', params: { id: String(user) } } as const
  const toDataSource = { to: '/data-sources/$id', params: { id: String(dataSource) } } as const
  if (fix === 'requestProduct' || fix === 'request' || fix === 'subscribe') {
    if (user !== me.id) return <span className="quiet">They ask for it themselves, under Find data.</span>
    return (
      <Link to="/find/$id" params={{ id: String(dataSource) }}>
        {fix === 'subscribe' ? 'Subscribe' : 'Ask for it'}
      </Link>
    )
  }
  if (fix === 'addMember') {
    return mayAddMembers(me) ? (
      <Link {...toDataSource}>Add them on its page</Link>
    ) : (
      <span className="quiet">Its owners add people.</span>
    )
  }
  return mayCall(me, api.users.update) && user !== me.id ? (
    <Link {...toPerson}>Change it on their page</Link>
  ) : (
    <span className="quiet">A user admin does that.</span>
  )
}

function mayAddMembers(me: User): boolean {
  return me.permissions.includes('GOVERNANCE') || me.permissions.includes('CREATE_S3_DATASOURCE')
}
