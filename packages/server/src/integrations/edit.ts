/**
 * Editing an integration: name, credentials, authentication method and location role. Validated as it is to be, stored
 * beside the configuration in force, and put in its place once AWS has followed, in the background.
 */
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { secretContext } from '../aws/clients.ts'
import { type Actor, act, type Done } from '../db/act.ts'
import { tenantId } from '../db/deployment.ts'
import { findIntegration, type IntegrationRow, listIntegrations, lockIntegration } from '../db/integration.ts'
import { beginEdit, editable } from '../db/integration-edit.ts'
import { bucketsInUse } from '../db/integration-use.ts'
import type { IntegrationEdit } from '../db/schema.ts'
import type { Vault } from '../secrets.ts'
import type { World } from '../world.ts'
import { accessAfter, candidateOfRow, normalisedPath } from './candidate.ts'
import { carryOn } from './lifecycle.ts'
import { busy } from './refusals.ts'
import { validateEdit } from './validate.ts'

export type EditInput = z.output<typeof api.integrations.update.body>

/**
 * From `deleting` too: who must give other credentials for a deletion to get on edits, then deletes again.
 * @param version that the caller has read
 * @throws Problem `integration-not-found`, `integration-disabled`, `integration-busy`, `version-stale`,
 *   `request-invalid` naming the field; with `validation`: `integration-name-taken`, `validation-failed`,
 *   `aws-unreachable`, `aws-refused`
 */
export async function editIntegration(
  world: World,
  actor: Actor,
  id: number,
  version: number,
  { config }: EditInput,
): Promise<Done<IntegrationRow>> {
  const { kysely } = world.db
  const row = await findIntegration(kysely, id)
  if (!row) throw new Problem('integration-not-found', { id })
  refuseUnlessEditable(row, version)
  refuseFixed(row, config)
  const edit = editOf(world.vault, row, config)
  const others = (await listIntegrations(kysely)).filter(other => other.id !== id)
  const owner = { tenantId: await tenantId(kysely), intent: row.intent, buckets: await bucketsInUse(kysely, id) }
  const validation = await world.aws.aside(accessAfter(row, edit), aws =>
    validateEdit(aws, candidateOfRow(row, edit), others, owner),
  )
  if (validation.problem) throw validation.problem

  const done = await act(world.db, actor, async act => {
    // Whatever came between is found under the lock: what was validated is what is stored.
    refuseUnlessEditable((await lockIntegration(act.tx, id)) ?? row, version)
    const begun = await beginEdit(act, row, edit, validation.results)
    if (!begun) throw busy(row)
    return begun
  })
  carryOn(world, id)
  return done
}

function refuseUnlessEditable(row: IntegrationRow, version: number): void {
  if (!editable.includes(row.status)) throw busy(row)
  if (row.version !== version) throw new Problem('version-stale', { version: row.version })
}

type EditConfig = EditInput['config']

/** What never changes is taken as it is, and refused by name when it is another. */
function refuseFixed(row: IntegrationRow, config: EditConfig): void {
  const { awsAccountId, awsRegion, awsLocationPath, port } = config
  const never = 'never changes: create another integration for it'
  if (awsAccountId !== undefined && awsAccountId !== row.account_id) throw wrong('awsAccountId', never)
  if (awsRegion !== undefined && awsRegion !== row.region) throw wrong('awsRegion', never)
  if (awsLocationPath !== undefined) {
    const path = normalisedPath(awsLocationPath, 'config.awsLocationPath')
    if (path !== row.location_path) throw wrong('awsLocationPath', never)
  }
  if (port !== undefined && port !== 443) throw wrong('port', 'never changes: leave it out')
}

/** How a secret is shown; sent back, it stands for the one that is stored. */
const redacted = '<REDACTED>'

function editOf(vault: Vault, row: IntegrationRow, config: EditConfig): IntegrationEdit {
  const authenticationType = config.authenticationType ?? row.authentication_type
  const common = {
    name: config.name ?? row.name,
    locationRole: config.awsLocationRole ?? row.location_role,
    authenticationType,
  }
  const stranger = strangers[authenticationType].find(field => config[field] !== undefined)
  if (stranger)
    throw wrong(stranger, `does not go with the authentication type \`${authenticationType}\`: leave it out`)
  const none = { accessKeyId: null, secretAccessKey: null, assumedRole: null }
  if (authenticationType === 'auto') return { ...common, ...none }
  if (authenticationType === 'assumeRole') {
    const assumedRole = config.awsRoleArn ?? row.assumed_role
    if (assumedRole === null) throw wrong('awsRoleArn', 'is missing: name the role to assume')
    return { ...common, ...none, assumedRole }
  }
  const accessKeyId = config.awsAccessKeyId ?? row.access_key_id
  if (accessKeyId === null) throw wrong('awsAccessKeyId', 'is missing: send the key')
  const { awsSecretAccessKey: secret } = config
  if (secret !== undefined && secret !== redacted) {
    return { ...common, ...none, accessKeyId, secretAccessKey: vault.seal(secret, secretContext(row.intent)) }
  }
  if (row.secret_access_key === null || accessKeyId !== row.access_key_id) {
    throw wrong('awsSecretAccessKey', 'is missing: the stored one belongs to another key, or there is none')
  }
  return { ...common, ...none, accessKeyId, secretAccessKey: row.secret_access_key }
}

const strangers = {
  auto: ['awsAccessKeyId', 'awsSecretAccessKey', 'awsRoleArn'],
  assumeRole: ['awsAccessKeyId', 'awsSecretAccessKey'],
  accessKey: ['awsRoleArn'],
} as const

function wrong(field: keyof EditConfig, message: string): Problem {
  const path = `body.config.${field}`
  return new Problem('request-invalid', { reason: `\`${path}\` ${message}`, issues: [{ path, message }] })
}
