/** A bucket and how Headgate gets in, as somebody types it: shared by whatever is exported. */
import type { AccessExport } from '@headgate/core/api'
import { NativeSelect, PasswordInput, TextInput } from '@mantine/core'
import forms from '../ui/form.module.css'

export interface TypedTarget {
  readonly bucketName: string
  readonly region: string
  readonly path: string
  readonly method: AccessExport['authenticationType']
  readonly roleArn: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly kmsKeyArn: string
}

interface Props {
  readonly typed: TypedTarget
  readonly onChange: (typed: TypedTarget) => void
  /** Whether a secret is stored that may stay. */
  readonly hasSecret: boolean
}

export function TargetFields({ typed, onChange, hasSecret }: Props) {
  const field = (name: keyof TypedTarget) => ({
    value: typed[name],
    onChange: (event: { readonly currentTarget: { readonly value: string } }) =>
      onChange({ ...typed, [name]: event.currentTarget.value }),
  })
  return (
    <>
      <div className={forms.row}>
        <TextInput label="Bucket" placeholder="acme-reviews" {...field('bucketName')} />
        <TextInput label="Region" placeholder="eu-west-1" {...field('region')} />
        <TextInput label="Folder in it" placeholder="none: the whole bucket" {...field('path')} />
      </div>
      <NativeSelect
        label="Headgate signs in with"
        data={[
          { value: 'iamRole', label: 'a role that it assumes' },
          { value: 'accessKey', label: 'an access key' },
        ]}
        {...field('method')}
      />
      {typed.method === 'iamRole' ? (
        <TextInput
          label="Role to assume"
          description="Its whole ARN. Its trust policy must ask for the external id, as the one below does."
          placeholder="arn:aws:iam::111122223333:role/headgate-export"
          {...field('roleArn')}
        />
      ) : (
        <div className={forms.row}>
          <TextInput label="Access key id" autoComplete="off" {...field('accessKeyId')} />
          <PasswordInput
            label="Secret access key"
            description={
              hasSecret ? 'Left empty, the stored one stays, as long as the key id does.' : 'Sealed, and never shown.'
            }
            autoComplete="off"
            {...field('secretAccessKey')}
          />
        </div>
      )}
      <TextInput
        label="KMS key"
        description="Its whole ARN; left empty, files are encrypted as the bucket says."
        {...field('kmsKeyArn')}
      />
    </>
  )
}

export const nothingTyped: TypedTarget = {
  bucketName: '',
  region: '',
  path: '',
  method: 'iamRole',
  roleArn: '',
  accessKeyId: '',
  secretAccessKey: '',
  kmsKeyArn: '',
}

type Target = Pick<
  AccessExport,
  'bucketName' | 'region' | 'path' | 'authenticationType' | 'roleArn' | 'accessKeyId' | 'kmsKeyArn'
>

export function typedOf(target: Target): TypedTarget {
  const { bucketName, region, path, authenticationType: method } = target
  const { roleArn = '', accessKeyId = '', kmsKeyArn = '' } = target
  return { bucketName, region, path, method, roleArn, accessKeyId, secretAccessKey: '', kmsKeyArn }
}

/** What the server cannot do without and is not there yet, as it goes into a sentence. */
export function gapsOf(typed: TypedTarget, hasSecret: boolean): readonly string[] {
  const { method, roleArn, accessKeyId, secretAccessKey } = typed
  const entered: readonly (readonly [what: string, text: string])[] =
    method === 'iamRole'
      ? [['the role to assume', roleArn]]
      : [['the access key id', accessKeyId], ...(hasSecret ? [] : [['its secret', secretAccessKey] as const])]
  return [...placeGapsOf(typed), ...entered.filter(isEmpty).map(([what]) => what)]
}

/** The same of where it is. */
export function placeGapsOf({ bucketName, region }: TypedTarget): readonly string[] {
  const asked = [['the bucket', bucketName] as const, ['the region', region] as const]
  return asked.filter(isEmpty).map(([what]) => what)
}

function isEmpty([, text]: readonly [what: string, text: string]): boolean {
  return text.trim() === ''
}

/** What the API takes for a new one. */
export function bodyOf<Settings extends object>(typed: TypedTarget, settings: Settings) {
  const place = { ...settings, ...placeOf(typed) }
  if (typed.method === 'iamRole') {
    return { ...place, authenticationType: 'iamRole' as const, roleArn: typed.roleArn.trim() }
  }
  const { accessKeyId, secretAccessKey } = typed
  return { ...place, authenticationType: 'accessKey' as const, accessKeyId: accessKeyId.trim(), secretAccessKey }
}

/** What the API takes for a change: a secret that is left out stays. */
export function editOf<Settings extends object>(typed: TypedTarget, settings: Settings) {
  if (typed.method === 'iamRole' || typed.secretAccessKey !== '') return bodyOf(typed, settings)
  const place = { ...settings, ...placeOf(typed) }
  return { ...place, authenticationType: 'accessKey' as const, accessKeyId: typed.accessKeyId.trim() }
}

/** Where, without how to get in. */
export function placeOf({ bucketName, region, path, kmsKeyArn }: TypedTarget) {
  const place = { bucketName: bucketName.trim(), region: region.trim(), path: path.trim() }
  return { ...place, ...given('kmsKeyArn', kmsKeyArn) }
}

/** Nothing where nothing was typed. */
export function given<Name extends string>(name: Name, text: string): { readonly [N in Name]?: string } {
  const trimmed = text.trim()
  return (trimmed === '' ? {} : { [name]: trimmed }) as { readonly [N in Name]?: string }
}
