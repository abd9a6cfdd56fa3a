/** What a user admin changes of a person: facts, groups, permissions, ways in, and whether they are here at all. */
import type { User } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { hg } from '../api.ts'
import { Answer } from '../ui/answer.tsx'
import forms from '../ui/form.module.css'
import { Chips, Section } from '../ui/page.tsx'
import { stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { RelativeTime } from '../ui/relative-time.tsx'
import { ShownOnce } from '../ui/shown-once.tsx'
import { useWrite } from '../ui/use-write.ts'
import { counted } from '../ui/words.ts'
import { WriteForm } from '../ui/write-form.tsx'
import { AttributeEditor } from './attribute-editor.tsx'
import { FindChoice } from './find-choice.tsx'
import { findGroups } from './find-subjects.ts'
import { Permissions } from './permissions.tsx'
import { useProposal } from './previewed-actions.tsx'

interface Props {
  readonly person: User
}

export function PersonAdmin({ person }: Props) {
  return (
    <>
      <Section title="Name and e-mail">
        <Names key={`${person.name} ${person.email ?? ''}`} person={person} />
      </Section>
      <Section title="Attributes by hand">
        <AttributeEditor of={{ user: person.id }} attributes={person.attributes} />
      </Section>
      <Groups person={person} />
      <Permissions key={`${person.permissions} ${person.dataSourceScopes}`} person={person} />
      <WaysIn person={person} />
      <End person={person} />
    </>
  )
}

function Names({ person: { id, name, email = '' } }: Props) {
  const [typedName, setName] = useState(name)
  const [typedEmail, setEmail] = useState(email)
  const save = useWrite(() => {
    const address = typedEmail.trim()
    return hg.users.update({ params: { id }, body: { name: typedName, email: address === '' ? null : address } })
  })
  return (
    <WriteForm write={save} verb="Save" missing={stillToSay(typedName.trim() === '' && 'their name')}>
      <TextInput label="Name" value={typedName} onChange={event => setName(event.currentTarget.value)} />
      <TextInput label="E-mail" value={typedEmail} onChange={event => setEmail(event.currentTarget.value)} />
    </WriteForm>
  )
}

function Groups({ person }: Props) {
  const { propose, shown } = useProposal()
  const { id } = person
  const local = person.groups.filter(({ source }) => source === 'local')
  return (
    <Section title="Groups by hand">
      {shown ?? (
        <>
          {local.length > 0 && (
            <Chips>
              {local.map(group => (
                <li key={group.id}>
                  {group.name}{' '}
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    aria-label={`Take out of ${group.name}`}
                    onClick={() =>
                      propose({
                        change: { change: 'removeFromGroup', group: group.id, user: id },
                        verb: `Take them out of ${group.name}`,
                        write: preview => hg.groups.removeMember({ params: { id: group.id, userId: id }, ...preview }),
                      })
                    }
                  >
                    Take out
                  </Button>
                </li>
              ))}
            </Chips>
          )}
          <FindChoice
            what="group"
            verb="Put them into it"
            find={findGroups}
            onPick={group =>
              propose({
                change: { change: 'addToGroup', group: group.id, user: id },
                verb: `Put them into ${group.name}`,
                write: preview => hg.groups.addMember({ params: { id: group.id, userId: id }, ...preview }),
              })
            }
          />
        </>
      )}
    </Section>
  )
}

function WaysIn({ person: { id, name } }: Props) {
  const params = { id }
  const sessions = useQuery({ queryKey: ['sessions of', id], queryFn: () => hg.sessions.listOf({ params }) })
  const keys = useQuery({ queryKey: ['keys of', id], queryFn: () => hg.apiKeys.listOf({ params }) })
  const link = useWrite(() => hg.setUp.link({ params }))
  const end = useWrite(() => hg.sessions.endOf({ params }))
  const revoke = useWrite((key: number) => hg.apiKeys.revoke({ params: { id: key } }))
  const open = sessions.data?.items.length ?? 0
  return (
    <Section title="How they get in">
      <div className={forms.actions}>
        <Button variant="default" loading={link.isPending} onClick={() => link.mutate()}>
          Make a set-up link
        </Button>
        {open > 0 && (
          <Button variant="default" loading={end.isPending} onClick={() => end.mutate()}>
            Sign them out: ends {counted(open, 'session')}
          </Button>
        )}
      </div>
      {link.data !== undefined && (
        <>
          <ShownOnce secret={link.data.url ?? `${window.location.origin}${link.data.path}`} what="the set-up link" />
          <p className="quiet small">
            With it {name} chooses a password, once. It ends <RelativeTime at={link.data.expiresAt} />.
          </p>
        </>
      )}
      <Answer query={keys} what="their API keys">
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">No API key.</p>
          ) : (
            <Chips>
              {items.map(key => (
                <li key={key.id}>
                  {key.name}
                  {key.lastUsedAt !== undefined && (
                    <span className="quiet">
                      , used <RelativeTime at={key.lastUsedAt} />
                    </span>
                  )}{' '}
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    aria-label={`Revoke the key ${key.name}`}
                    loading={revoke.isPending && revoke.variables === key.id}
                    onClick={() => revoke.mutate(key.id)}
                  >
                    Revoke
                  </Button>
                </li>
              ))}
            </Chips>
          )
        }
      </Answer>
      <Refusal error={link.error ?? end.error ?? revoke.error} />
    </Section>
  )
}

function End({ person: { id, name, disabled } }: Props) {
  const { propose, shown } = useProposal()
  const navigate = useNavigate()
  if (shown) return shown
  const verb = disabled ? `Enable ${name}` : `Disable ${name}`
  return (
    <Section title={disabled ? 'Enable or delete' : 'Disable or delete'}>
      <div className={forms.actions}>
        <Button
          variant="default"
          onClick={() =>
            propose({
              change: { change: disabled ? 'enableUser' : 'disableUser', user: id },
              verb,
              write: preview => hg.users.update({ params: { id }, body: { disabled: !disabled }, ...preview }),
            })
          }
        >
          {disabled ? 'Enable' : 'Disable'}
        </Button>
        <Button
          variant="default"
          onClick={() =>
            propose({
              change: { change: 'deleteUser', user: id },
              verb: `Delete ${name}`,
              write: preview => hg.users.remove({ params: { id }, ...preview }),
              done: () => navigate({ to: '/people' }),
            })
          }
        >
          Delete
        </Button>
      </div>
    </Section>
  )
}
