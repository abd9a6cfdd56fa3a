/** An integration as the API shows it: the documented shape, never the secret. */
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { IntegrationRow } from '../db/integration.ts'

type Summary = z.input<typeof api.integrations.create.response>
type Whole = z.input<typeof api.integrations.get.response>

/** What creating and deleting answer. */
export function presentSummary(row: IntegrationRow): Summary {
  return { id: String(row.id), status: row.status, validationResults: row.validation }
}

export function presentIntegration(row: IntegrationRow): Whole {
  return {
    ...presentSummary(row),
    type: 'Native S3',
    autoBootstrap: false,
    config: {
      port: 443,
      name: row.name,
      awsAccountId: row.account_id,
      awsRegion: row.region,
      awsLocationRole: row.location_role,
      awsLocationPath: row.location_path,
      authenticationType: row.authentication_type,
      ...(row.access_key_id === null ? {} : { awsAccessKeyId: row.access_key_id, awsSecretAccessKey: '<REDACTED>' }),
      ...(row.assumed_role === null ? {} : { awsRoleArn: row.assumed_role }),
    },
    ...(row.status_message === null ? {} : { statusMessage: row.status_message }),
  }
}
