/** What would make it a yes: each change alone would do, with the way to where it is made, for whoever may make it. */
import { api, type Explained, guardrailsInTheWay, type User } from '@headgate/core/api'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Section } from '../ui/page.tsx'
import classes from './access.module.css'
import { fixWords, obstacleWords } from './words.ts'

type Fix = Explained['fixes'][number]

interface Props {
  readonly one: Explained
  readonly user: number
  /** Where the reader can subscribe and ask right there. */
  readonly isOnItsPage?: boolean
}

export function Fixes({ one, user, isOnItsPage = false }: Props) {
  const { verdict, fixes, obstacles, dataSource } = one
  const inTheWay = guardrailsInTheWay(one)
  if (verdict === 'WRITE' || (verdict !== 'none' && fixes.length === 0)) return null
  const title = verdict === 'none' ? 'What would make it a yes' : 'What would give more'
  return (
    <Section title={title}>
      {fixes.length > 0 ? (
        <ul className={classes.fixes}>
          {fixes.map(fix => (
            <Change
              key={JSON.stringify(fix)}
              fix={fix}
              user={user}
              dataSource={dataSource.id}
              isOnItsPage={isOnItsPage}
            />
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

interface ChangeProps {
  readonly fix: Fix
  readonly user: number
  readonly dataSource: number
  readonly isOnItsPage: boolean
}

function Change(props: ChangeProps) {
  const { fix } = props
  const id = fix.product ?? ''
  const product = useQuery({
    queryKey: ['offered', id],
    queryFn: () => hg.marketplace.get({ params: { id } }),
    enabled: fix.product !== undefined,
  })
  return (
    <li>
      {fixWords(fix, product.data?.name)}. <Where {...props} />
    </li>
  )
}

function Where({ fix: { fix, product }, user, dataSource, isOnItsPage }: ChangeProps) {
  const me = useMe()
  const toPerson = { to: '/people/$id', params: { id: String(user) } } as const
  const toDataSource = { to: '/data-sources/$id', params: { id: String(dataSource) } } as const
  if (fix === 'requestProduct' || fix === 'request' || fix === 'subscribe') {
    if (product !== undefined) {
      return (
        <Link to="/marketplace/$id" params={{ id: product }}>
          {user === me.id ? 'Ask for it' : 'Show it to them'}
        </Link>
      )
    }
    if (isOnItsPage) return <span className="quiet">You do so above.</span>
    if (user !== me.id) return <span className="quiet">They do so themselves, under Find data.</span>
    return (
      <Link to="/find/$id" params={{ id: String(dataSource) }}>
        {fix === 'subscribe' ? 'Subscribe' : 'Ask for it'}
      </Link>
    )
  }
  if (fix === 'addMember') {
    return mayAddMembers(me) && user !== me.id ? (
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
