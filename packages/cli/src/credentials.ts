/** `headgate credentials`: what `credential_process` of an AWS profile calls. The caller's own AWS identity asks AWS. */
import path from 'node:path'
import { AccessDenied, credentialProcess, type Permission } from '@headgate/client'
import { cacheFolder, type Environment } from './connection.ts'
import { Refused } from './refused.ts'

export interface CredentialsFlags {
  readonly target: string
  readonly permission: Permission
  readonly duration?: number
  readonly awsProfile?: string
}

/** @param markCalls sets HEADGATE_CREDENTIALS for whatever we start, so that a profile which calls us is found out */
export async function credentialsCommand(
  { target, permission, duration, awsProfile }: CredentialsFlags,
  environment: Environment,
  markCalls: () => void,
): Promise<void> {
  if (environment.HEADGATE_CREDENTIALS !== undefined)
    throw new Refused(
      'the AWS profile that is to ask for credentials asks `headgate credentials` itself',
      'give --aws-profile a profile with your own AWS identity',
    )
  markCalls()
  try {
    const credentials = await credentialProcess({
      ...{ target, permission, durationSeconds: duration, profile: awsProfile },
      region: environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION,
      endpoint: environment.AWS_ENDPOINT_URL,
      cacheFolder: path.join(cacheFolder(environment), 'credentials'),
    })
    process.stdout.write(`${JSON.stringify(credentials)}\n`)
  } catch (error) {
    throw inWords(error, target, environment)
  }
}

function inWords(error: unknown, target: string, { HEADGATE_URL }: Environment): unknown {
  if (!(error instanceof Error)) return error
  if (error.name === 'CredentialsProviderError')
    return new Refused(
      `your own AWS identity is not to be found: ${error.message}`,
      'give --aws-profile a profile that has one, and that does not call `headgate credentials` itself',
    )
  if (!(error instanceof AccessDenied)) return new Refused(error.message)
  const explain = `${HEADGATE_URL ?? 'Headgate'}/app/access?path=${encodeURIComponent(target.replace(/\*$/, ''))}`
  return error.layer === 'grant'
    ? new Refused(error.message, `why, and what would change it: ${explain}`)
    : new Refused(error.message, 'ask whoever looks after your AWS account for s3:GetDataAccess')
}
