/** Whatever a set-up is asked for by, filled in where nothing was said. */
import type { api, SetupFeature } from '@headgate/core/api'
import type { z } from 'zod'
import type { IntegrationRow } from '../db/integration.ts'
import { partitionOf } from './aws-actions.ts'
import { normalisedPath } from './candidate.ts'
import type { Setup } from './setup-documents.ts'

/** Before anything is stored. @throws Problem `request-invalid` for a path that is none */
export function setupOf(input: z.output<typeof api.integrations.prepareSetup.body>, tenantId: string): Setup {
  const { awsAccountId: accountId, awsRegion: region } = input
  return filledIn({
    ...input,
    accountId,
    region,
    tenantId,
    locationPath: normalisedPath(input.awsLocationPath, 'awsLocationPath'),
    locationRole: input.awsLocationRole ?? roleNamed('headgate-access-grants-location', { accountId, region }),
    assumedRole: input.awsRoleArn,
  })
}

interface Asked {
  readonly features?: readonly SetupFeature[] | undefined
  readonly kmsKeyArns?: readonly string[] | undefined
  readonly trustedPrincipal?: string | undefined
}

/** For one that is stored. @param buckets of its data sources */
export function setupOfRow(
  row: IntegrationRow,
  asked: Asked,
  known: { readonly tenantId: string; readonly buckets: readonly string[] },
): Setup {
  return filledIn({
    ...asked,
    ...known,
    accountId: row.account_id,
    region: row.region,
    locationPath: row.location_path,
    locationRole: row.location_role,
    assumedRole: row.assumed_role ?? undefined,
  })
}

interface Known extends Asked {
  readonly accountId: string
  readonly region: string
  readonly tenantId: string
  readonly locationPath: string
  readonly locationRole: string
  readonly assumedRole: string | undefined
  readonly buckets: readonly string[]
}

function filledIn(known: Known): Setup {
  const { accountId, region, locationPath, locationRole, tenantId, features = [], kmsKeyArns = [] } = known
  const controllerRole = known.assumedRole ?? roleNamed('headgate-controller', known)
  const account = `arn:${partitionOf(region)}:iam::${accountId}`
  const bucket = locationPath.slice('s3://'.length).split('/')[0] ?? ''
  return {
    place: {
      accountId,
      region,
      locationPath,
      locationRole,
      tenantId,
      // Whoever is given an access key instead of a role makes a user of that name.
      controllers: [controllerRole, `${account}:user/headgate-controller`],
      buckets: locationPath === 's3://' ? [...new Set(known.buckets)] : [bucket],
    },
    controllerRole,
    trustedPrincipal: known.trustedPrincipal ?? `${account}:root`,
    kmsKeyArns,
    features,
  }
}

function roleNamed(name: string, { accountId, region }: Pick<Known, 'accountId' | 'region'>): string {
  return `arn:${partitionOf(region)}:iam::${accountId}:role/${name}`
}
