/** The set-up of a target, with what only AWS knows filled in: whose key it is, and who this server is. */

import { accountOf } from '@headgate/core'
import type { TargetSetup } from '@headgate/core/api'
import { AwsFailure } from '../aws/aws-error.ts'
import type { AwsCredentials } from '../aws/clients.ts'
import { callerIdentity } from '../aws/identity.ts'
import { tenantId } from '../db/deployment.ts'
import type { TargetRow } from '../db/export-target.ts'
import { partitionOf } from '../integrations/aws-actions.ts'
import type { World } from '../world.ts'
import { targetSetupDocuments } from './setup-documents.ts'
import { targetOfRow } from './target.ts'

type Asks = Pick<World, 'db' | 'vault' | 'aws'>

interface Wanted {
  readonly bucketName: string
  readonly region: string
  readonly path: string
  readonly principal: string
  readonly trustedPrincipal?: string | undefined
  readonly kmsKeyArn?: string | undefined
}

export async function setupOfWanted(world: Asks, wanted: Wanted): Promise<TargetSetup> {
  const { principal, region, trustedPrincipal } = wanted
  const trusted = principal.includes(':role/')
    ? (trustedPrincipal ?? (await whoWeAre(world, principal, region)))
    : undefined
  return targetSetupDocuments({ ...wanted, tenantId: await tenantId(world.db.kysely), trusted })
}

/** Of one that is stored. */
export async function setupOfTarget(world: Asks, row: TargetRow): Promise<TargetSetup> {
  const { bucketName, region, path, credentials, kmsKeyArn } = targetOfRow(world.vault, row)
  const principal =
    'assumedRole' in credentials
      ? credentials.assumedRole
      : ((await arnOf(world, region, credentials)) ?? `<ARN of the user with access key ${credentials.accessKeyId}>`)
  return setupOfWanted(world, { bucketName, region, path, principal, kmsKeyArn })
}

/** Without credentials of its own: anybody of the role's account, for the admin to narrow. */
async function whoWeAre(world: Asks, roleArn: string, region: string): Promise<string> {
  const arn = await arnOf(world, region, 'auto')
  return arn ?? `arn:${partitionOf(region)}:iam::${accountOf(roleArn)}:root`
}

/** A session's role rather than the session: it is another one tomorrow. Undefined where AWS does not say. */
async function arnOf({ aws }: Asks, region: string, credentials: AwsCredentials): Promise<string | undefined> {
  try {
    const { arn } = await aws.trying({ accountId: '', region, credentials }, callerIdentity)
    return arn.replace(/^(arn:[^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, '$1:iam::$2:role/$3')
  } catch (error) {
    if (error instanceof AwsFailure) return undefined
    throw error
  }
}
