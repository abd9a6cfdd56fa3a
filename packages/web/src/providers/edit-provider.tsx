/** What an identity provider may say, and how people sign in through it. The whole is sent, with the version it was read at. */
import type { IdentityProvider } from '@headgate/core/api'
import { Button, Checkbox, NativeSelect, PasswordInput, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { hg } from '../api.ts'
import forms from '../ui/form.module.css'
import { Refusal } from '../ui/refusal.tsx'
import { useWrite } from '../ui/use-write.ts'
import { fieldsOf, type OidcFields, oidcOf } from './oidc-fields.ts'
import { linesOf } from './words.ts'

interface Props {
  readonly provider: IdentityProvider
  readonly version: string
  readonly close: () => void
}

export function EditProvider({ provider, version, close }: Props) {
  const [enabled, setEnabled] = useState(provider.enabled)
  const [keys, setKeys] = useState(provider.attributeKeys.join('\n'))
  const [patterns, setPatterns] = useState(provider.groupPatterns.join('\n'))
  const [hasOidc, setHasOidc] = useState(provider.oidc !== null)
  const [fields, setFields] = useState(() => fieldsOf(provider.oidc))
  const save = useWrite(
    () =>
      hg.identityProviders.replace({
        params: { id: provider.id },
        ifMatch: version,
        body: {
          enabled,
          attributeKeys: linesOf(keys),
          groupPatterns: linesOf(patterns),
          oidc: hasOidc ? oidcOf(fields, provider.oidc) : null,
        },
      }),
    close,
  )
  function submit(event: FormEvent) {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form className={forms.fields} onSubmit={submit} noValidate>
      <Checkbox
        label="Enabled"
        description="Switched off, nobody signs in through it, and what it said stays."
        checked={enabled}
        onChange={event => setEnabled(event.currentTarget.checked)}
      />
      <div className={forms.row}>
        <Textarea
          label="Attribute keys that it may say"
          description="One a line. What is not here is left out."
          autosize
          minRows={2}
          value={keys}
          onChange={event => setKeys(event.currentTarget.value)}
        />
        <Textarea
          label="Groups that it may say"
          description="One a line; * is any run of characters."
          autosize
          minRows={2}
          value={patterns}
          onChange={event => setPatterns(event.currentTarget.value)}
        />
      </div>
      <Checkbox
        label="People sign in through it (OpenID Connect)"
        checked={hasOidc}
        onChange={event => setHasOidc(event.currentTarget.checked)}
      />
      {hasOidc && (
        <Oidc
          fields={fields}
          setFields={setFields}
          hasScim={provider.hasScim}
          hasSecret={provider.oidc?.hasClientSecret}
        />
      )}
      <div className={forms.actions}>
        <Button type="submit" loading={save.isPending}>
          Save
        </Button>
        <Button variant="default" onClick={close}>
          Leave it
        </Button>
      </div>
      <Refusal error={save.error} />
    </form>
  )
}

interface OidcProps {
  readonly fields: OidcFields
  readonly setFields: (fields: OidcFields) => void
  readonly hasScim: boolean
  readonly hasSecret: boolean | undefined
}

function Oidc({ fields, setFields, hasScim, hasSecret = false }: OidcProps) {
  const change = (part: Partial<OidcFields>) => setFields({ ...fields, ...part })
  return (
    <>
      <TextInput
        label="Issuer"
        description="To the letter as the provider's own discovery document has it."
        placeholder="https://login.example.com"
        value={fields.issuer}
        onChange={event => change({ issuer: event.currentTarget.value })}
      />
      <div className={forms.row}>
        <TextInput
          label="Client id"
          autoComplete="off"
          value={fields.clientId}
          onChange={event => change({ clientId: event.currentTarget.value })}
        />
        <NativeSelect
          label="Headgate shows its secret"
          value={fields.clientAuthentication}
          data={[
            { value: 'client_secret_basic', label: 'in a header' },
            { value: 'client_secret_post', label: 'in the body' },
            { value: 'none', label: 'never: a public client' },
          ]}
          onChange={event =>
            change({ clientAuthentication: event.currentTarget.value as OidcFields['clientAuthentication'] })
          }
        />
      </div>
      {fields.clientAuthentication !== 'none' && (
        <PasswordInput
          label="Client secret"
          description={hasSecret ? 'Left empty, the one that is stored stays.' : 'It is sealed, and never shown again.'}
          autoComplete="off"
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the secret', tabIndex: 0 }}
          value={fields.clientSecret}
          onChange={event => change({ clientSecret: event.currentTarget.value })}
        />
      )}
      <div className={forms.row}>
        <TextInput
          label="Claim of the user name"
          value={fields.userNameClaim}
          onChange={event => change({ userNameClaim: event.currentTarget.value })}
        />
        <TextInput
          label="Claim of the full name"
          value={fields.fullNameClaim}
          onChange={event => change({ fullNameClaim: event.currentTarget.value })}
        />
        <TextInput
          label="Claim of the e-mail address"
          value={fields.emailClaim}
          onChange={event => change({ emailClaim: event.currentTarget.value })}
        />
        <TextInput
          label="Scopes"
          description="With spaces between them."
          value={fields.scopes}
          onChange={event => change({ scopes: event.currentTarget.value })}
        />
      </div>
      <Checkbox
        label="Make people at their first sign-in who are unknown here"
        checked={fields.createsUsers}
        onChange={event => change({ createsUsers: event.currentTarget.checked })}
      />
      <Checkbox
        label="Take an e-mail address for a user name though the provider does not say that it was verified"
        checked={fields.trustsEmail}
        onChange={event => change({ trustsEmail: event.currentTarget.checked })}
      />
      {hasScim ? (
        <p className="quiet">Groups, attributes and AWS identities come by SCIM: its mapping stands below.</p>
      ) : (
        <Mapping fields={fields} change={change} />
      )}
    </>
  )
}

interface MappingProps {
  readonly fields: OidcFields
  readonly change: (part: Partial<OidcFields>) => void
}

function Mapping({ fields, change }: MappingProps) {
  return (
    <>
      <div className={forms.row}>
        <Textarea
          label="Claims that are groups"
          description="One a line, such as groups or realm_access.roles. One text that holds several: roles, separated by ;"
          autosize
          minRows={2}
          value={fields.groups}
          onChange={event => change({ groups: event.currentTarget.value })}
        />
        <Textarea
          label="Claims that are attributes"
          description="One a line: claim = key. One text that holds several: teams = Team, separated by ;"
          placeholder="department = Department"
          autosize
          minRows={2}
          value={fields.attributes}
          onChange={event => change({ attributes: event.currentTarget.value })}
        />
      </div>
      <div className={forms.row}>
        <NativeSelect
          label="AWS identity"
          value={fields.principalKind}
          data={[
            { value: '', label: 'It says nothing of it' },
            { value: 'iamRole', label: 'An IAM role' },
            { value: 'iamUser', label: 'An IAM user' },
            { value: 'identityCenterUser', label: 'An Identity Center user' },
          ]}
          onChange={event => change({ principalKind: event.currentTarget.value as OidcFields['principalKind'] })}
        />
        {fields.principalKind !== '' && (
          <TextInput
            label="Claim of the AWS identity"
            value={fields.principalClaim}
            onChange={event => change({ principalClaim: event.currentTarget.value })}
          />
        )}
      </div>
    </>
  )
}
