/** What somebody has typed about an integration that is to be, and what the API makes of it. Pure. */
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import { type Credentials, noCredentials } from './credentials.tsx'

export interface TypedIntegration extends Credentials {
  readonly name: string
  readonly account: string
  readonly region: string
  readonly path: string
  readonly locationRole: string
  /** Below `s3://` only; one a line or separated by commas. */
  readonly buckets: string
  readonly keys: string
  readonly features: readonly string[]
}

export const nothingTyped: TypedIntegration = {
  ...noCredentials,
  ...{ name: '', account: '', region: '', path: 's3://', locationRole: '', buckets: '', keys: '', features: [] },
}

type SetupInput = z.input<typeof api.integrations.prepareSetup.body>
type Feature = NonNullable<SetupInput['features']>[number]

/** Roles that are not typed get the names that the documents propose. */
export function setupOfTyped(typed: TypedIntegration): SetupInput {
  const locationRole = typed.locationRole.trim()
  const roleArn = typed.method === 'assumeRole' ? typed.roleArn.trim() : ''
  return {
    ...placeOf(typed),
    ...(locationRole !== '' && { awsLocationRole: locationRole }),
    ...(roleArn !== '' && { awsRoleArn: roleArn }),
    buckets: listed(typed.buckets),
    kmsKeyArns: listed(typed.keys),
    features: [...typed.features] as Feature[],
  }
}

export function integrationOfTyped(typed: TypedIntegration): z.input<typeof api.integrations.create.body> {
  const common = { name: typed.name, ...placeOf(typed), awsLocationRole: typed.locationRole.trim() }
  const config =
    typed.method === 'accessKey'
      ? {
          ...common,
          authenticationType: typed.method,
          awsAccessKeyId: typed.keyId.trim(),
          awsSecretAccessKey: typed.secret,
        }
      : typed.method === 'assumeRole'
        ? { ...common, authenticationType: typed.method, awsRoleArn: typed.roleArn.trim() }
        : { ...common, authenticationType: typed.method }
  return { type: 'Native S3', autoBootstrap: false, config }
}

/** What is still to be said before anything can be checked, as it goes into a sentence. */
export function gapsOf(typed: TypedIntegration): readonly string[] {
  const { method, keyId, secret, roleArn } = typed
  const asked: readonly (readonly [string, string])[] = [
    ['a name', typed.name],
    ...placeGaps(typed),
    ['the location role', typed.locationRole],
    ...(method === 'accessKey'
      ? ([
          ['the access key id', keyId],
          ['its secret', secret],
        ] as const)
      : []),
    ...(method === 'assumeRole' ? ([['the role to assume', roleArn]] as const) : []),
  ]
  return emptyOf(asked)
}

/** The same before the documents can be filled in. */
export function placeGapsOf(typed: TypedIntegration): readonly string[] {
  return emptyOf(placeGaps(typed))
}

function placeGaps({ account, region, path }: TypedIntegration): readonly (readonly [string, string])[] {
  return [
    ['the account', account],
    ['the region', region],
    ['the location', path],
  ]
}

function emptyOf(asked: readonly (readonly [string, string])[]): readonly string[] {
  return asked.filter(([, text]) => text.trim() === '').map(([what]) => what)
}

function placeOf({ account, region, path }: TypedIntegration) {
  return { awsAccountId: account.replaceAll(/[\s-]/g, ''), awsRegion: region.trim(), awsLocationPath: path.trim() }
}

function listed(text: string): string[] {
  return text.split(/[\s,]+/).filter(item => item !== '')
}
