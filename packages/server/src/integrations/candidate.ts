/** What somebody asks an integration to be, and what it is, in the words of the validation and of the store. */
import { normaliseLocationPath } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { type AwsCredentials, type AwsTarget, type IntegrationAccess, secretContext } from '../aws/clients.ts'
import type { IntegrationConfig, IntegrationRow } from '../db/integration.ts'
import type { IntegrationEdit } from '../db/schema.ts'
import type { Vault } from '../secrets.ts'
import type { Candidate } from './validate.ts'

type Config = z.output<typeof api.integrations.create.body>['config']

/** @throws Problem `request-invalid` for a path that is none */
export function candidateOf(config: Config): Candidate {
  return {
    name: config.name,
    accountId: config.awsAccountId,
    region: config.awsRegion,
    locationRole: config.awsLocationRole,
    locationPath: normalisedPath(config.awsLocationPath, 'config.awsLocationPath'),
    authenticationType: config.authenticationType,
  }
}

/** @throws Problem `request-invalid` */
export function normalisedPath(text: string, field: string): string {
  const path = normaliseLocationPath(text)
  if (!path.ok) throw new Problem('request-invalid', { reason: `${field}: ${path.message}` })
  return path.locationPath
}

export function candidateOfRow(row: IntegrationRow, edit?: IntegrationEdit): Candidate {
  return {
    name: edit?.name ?? row.name,
    accountId: row.account_id,
    region: row.region,
    locationRole: edit?.locationRole ?? row.location_role,
    locationPath: row.location_path,
    authenticationType: edit?.authenticationType ?? row.authentication_type,
  }
}

export function targetOf(config: Config): AwsTarget {
  return { accountId: config.awsAccountId, region: config.awsRegion, credentials: credentialsOf(config) }
}

function credentialsOf(config: Config): AwsCredentials {
  switch (config.authenticationType) {
    case 'auto':
      return 'auto'
    case 'accessKey':
      return { accessKeyId: config.awsAccessKeyId, secretAccessKey: config.awsSecretAccessKey }
    case 'assumeRole':
      return { assumedRole: config.awsRoleArn }
  }
}

/** The integration as it will be reached once the edit is in force. */
export function accessAfter(row: IntegrationRow, edit: IntegrationEdit): IntegrationAccess {
  return {
    ...row,
    authentication_type: edit.authenticationType,
    access_key_id: edit.accessKeyId,
    secret_access_key: edit.secretAccessKey,
    assumed_role: edit.assumedRole,
  }
}

/** @param intent of the row: its secret opens for no other */
export function configToStore(vault: Vault, config: Config, intent: string): IntegrationConfig {
  const isKey = config.authenticationType === 'accessKey'
  return {
    ...candidateOf(config),
    accessKeyId: isKey ? config.awsAccessKeyId : null,
    secretAccessKey: isKey ? vault.seal(config.awsSecretAccessKey, secretContext(intent)) : null,
    assumedRole: config.authenticationType === 'assumeRole' ? config.awsRoleArn : null,
  }
}

/** What is stored of an integration that is over: its key id stays readable, its secret is gone. */
export function withoutSecret(vault: Vault, { intent, secret_access_key: secret }: IntegrationRow) {
  if (secret === null) return {}
  return { secret_access_key: JSON.stringify(vault.seal('', secretContext(intent))) }
}
