/**
 * Connecting an AWS account, from an empty form to an integration: what it is, what AWS must have, how Headgate signs
 * in, whether it would work. Nothing is stored before the last button.
 */
import { Button, Checkbox, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { useMe } from '../me.ts'
import forms from '../ui/form.module.css'
import { Page, Section } from '../ui/page.tsx'
import { ReadyButton, stillToSay } from '../ui/ready-button.tsx'
import { Refusal } from '../ui/refusal.tsx'
import { checksIn } from './checks-in.ts'
import { CredentialFields } from './credentials.tsx'
import { type Draft, useDraft } from './kept-draft.ts'
import { Documents } from './setup-documents.tsx'
import { Trial } from './trial.tsx'
import { gapsOf, integrationOfTyped, placeGapsOf, setupOfTyped, type TypedIntegration } from './typed-integration.ts'
import { useTrial } from './use-trial.ts'

type Change = (change: Partial<TypedIntegration>) => void

export function NewIntegration() {
  const { draft, change: keep, forget } = useDraft(useMe().id)
  const { typed } = draft
  const change: Change = some => keep(before => ({ ...before, typed: { ...before.typed, ...some } }))
  return (
    <Page
      title="Connect an AWS account"
      above={<Link to="/integrations">Integrations</Link>}
      lead="Four steps. Nothing is stored and nothing is changed in AWS before the last one."
    >
      <Place typed={typed} change={change} />
      <Prepare typed={typed} change={change} />
      <Section title="3. How Headgate signs in">
        <div className={forms.fields}>
          <TextInput
            label="Location role"
            description="The role that Access Grants takes on when somebody asks for credentials: its whole ARN."
            placeholder="arn:aws:iam::111122223333:role/headgate-access-grants-location"
            value={typed.locationRole}
            onChange={event => change({ locationRole: event.currentTarget.value })}
          />
          <CredentialFields value={typed} onChange={change} keepsSecret={false} />
        </div>
      </Section>
      <Connect draft={draft} keep={keep} forget={forget} />
    </Page>
  )
}

interface StepProps {
  readonly typed: TypedIntegration
  readonly change: Change
}

function Place({ typed, change }: StepProps) {
  return (
    <Section title="1. What to connect">
      <div className={forms.fields}>
        <TextInput
          label="Name"
          description="As people here will know it."
          value={typed.name}
          maxLength={255}
          onChange={event => change({ name: event.currentTarget.value })}
        />
        <div className={forms.row}>
          <TextInput
            label="AWS account"
            description="Its 12 digits."
            inputMode="numeric"
            value={typed.account}
            onChange={event => change({ account: event.currentTarget.value })}
          />
          <TextInput
            label="Region"
            description="Of its S3 Access Grants instance."
            placeholder="us-east-1"
            autoCapitalize="none"
            spellCheck={false}
            value={typed.region}
            onChange={event => change({ region: event.currentTarget.value })}
          />
        </div>
        <TextInput
          label="Location"
          description="The widest path that Headgate is to manage: s3:// for all buckets of the account, a bucket, or a prefix."
          placeholder="s3://bucket/prefix/"
          autoCapitalize="none"
          spellCheck={false}
          value={typed.path}
          onChange={event => change({ path: event.currentTarget.value })}
        />
      </div>
    </Section>
  )
}

const features = [
  ['identityCenter', 'People of IAM Identity Center are granted access as themselves'],
  ['associateIdentityCenter', 'Headgate may associate the instance with Identity Center'],
  ['removeForeignGrants', 'Headgate may delete grants that it did not make, when told to'],
] as const

function Prepare({ typed, change }: StepProps) {
  const prepare = useMutation({
    mutationFn: () => hg.integrations.prepareSetup({ body: setupOfTyped(typed) }),
    // The names that the documents propose are those that the next step asks for.
    onSuccess: ({ locationRole, controllerRole }) =>
      change({
        ...(typed.locationRole === '' && { locationRole }),
        ...(typed.roleArn === '' && { roleArn: controllerRole }),
      }),
  })
  return (
    <Section title="2. What AWS must have">
      <p className="quiet">
        Two roles and an S3 Access Grants instance. The documents are filled in for what you typed: give them to whoever
        looks after the account.
      </p>
      <div className={forms.fields}>
        {typed.path.trim() === 's3://' && (
          <Textarea
            label="Buckets that the location role reaches"
            description="One a line; left empty, every bucket of the account."
            autosize
            minRows={1}
            value={typed.buckets}
            onChange={event => change({ buckets: event.currentTarget.value })}
          />
        )}
        <Textarea
          label="KMS keys that encrypt the data"
          description="Their ARNs, one a line; left empty, nothing is said of KMS."
          autosize
          minRows={1}
          value={typed.keys}
          onChange={event => change({ keys: event.currentTarget.value })}
        />
        <Checkbox.Group
          label="What else Headgate may do"
          value={[...typed.features]}
          onChange={picked => change({ features: picked })}
        >
          <div className={forms.choices}>
            {features.map(([value, label]) => (
              <Checkbox key={value} value={value} label={label} />
            ))}
          </div>
        </Checkbox.Group>
        <div className={forms.actions}>
          <ReadyButton
            variant="default"
            missing={stillToSay(...placeGapsOf(typed))}
            loading={prepare.isPending}
            onClick={() => prepare.mutate()}
          >
            {prepare.data === undefined ? 'Show the documents' : 'Fill them in again'}
          </ReadyButton>
        </div>
      </div>
      <Refusal error={prepare.error} />
      {prepare.data !== undefined && <Documents documents={prepare.data} />}
    </Section>
  )
}

interface ConnectProps {
  readonly draft: Draft
  readonly keep: (to: (before: Draft) => Draft) => void
  readonly forget: () => void
}

function Connect({ draft: { typed, trial }, keep, forget }: ConnectProps) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const gaps = gapsOf(typed)
  const body = integrationOfTyped(typed)
  // Without the secret, which is not there any more after a reload.
  const about = JSON.stringify(integrationOfTyped({ ...typed, secret: '' }))
  const start = useMutation({
    mutationFn: () => hg.integrations.startTrial({ body }),
    onSuccess: ({ id }) => keep(before => ({ ...before, trial: { id, of: about } })),
  })
  const cancel = useMutation({ mutationFn: (id: string) => hg.integrations.cancelTrial({ params: { id } }) })
  const create = useMutation({
    mutationFn: () => hg.integrations.create({ body }),
    onSuccess: async ({ id }) => {
      forget()
      await queries.invalidateQueries()
      await navigate({ to: '/integrations/$id', params: { id } })
    },
  })
  // Of what is typed now: what was checked before something was changed says nothing of it.
  const of = trial?.of === about ? trial.id : undefined
  const { event, isGone } = useTrial(of)
  const refused = checksIn(create.error)
  const isChecking =
    start.isPending || (of !== undefined && !isGone && (event === undefined || event.state === 'running'))
  const shown = refused ?? event
  return (
    <Section title="4. Check and connect">
      <p className="quiet">
        Nine checks, made in AWS by the credentials above. Connecting makes them again, then registers the location.
      </p>
      <div className={forms.actions}>
        <ReadyButton
          variant="default"
          missing={stillToSay(...gaps)}
          disabled={create.isPending}
          loading={isChecking}
          onClick={() => {
            create.reset()
            start.mutate()
          }}
        >
          Check it
        </ReadyButton>
        <Button
          disabled={gaps.length > 0 || isChecking || (shown?.state === 'done' && shown.result === 'failed')}
          loading={create.isPending}
          onClick={() => create.mutate()}
        >
          Connect it
        </Button>
      </div>
      {create.isPending && <p role="status">Checking once more in AWS, then connecting …</p>}
      {!create.isPending && (isChecking || shown !== undefined) && (
        <Trial
          event={isChecking && event?.state !== 'running' ? undefined : shown}
          {...(isChecking && of !== undefined && { onCancel: () => cancel.mutate(of) })}
        />
      )}
      <Refusal error={start.error ?? cancel.error ?? (refused === undefined ? create.error : null)} />
    </Section>
  )
}
