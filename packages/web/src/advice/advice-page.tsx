/** AWS identities that stand for several people, or may, and how much room for roles of one's own each account has. */
import { api, type RoomOfAccount } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Advice } from '../people/principal-section.tsx'
import { Answer, Nothing } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { listQuery } from '../ui/list-query.ts'
import { pageOf } from '../ui/list-search.ts'
import { Page, Section } from '../ui/page.tsx'
import { Pager, pageSize } from '../ui/pager.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { useWrite } from '../ui/use-write.ts'

const route = getRouteApi('/shell/people/advice')

export function AdvicePage() {
  const search = route.useSearch()
  const navigate = useNavigate()
  const query = { limit: pageSize, ...pageOf(search) }
  const advice = useQuery({
    ...listQuery,
    queryKey: ['principal advice', query],
    queryFn: () => hg.principalAdvice.list({ query }),
  })
  const accounts = useQuery({ queryKey: ['room for roles'], queryFn: () => hg.principalAdvice.accounts() })
  const check = useWrite(() => hg.principalAdvice.check())
  const mayCheck = mayCall(useMe(), api.principalAdvice.check)
  return (
    <Page
      title="Principal advice"
      above={<Link to="/people">People</Link>}
      lead="Access in AWS is given to an identity. Where several people can use it, all of them get what one was meant to get."
    >
      <Section title="Identities that stand for several, or may">
        <Answer query={advice} what="the advice">
          {answer =>
            answer.items.length === 0 ? (
              <Nothing title="None: every identity looked at stands for one person" />
            ) : (
              <>
                <DataTable
                  caption="Identities that stand for several, or may"
                  rows={answer.items}
                  rowKey={({ user, principal }) => `${user.id} ${principal.identifier}`}
                  columns={[
                    {
                      name: 'User',
                      width: '26%',
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
                    { name: 'Whom an approval reaches', cell: one => <Advice advice={one} /> },
                  ]}
                />
                <Pager
                  search={search}
                  answer={answer}
                  what="advice"
                  go={place => void navigate({ to: '/people/advice', search: place })}
                />
              </>
            )
          }
        </Answer>
        {mayCheck && (
          <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
            Have AWS looked at again
          </Button>
        )}
        <Refusal error={check.error} />
      </Section>
      <Section title="Room for roles">
        <Answer query={accounts} what="the accounts">
          {all => <Accounts accounts={all} />}
        </Answer>
      </Section>
    </Page>
  )
}

function Accounts({ accounts }: { readonly accounts: readonly RoomOfAccount[] }) {
  if (accounts.length === 0) return <Nothing title="No account yet" />
  return (
    <DataTable
      caption="Room for roles by account"
      rows={accounts}
      rowKey={({ awsAccountId }) => awsAccountId}
      columns={[
        { name: 'Account', width: '22%', cell: ({ awsAccountId }) => awsAccountId },
        {
          name: 'IAM roles',
          cell: ({ roles, problem }) => (
            <>
              {roles === undefined ? (
                <span className="quiet">not known</span>
              ) : (
                `${roles.used.toLocaleString('en')} of ${roles.of.toLocaleString('en')} (${Math.round(roles.percent)} %)`
              )}
              {[roles?.warning, problem].map(
                text =>
                  text !== undefined && (
                    <div key={text} className="quiet small">
                      <ServerText text={text} />
                    </div>
                  ),
              )}
            </>
          ),
        },
        {
          name: 'Grants',
          cell: ({ instances }) => (
            <ul>
              {instances.map(({ awsRegion, grants }) => (
                <li key={awsRegion}>
                  {awsRegion}: {grants.used.toLocaleString('en')} of {grants.of.toLocaleString('en')}
                </li>
              ))}
            </ul>
          ),
        },
      ]}
    />
  )
}
