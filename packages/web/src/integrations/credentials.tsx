/** How Headgate signs in to the account: the method, and what goes with it. The same for a new integration and an edit. */
import type { AuthenticationType, Integration } from '@headgate/core/api'
import { NativeSelect, PasswordInput, TextInput } from '@mantine/core'

export interface Credentials {
  readonly method: AuthenticationType
  readonly keyId: string
  readonly secret: string
  readonly roleArn: string
}

export const noCredentials: Credentials = { method: 'assumeRole', keyId: '', secret: '', roleArn: '' }

export function credentialsOf({ authenticationType, awsAccessKeyId, awsRoleArn }: Integration['config']): Credentials {
  return { method: authenticationType, keyId: awsAccessKeyId ?? '', secret: '', roleArn: awsRoleArn ?? '' }
}

const methods: readonly { readonly value: AuthenticationType; readonly label: string }[] = [
  { value: 'assumeRole', label: 'a role that it assumes' },
  { value: 'auto', label: 'the credentials that it itself runs with' },
  { value: 'accessKey', label: 'an access key' },
]

interface Props {
  readonly value: Credentials
  readonly onChange: (change: Partial<Credentials>) => void
  /** Whether a secret is stored that may stay. */
  readonly keepsSecret: boolean
}

export function CredentialFields({ value: { method, keyId, secret, roleArn }, onChange, keepsSecret }: Props) {
  return (
    <>
      <NativeSelect
        label="Headgate signs in with"
        value={method}
        data={[...methods]}
        onChange={event => onChange({ method: event.currentTarget.value as AuthenticationType })}
      />
      {method === 'accessKey' && (
        <>
          <TextInput
            label="Access key id"
            value={keyId}
            autoComplete="off"
            onChange={event => onChange({ keyId: event.currentTarget.value })}
          />
          <PasswordInput
            label="Secret access key"
            description={
              keepsSecret
                ? 'Left empty, the one that is stored stays, as long as the key id does.'
                : 'Stored encrypted, and never shown again.'
            }
            value={secret}
            autoComplete="off"
            visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the secret', tabIndex: 0 }}
            onChange={event => onChange({ secret: event.currentTarget.value })}
          />
        </>
      )}
      {method === 'assumeRole' && (
        <TextInput
          label="Role to assume"
          description="Its whole ARN. Its trust policy is among the set-up documents."
          placeholder="arn:aws:iam::111122223333:role/headgate-controller"
          value={roleArn}
          onChange={event => onChange({ roleArn: event.currentTarget.value })}
        />
      )}
      {method === 'auto' && (
        <p className="quiet small">
          The default chain of the AWS SDK: the role of the machine or container that Headgate runs on, or its
          environment. They must be of the account above.
        </p>
      )}
    </>
  )
}
