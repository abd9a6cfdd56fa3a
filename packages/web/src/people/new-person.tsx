/** Making a user by hand; whoever it is gets in by a set-up link, a key or an identity provider afterwards. */
import type { User } from '@headgate/core/api'
import { NativeSelect, TextInput } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import forms from '../ui/form.module.css'
import { Page } from '../ui/page.tsx'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { kindOptions } from './kinds.ts'

export function NewPerson() {
  const [userid, setUserid] = useState('')
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [kind, setKind] = useState<User['kind']>('person')
  const navigate = useNavigate()
  const create = useWrite(
    () => hg.users.create({ body: { userid, name, kind, ...(email.trim() !== '' && { email: email.trim() }) } }),
    ({ id }) => navigate({ to: '/people/$id', params: { id: String(id) } }),
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    create.mutate()
  }
  return (
    <Page title="Add a person" above={<Link to="/people">People</Link>}>
      <form className={forms.fields} onSubmit={submit} noValidate>
        <TextInput
          label="User name"
          description="What they sign in as. It never changes; one that only looks different is refused."
          maxLength={255}
          value={userid}
          onChange={event => setUserid(event.currentTarget.value)}
        />
        <TextInput label="Name" maxLength={255} value={name} onChange={event => setName(event.currentTarget.value)} />
        <TextInput
          label="E-mail"
          description="May be left empty."
          type="email"
          value={email}
          onChange={event => setEmail(event.currentTarget.value)}
        />
        <NativeSelect
          label="Kind"
          description="A role used by several stands for whoever can assume it."
          data={kindOptions}
          value={kind}
          onChange={event => setKind(event.currentTarget.value as User['kind'])}
        />
        <div className={forms.actions}>
          <ReadyButton
            type="submit"
            missing={stillToSay(userid.trim() === '' && 'the user name', name.trim() === '' && 'the name')}
            loading={create.isPending}
          >
            Add {name.trim() === '' ? 'them' : name.trim()}
          </ReadyButton>
        </div>
        <Refusal error={create.error} />
      </form>
    </Page>
  )
}
