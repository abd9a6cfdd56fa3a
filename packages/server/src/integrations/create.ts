/** Making an integration: validated, stored as `creating`, and its location registered in the background. */
import { randomUUID } from 'node:crypto'
import { type api, Problem, type ValidationResults } from '@headgate/core/api'
import type { z } from 'zod'
import { type Actor, act, type Done } from '../db/act.ts'
import { tenantId } from '../db/deployment.ts'
import {
  type IntegrationConfig,
  type IntegrationRow,
  insertIntegration,
  listIntegrations,
  lockIntegration,
  restartIntegration,
} from '../db/integration.ts'
import type { World } from '../world.ts'
import { candidateOf, configToStore, targetOf } from './candidate.ts'
import { carryOn } from './lifecycle.ts'
import { busy } from './refusals.ts'
import { type Candidate, type Tell, type Validation, validateNew } from './validate.ts'

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
  input: IntegrationInput,
): Promise<Done<IntegrationRow>> {
  const { validation, earlier } = await validate(world, input)
  if (validation.problem) throw validation.problem
  const intent = earlier?.intent ?? randomUUID()
  const stored = configToStore(world.vault, input.config, intent)
  const done = await store(world, actor, stored, intent, earlier, validation)
  carryOn(world, done.result.id)
  return done
}

/** What a create would be told. @throws Problem `request-invalid` for a path that is none */
export async function tryIntegration(world: World, input: IntegrationInput, tell?: Tell): Promise<ValidationResults> {
  return (await validate(world, input, tell)).validation.results
}

async function validate(world: World, { config }: IntegrationInput, tell?: Tell) {
  const candidate = candidateOf(config)
  const inUse = await listIntegrations(world.db.kysely)
  const earlier = inUse.find(row => row.status === 'createError' && isSame(row, candidate))
  const others = inUse.filter(row => row !== earlier)
  const owner = { tenantId: await tenantId(world.db.kysely), intent: earlier?.intent }
  const validation = await world.aws.trying(targetOf(config), aws => validateNew(aws, candidate, others, owner, tell))
  return { validation, earlier }
}

function isSame(row: IntegrationRow, candidate: Candidate): boolean {
  return (
    row.name === candidate.name &&
    row.account_id === candidate.accountId &&
    row.region === candidate.region &&
    row.location_path === candidate.locationPath
  )
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
