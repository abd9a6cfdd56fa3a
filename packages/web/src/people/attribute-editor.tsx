/** Giving and taking values of a person or a group. What an identity provider says is the provider's to take away. */
import type { User } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import forms from '../ui/form.module.css'
import { Chips } from '../ui/page.tsx'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { type Proposal, useProposal } from './previewed-actions.tsx'

interface Props {
  /** Whose they are. */
  readonly of: { readonly user: number } | { readonly group: number }
  readonly attributes: User['attributes']
}

export function AttributeEditor({ of, attributes }: Props) {
  const [key, setKey] = useState('')
  const [value, setValue] = useState('')
  const { propose, shown } = useProposal()
  const local = attributes.filter(({ source }) => source === 'local')
  if (shown) return shown
  function submit(event: FormEvent) {
    event.preventDefault()
    propose(given(of, { key: key.trim(), value: value.trim() }))
  }
  return (
    <>
      {local.length > 0 && (
        <Chips>
          {local.map(one => (
            <li key={`${one.key} ${one.value}`}>
              {one.key}: {one.value}{' '}
              <Button
                size="compact-xs"
                variant="subtle"
                aria-label={`Take away ${one.key}: ${one.value}`}
                onClick={() => propose(taken(of, one))}
              >
                Take away
              </Button>
            </li>
          ))}
        </Chips>
      )}
      <form onSubmit={submit} aria-label="Give an attribute">
        <div className={forms.line}>
          <TextInput label="Attribute key" value={key} onChange={event => setKey(event.currentTarget.value)} />
          <TextInput label="Value" value={value} onChange={event => setValue(event.currentTarget.value)} />
          <ReadyButton
            type="submit"
            variant="default"
            missing={stillToSay(key.trim() === '' && 'the key', value.trim() === '' && 'the value')}
          >
            Give it
          </ReadyButton>
        </div>
      </form>
    </>
  )
}

interface Pair {
  readonly key: string
  readonly value: string
}

function given(of: Props['of'], { key, value }: Pair): Proposal {
  return {
    change: { change: 'giveAttribute', ...of, key, value },
    verb: `Give ${key}: ${value}`,
    write: preview =>
      'user' in of
        ? hg.users.addAttribute({ params: { id: of.user, key, value }, ...preview })
        : hg.groups.addAttribute({ params: { id: of.group, key, value }, ...preview }),
  }
}

function taken(of: Props['of'], { key, value }: Pair): Proposal {
  return {
    change: { change: 'takeAttribute', ...of, key, value },
    verb: `Take ${key}: ${value} away`,
    write: preview =>
      'user' in of
        ? hg.users.removeAttribute({ params: { id: of.user, key, value }, ...preview })
        : hg.groups.removeAttribute({ params: { id: of.group, key, value }, ...preview }),
  }
}
