/** Which AWS identity serves where, why none does, and whom an approval would really reach. */
import { api, type PrincipalAdvice, type User } from '@headgate/core/api'
import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { hg } from '../api.ts'
import { mayCall, useMe } from '../me.ts'
import { Answer } from '../ui/answer.tsx'
import { DataTable } from '../ui/data-table.tsx'
import forms from '../ui/form.module.css'
import { Section } from '../ui/page.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { ServerText } from '../ui/server-text.tsx'
import { StateBadge } from '../ui/state-badge.tsx'
import { useWrite } from '../ui/use-write.ts'
import { principalKindWords } from '../ui/words.ts'
import { EditPrincipals } from './edit-principals.tsx'

interface Props {
  readonly person: User
  readonly isMe: boolean
}

export function PrincipalSection({ person, isMe }: Props) {
  const id = person.id
  const params = { id }
  const me = useMe()
  const read = useQuery({ queryKey: ['principals of', id], queryFn: () => hg.principals.read({ params }) })
  const advice = useQuery({ queryKey: ['advice of', id], queryFn: () => hg.principalAdvice.ofUser({ params }) })
  const mayChange = mayCall(me, api.principals.check)
  const check = useWrite(() => hg.principals.check({ params }))
  const confirm = useWrite(() => hg.principals.confirm({ params, body: {} }))
  return (
    <Section title="AWS identity">
      <Answer query={read} what="the AWS identity">
        {({ principals, notStored, integrations }) => (
          <>
            {notStored.map(one => (
              <p key={`${one.source} ${one.identifier}`}>
                <StateBadge tone="held" word="Not in force" /> {one.source} says <code>{one.identifier}</code>:{' '}
                <ServerText text={one.reason} />
              </p>
            ))}
            {integrations.length > 0 && (
              <DataTable
                caption="AWS identity by integration"
                rows={integrations}
                rowKey={({ integrationId }) => integrationId}
                columns={[
                  { name: 'Integration', width: '26%', cell: ({ integration }) => integration },
                  {
                    name: 'Stands for them there',
                    cell: ({ principal, reason }) =>
                      principal ? (
                        <>
                          <span className="quiet">{principalKindWords[principal.kind]}</span>{' '}
                          <code>{principal.identifier}</code>
                        </>
                      ) : (
                        <>
                          <StateBadge tone="unmapped" word="Unmapped" />
                          {reason !== undefined && (
                            <div className="quiet small">
                              <ServerText text={reason} />
                            </div>
                          )}
                        </>
                      ),
                  },
                ]}
              />
            )}
            <Answer query={advice} what="the advice">
              {all => all.map(one => <Advice key={one.principal.identifier} advice={one} />)}
            </Answer>
            {!isMe && mayChange && (
              <div className={forms.actions}>
                {principals.length > 0 && (
                  <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
                    Ask AWS now
                  </Button>
                )}
                {principals.some(({ waitingUniqueId }) => waitingUniqueId !== undefined) && (
                  <Button variant="default" loading={confirm.isPending} onClick={() => confirm.mutate()}>
                    It was made anew in AWS, and is meant
                  </Button>
                )}
              </div>
            )}
            <Refusal error={check.error ?? confirm.error} />
          </>
        )}
      </Answer>
      {!isMe && mayCall(me, api.users.setPrincipals) && <EditPrincipals person={person} />}
    </Section>
  )
}

export function Advice({ advice: { principal, breadth, text, who, problem } }: { readonly advice: PrincipalAdvice }) {
  return (
    <div>
      <p>
        <StateBadge {...breadthWords[breadth]} /> <ServerText text={text} />
      </p>
      {who.length > 0 && (
        <details>
          <summary>
            Who can use <code>{principal.identifier}</code>
          </summary>
          <ul>
            {who.map(way => (
              <li key={way.text}>
                <ServerText text={way.text} />
                {way.users.length > 0 && `: ${way.users.map(({ name }) => name).join(', ')}`}
              </li>
            ))}
          </ul>
        </details>
      )}
      {problem !== undefined && (
        <p className="quiet small">
          <ServerText text={problem} />
        </p>
      )}
    </div>
  )
}

export const breadthWords = {
  nobody: { tone: 'unmapped', word: 'Nobody' },
  one: { tone: 'active', word: 'One person' },
  several: { tone: 'held', word: 'Several people' },
  unknown: { tone: 'unmapped', word: 'Not known' },
} as const
