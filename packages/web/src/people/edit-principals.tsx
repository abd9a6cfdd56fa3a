/** The AWS identities that user admins set by hand; a provider's own are not touched. */
import { api, type Principal, type User } from '@headgate/core/api'
import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { hg } from '../api.ts'
import { useIntegrations } from '../home/counts.ts'
import { mayCall, useMe } from '../me.ts'
import forms from '../ui/form.module.css'
import { Chips } from '../ui/page.tsx'
import { principalKindWords } from '../ui/words.ts'
import { useProposal } from './previewed-actions.tsx'

const kinds = Object.entries(principalKindWords).map(([value, label]) => ({ value, label }))

export function EditPrincipals({ person }: { readonly person: User }) {
  const [kind, setKind] = useState<Principal['kind']>('iamRole')
  const [identifier, setIdentifier] = useState('')
  const [where, setWhere] = useState('')
  // A user admin may not read them: then what is set for one alone is named by its number.
  const all = useIntegrations(mayCall(useMe(), api.integrations.list)).data ?? []
  const nameOf = (id: string) => all.find(one => one.id === id)?.config.name ?? `integration ${id}`
  const { propose, shown } = useProposal()
  const local = person.principals.flatMap(({ source, ...principal }) => (source === undefined ? [principal] : []))
  if (shown) return shown
  const set = (principals: typeof local, verb: string) =>
    propose({
      change: { change: 'setPrincipals', user: person.id, principals },
      verb,
      write: preview => hg.users.setPrincipals({ params: { id: person.id }, body: principals, ...preview }),
      done: () => setIdentifier(''),
    })
  return (
    <>
      {local.length > 0 && (
        <Chips>
          {local.map(one => (
            <li key={`${one.kind} ${one.identifier} ${one.integrationIds?.join() ?? ''}`}>
              <code>{one.identifier}</code>{' '}
              {one.integrationIds !== undefined && (
                <span className="quiet small">in {one.integrationIds.map(nameOf).join(', ')} alone </span>
              )}
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`Remove ${one.identifier}`}
                onClick={() =>
                  set(
                    local.filter(other => other !== one),
                    'Remove it',
                  )
                }
              >
                Remove
              </Button>
            </li>
          ))}
        </Chips>
      )}
      <div className={forms.line}>
        <NativeSelect
          label="Kind of AWS identity"
          data={kinds}
          value={kind}
          onChange={event => setKind(event.currentTarget.value as Principal['kind'])}
        />
        <TextInput
          label="ARN, or Identity Center user id"
          className={forms.wide}
          value={identifier}
          onChange={event => setIdentifier(event.currentTarget.value)}
        />
        {all.length > 1 && (
          <NativeSelect
            label="In which integration"
            value={where}
            data={[
              { value: '', label: 'All of its account' },
              ...all.map(one => ({ value: one.id, label: one.config.name })),
            ]}
            onChange={event => setWhere(event.currentTarget.value)}
          />
        )}
        <Button
          variant="default"
          disabled={identifier.trim() === ''}
          onClick={() =>
            set(
              [...local, { kind, identifier: identifier.trim(), ...(where !== '' && { integrationIds: [where] }) }],
              'Add it',
            )
          }
        >
          Add it
        </Button>
      </div>
    </>
  )
}
