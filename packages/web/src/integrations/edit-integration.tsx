/** Editing an integration: name, location role and how Headgate signs in. Only what was changed is sent. */
import type { Integration } from '@headgate/core/api'
import { Button, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { hg, versionOf } from '../api.ts'
import { Failure } from '../ui/answer.tsx'
import { Section } from '../ui/page.tsx'
import { ReadyButton } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { integrationWords } from '../ui/words.ts'
import { checksIn } from './checks-in.ts'
import { CredentialFields, credentialsOf } from './credentials.tsx'
import classes from './edit-integration.module.css'
import { Trial } from './trial.tsx'

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
        <ReadyButton
          variant="default"
          missing={
            editable.has(integration.status)
              ? undefined
              : `It cannot be changed while it is ${integrationWords[integration.status].word.toLowerCase()}.`
          }
          loading={opening.isPending}
          onClick={() => opening.mutate()}
        >
          Edit
        </ReadyButton>
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

function Form({ integration: { id, config }, version, close }: FormProps) {
  const queries = useQueryClient()
  const [name, setName] = useState(config.name)
  const [role, setRole] = useState(config.awsLocationRole)
  const [given, setGiven] = useState(() => credentialsOf(config))
  const { method, keyId, secret, roleArn } = given
  const credentials =
    method === 'accessKey'
      ? { awsAccessKeyId: keyId.trim(), ...(secret === '' ? {} : { awsSecretAccessKey: secret }) }
      : method === 'assumeRole'
        ? { awsRoleArn: roleArn.trim() }
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
  const checks = checksIn(edit.error)
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
      <CredentialFields value={given} onChange={change => setGiven({ ...given, ...change })} keepsSecret />
      <div className={classes.buttons}>
        <Button type="submit" loading={edit.isPending}>
          Validate and save
        </Button>
        <Button variant="default" onClick={close}>
          Leave it
        </Button>
      </div>
      {edit.isPending && <p role="status">Checking in AWS with what is typed, then saving …</p>}
      {checks !== undefined && <Trial event={checks} />}
      {checks === undefined && <Refusal error={edit.error} />}
    </form>
  )
}
