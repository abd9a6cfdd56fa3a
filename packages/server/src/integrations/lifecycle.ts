/**
 * The life of an integration:
 *
 *   creating → enabled | createError      createError → creating (created again)
 *   enabled, createError, deleteError, recurringValidationError → deleting → deleted | deleteError
 *
 * What a call decides is committed before AWS is changed, and the rest happens in the background from the stored state
 * alone: `resumeIntegrations` takes up after a crash what was begun.
 */
import { randomUUID } from 'node:crypto'
import { normaliseLocationPath } from '@headgate/core'
import { type api, type IntegrationStatus, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import { type AwsTarget, secretContext } from '../aws/clients.ts'
import type { Pause } from '../background.ts'
import { type Actor, act, type Done } from '../db/act.ts'
import {
  countActiveDataSources,
  disableDataSources,
  findIntegration,
  type IntegrationConfig,
  type IntegrationRow,
  insertIntegration,
  listIntegrations,
  lockIntegration,
  moveIntegration,
  restartIntegration,
  unfinishedIntegrations,
} from '../db/integration.ts'
import type { World } from '../world.ts'
import { finishDeleting } from './delete-location.ts'
import { foreignGrants } from './foreign-grants.ts'
import { registerLocation } from './register-location.ts'
import { type Candidate, type Validation, validateExisting, validateNew } from './validate.ts'

export type IntegrationInput = z.output<typeof api.integrations.create.body>

/**
 * Validates, stores as `creating`, and registers the location in the background.
 *
 * One whose creation failed is begun again by sending the same name, account, region and path; role and credentials
 * may be other ones.
 * @throws Problem with `validation`: `integration-exists`, `integration-name-taken`, `integration-location-exists`,
 *   `validation-failed`, `aws-unreachable`, `aws-refused`; `request-invalid` for a path that is none
 */
export async function createIntegration(
  world: World,
  actor: Actor,
  { config }: IntegrationInput,
): Promise<Done<IntegrationRow>> {
  const candidate = candidateOf(config)
  const inUse = await listIntegrations(world.db.kysely)
  const earlier = inUse.find(row => row.status === 'createError' && isSame(row, candidate))
  const others = inUse.filter(row => row !== earlier)
  const credentials = config.authenticationType === 'auto' ? 'auto' : credentialsOf(config)
  const validation = await world.aws.trying(targetOf(candidate, credentials), aws =>
    validateNew(aws, candidate, others, earlier?.intent),
  )
  if (validation.problem) throw validation.problem

  const intent = earlier?.intent ?? randomUUID()
  const stored = configToStore(world, candidate, credentials, intent)
  const done = await store(world, actor, stored, intent, earlier, validation)
  startRegistering(world, done.result.id)
  return done
}

/**
 * Begins the deletion: our grants go (by the change loop), then the location (in the background).
 *
 * An integration that is `deleting` already is answered as it is. A failed test of role or path is shown and hinders
 * nothing, since removing what we made needs neither; without working credentials there is no way.
 * @throws Problem `integration-not-found`, `integration-busy`, `integration-has-data-sources`,
 *   `integration-has-foreign-grants`, `validation-failed`, `aws-unreachable`, `aws-refused`
 */
export async function removeIntegration(
  world: World,
  actor: Actor,
  id: number,
  { disableSources }: { readonly disableSources: boolean },
): Promise<Done<IntegrationRow>> {
  const integration = await findIntegration(world.db.kysely, id)
  if (!integration || integration.status === 'deleted') throw new Problem('integration-not-found', { id })
  if (integration.status === 'creating') throw busy(integration)
  if (integration.status === 'deleting') {
    continueDeleting(world, id)
    return { result: integration }
  }
  if (!disableSources) await refuseDataSources(world.db.kysely, id)
  const aws = world.aws.of(integration)
  const validation = await validateExisting(aws, candidateOfRow(integration))
  if (validation.problem && hindersDeleting(validation)) throw validation.problem
  if (!validation.failed.includes(5)) await refuseForeignGrants(world, integration)

  const done = await act(world.db, actor, async act => {
    const moved = await moveIntegration(act, id, {
      from: deletable,
      to: 'deleting',
      event: 'IntegrationDeletionStarted',
      validation: validation.results,
    })
    if (!moved) throw busy((await lockIntegration(act.tx, id)) ?? integration)
    if (disableSources) await disableDataSources(act, id)
    else await refuseDataSources(act.tx, id)
    return moved
  })
  continueDeleting(world, id)
  return done
}

/** To be called whenever an integration that is `deleting` may have lost the last of its grants. Does not wait. */
export function continueDeleting(world: World, id: number): void {
  inBackground(world, id, pause => finishDeleting(world, id, pause))
}

/** At start: takes up every creation and deletion that was begun and not ended. */
export async function resumeIntegrations(world: World): Promise<void> {
  for (const { id, status } of await unfinishedIntegrations(world.db.kysely)) {
    if (status === 'creating') startRegistering(world, id)
    else continueDeleting(world, id)
  }
}

function startRegistering(world: World, id: number): void {
  inBackground(world, id, pause => registerLocation(world, id, pause))
}

/** What AWS refuses ends in a state of the integration; anything else (the database is away) is tried until it works. */
function inBackground(world: World, id: number, work: (pause: Pause) => Promise<void>): void {
  world.background.run(`integration/${id}`, async pause => {
    for (let waitMs = 1000; ; waitMs = Math.min(2 * waitMs, 60_000)) {
      try {
        return await work(pause)
      } catch (error) {
        world.log.error({ err: error, integration: id, waitMs }, 'integration work failed, trying again')
        await pause(waitMs)
      }
    }
  })
}

const deletable: readonly IntegrationStatus[] = ['enabled', 'createError', 'deleteError', 'recurringValidationError']

/** 4 and whatever AWS would not answer; a missing instance (5) has no grants and no location any more. */
function hindersDeleting({ failed, problem }: Validation): boolean {
  return failed.includes(4) || (problem !== undefined && problem.code !== 'validation-failed')
}

function candidateOf(config: IntegrationInput['config']): Candidate {
  const path = normaliseLocationPath(config.awsLocationPath)
  if (!path.ok) throw new Problem('request-invalid', { reason: `config.awsLocationPath: ${path.message}` })
  return {
    name: config.name,
    accountId: config.awsAccountId,
    region: config.awsRegion,
    locationRole: config.awsLocationRole,
    locationPath: path.locationPath,
    authenticationType: config.authenticationType,
  }
}

function candidateOfRow(row: IntegrationRow): Candidate {
  return {
    name: row.name,
    accountId: row.account_id,
    region: row.region,
    locationRole: row.location_role,
    locationPath: row.location_path,
    authenticationType: row.authentication_type,
  }
}

function isSame(row: IntegrationRow, candidate: Candidate): boolean {
  return (
    row.name === candidate.name &&
    row.account_id === candidate.accountId &&
    row.region === candidate.region &&
    row.location_path === candidate.locationPath
  )
}

type Credentials = AwsTarget['credentials']

function credentialsOf(config: Extract<IntegrationInput['config'], { authenticationType: 'accessKey' }>): Credentials {
  return { accessKeyId: config.awsAccessKeyId, secretAccessKey: config.awsSecretAccessKey }
}

function targetOf({ accountId, region }: Candidate, credentials: Credentials): AwsTarget {
  return { accountId, region, credentials }
}

function configToStore(
  { vault }: World,
  candidate: Candidate,
  credentials: Credentials,
  intent: string,
): IntegrationConfig {
  if (credentials === 'auto') return { ...candidate, accessKeyId: null, secretAccessKey: null }
  const secretAccessKey = vault.seal(credentials.secretAccessKey, secretContext(intent))
  return { ...candidate, accessKeyId: credentials.accessKeyId, secretAccessKey }
}

async function store(
  world: World,
  actor: Actor,
  config: IntegrationConfig,
  intent: string,
  earlier: IntegrationRow | undefined,
  { results }: Validation,
): Promise<Done<IntegrationRow>> {
  try {
    return await act(world.db, actor, async act => {
      if (!earlier) return insertIntegration(act, intent, config, results)
      const restarted = await restartIntegration(act, earlier.id, config, results)
      if (!restarted) throw busy((await lockIntegration(act.tx, earlier.id)) ?? earlier)
      return restarted
    })
  } catch (error) {
    throw (await takenMeanwhile(world, config, error)) ?? error
  }
}

/** Two calls at once both pass the tests; the unique indexes let one through. */
async function takenMeanwhile(
  world: World,
  { name, accountId: account, region, locationPath: path }: IntegrationConfig,
  error: unknown,
): Promise<Problem | undefined> {
  const constraint = error instanceof Error && 'constraint' in error ? error.constraint : undefined
  if (constraint !== 'integration_path' && constraint !== 'integration_name') return undefined
  const inUse = await listIntegrations(world.db.kysely)
  if (constraint === 'integration_name') {
    const id = inUse.find(row => row.name === name)?.id ?? 0
    return new Problem('integration-name-taken', { name, id }, { cause: error })
  }
  const same = inUse.find(row => row.account_id === account && row.region === region && row.location_path === path)
  return new Problem('integration-exists', { path, account, region, id: same?.id ?? 0 }, { cause: error })
}

function busy({ id, status }: IntegrationRow): Problem {
  return new Problem('integration-busy', { id, status })
}

async function refuseDataSources(db: World['db']['kysely'], id: number): Promise<void> {
  const count = await countActiveDataSources(db, id)
  if (count > 0) throw new Problem('integration-has-data-sources', { id, count })
}

/** How many of them an answer names. */
const shownGrants = 100

async function refuseForeignGrants(world: World, integration: IntegrationRow): Promise<void> {
  const { id, aws_location_id: location } = integration
  const foreign = await foreignGrants(world, world.aws.of(integration), integration).catch(error => {
    throw error instanceof AwsFailure ? problemOfAws(error) : error
  })
  if (foreign.length === 0) return
  const grants = foreign.slice(0, shownGrants).map(grant => ({
    id: grant.id,
    grantee: grant.grantee.identifier,
    permission: grant.permission,
    scope: grant.grantScope,
  }))
  throw new Problem('integration-has-foreign-grants', { id, location, count: foreign.length, grants })
}
