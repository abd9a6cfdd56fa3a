/** Editing an integration: name, location role and how Headgate signs in. Only what was changed is sent. */
import type { AuthenticationType, Integration } from '@headgate/core/api'
import { Button, NativeSelect, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { Failure } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import classes from './edit-integration.module.css'

/** A deletion that hangs for want of credentials is mended by an edit too. */
const editable: ReadonlySet<Integration['status']> = new Set([
  'enabled',
  'createError',
  'editError',
  'deleting',
  'deleteError',
  'recurringValidationError',
])

export function EditIntegration({ integration }: { readonly integration: Integration }) {
  // The version of what is shown when the form opens: what somebody else changes meanwhile is not overwritten.
  const [opened, setOpened] = useState<Integration & { readonly version: string }>()
  const opening = useMutation({
    mutationFn: async () => {
      const path = `/integrations/${integration.id}`
      const version = await versionOf(path)
      return { ...(await hg.integrations.get({ params: { id: integration.id } })), version }
    },
    onSuccess: setOpened,
  })
  if (opened === undefined) {
    return (
      <Section title="Change it">
        <Button
          variant="default"
          disabled={!editable.has(integration.status)}
          loading={opening.isPending}
          onClick={() => opening.mutate()}
        >
          Edit
        </Button>
        {opening.error !== null && (
          <Failure error={opening.error} what="the integration" retry={() => opening.mutate()} />
        )}
      </Section>
    )
  }
  return (
    <Section title="Change it">
      <Form integration={opened} version={opened.version} close={() => setOpened(undefined)} />
    </Section>
  )
}

interface FormProps {
  readonly integration: Integration
  readonly version: string
  readonly close: () => void
}

const methods: readonly { readonly value: AuthenticationType; readonly label: string }[] = [
  { value: 'assumeRole', label: 'a role that it assumes' },
  { value: 'auto', label: 'the credentials that it itself runs with' },
  { value: 'accessKey', label: 'an access key' },
]

function Form({ integration: { id, config }, version, close }: FormProps) {
  const queries = useQueryClient()
  const [name, setName] = useState(config.name)
  const [role, setRole] = useState(config.awsLocationRole)
  const [method, setMethod] = useState(config.authenticationType)
  const [keyId, setKeyId] = useState(config.awsAccessKeyId ?? '')
  const [secret, setSecret] = useState('')
  const [assumed, setAssumed] = useState(config.awsRoleArn ?? '')
  const credentials =
    method === 'accessKey'
      ? { awsAccessKeyId: keyId.trim(), ...(secret === '' ? {} : { awsSecretAccessKey: secret }) }
      : method === 'assumeRole'
        ? { awsRoleArn: assumed.trim() }
        : {}
  const edit = useMutation({
    mutationFn: () =>
      hg.integrations.update({
        params: { id },
        ifMatch: version,
        body: { config: { name, awsLocationRole: role.trim(), authenticationType: method, ...credentials } },
      }),
    onSuccess: async () => {
      close()
      await queries.invalidateQueries()
    },
  })
  function submit(event: FormEvent) {
    event.preventDefault()
    edit.mutate()
  }
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <TextInput label="Name" value={name} maxLength={255} onChange={event => setName(event.currentTarget.value)} />
      <TextInput
        label="Location role"
        description="The role that Access Grants vends from: its whole ARN."
        value={role}
        onChange={event => setRole(event.currentTarget.value)}
      />
      <NativeSelect
        label="Headgate signs in with"
        value={method}
        data={[...methods]}
        onChange={event => setMethod(event.currentTarget.value as AuthenticationType)}
      />
      {method === 'accessKey' && (
        <>
          <TextInput
            label="Access key id"
            value={keyId}
            autoComplete="off"
            onChange={event => setKeyId(event.currentTarget.value)}
          />
          <PasswordInput
            label="Secret access key"
            description="Left empty, the one that is stored stays, as long as the key id does."
            value={secret}
            autoComplete="off"
            onChange={event => setSecret(event.currentTarget.value)}
          />
        </>
      )}
      {method === 'assumeRole' && (
        <TextInput
          label="Role to assume"
          description="Its trust policy is among the set-up documents below."
          value={assumed}
          onChange={event => setAssumed(event.currentTarget.value)}
        />
      )}
      <div className={classes.buttons}>
        <Button type="submit" loading={edit.isPending}>
          Validate and save
        </Button>
        <Button variant="default" onClick={close}>
          Leave it
        </Button>
      </div>
      {edit.error !== null && <Failure error={edit.error} what="the change" retry={() => edit.mutate()} />}
    </form>
  )
}
