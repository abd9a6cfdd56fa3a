/**
 * Integrations in use, validated again and again (tests 3 to 6, 8 and 9): `enabled ⇄ recurringValidationError`. While
 * something is wrong revocations are still tried, and creations wait.
 *
 * Every node looks, and whoever claims an integration first validates it, so each is validated once per interval. What
 * AWS did not answer says nothing about the integration: it is asked again soon, and stays as it is.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { validationTestNames } from '@headgate/core/api'
import { act, system } from '../db/act.ts'
import { tenantId } from '../db/deployment.ts'
import { findIntegration, type IntegrationRow } from '../db/integration.ts'
import { claimValidations, recordFindings, validatedAgo } from '../db/integration-fault.ts'
import { bucketsInUse } from '../db/integration-use.ts'
import type { IntegrationFault } from '../db/schema.ts'
import type { World } from '../world.ts'
import { candidateOfRow } from './candidate.ts'
import { validateAgain } from './validate.ts'

/** @param everyMs between two validations of an integration; 0: never */
export function startRecurringValidation(world: World, everyMs: number): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const working = everyMs === 0 ? Promise.resolve() : work()

  async function work(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        for (const id of await claimValidations(world.db.kysely, everyMs)) {
          if (stopping.signal.aborted) break
          if ((await validateIntegration(world, id)) === 'unknown') {
            await validatedAgo(world.db.kysely, id, everyMs * 0.9)
          }
        }
      } catch (error) {
        world.log.error({ err: error }, 'recurring validation failed, trying again')
      }
      await sleep(Math.min(60_000, everyMs / 10), undefined, { signal: stopping.signal }).catch(() => {})
    }
  }
  return {
    async stop() {
      stopping.abort()
      await working
    },
  }
}

/** One validation, now. `unknown`: AWS did not answer, and nothing was changed. */
export async function validateIntegration(world: World, id: number): Promise<'valid' | 'faulty' | 'unknown'> {
  const row = await findIntegration(world.db.kysely, id)
  if (row === undefined || !validated.has(row.status)) return 'unknown'
  const { kysely } = world.db
  const owner = { tenantId: await tenantId(kysely), intent: row.intent, buckets: await bucketsInUse(kysely, id) }
  const validation = await validateAgain(world.aws.of(row), candidateOfRow(row), owner)
  if (validation.problem?.code === 'aws-unreachable') {
    world.log.warn({ err: validation.problem, integration: id }, 'integration not validated')
    return 'unknown'
  }
  const { validationTests } = validation.results
  const faults = validationTests.flatMap(({ name: test, status, message = '' }) =>
    status === 'failed' ? [{ test, message }] : [],
  )
  await act(world.db, system, act =>
    recordFindings(act, id, {
      tests: validationTestNames,
      faults,
      version: row.version,
      validation: validation.results,
      ...(validation.maxSessionSeconds === undefined ? {} : { maxSessionSeconds: validation.maxSessionSeconds }),
    }),
  )
  return faults.length === 0 ? 'valid' : 'faulty'
}

const validated: ReadonlySet<string> = new Set(['enabled', 'recurringValidationError'])

/**
 * Something else that was found wrong, such as a location that is gone: it stays until `clearFault` of the same test.
 * @returns the integration as it is now; undefined when it is not in use
 * @example await reportFault(world, id, { test: 'location', message: 'location `…` is gone: edit the integration' })
 */
export async function reportFault(
  world: World,
  id: number,
  fault: IntegrationFault,
): Promise<IntegrationRow | undefined> {
  const { result } = await act(world.db, system, act =>
    recordFindings(act, id, { tests: [fault.test], faults: [fault] }),
  )
  return result
}

/** That test finds nothing wrong any more; without any other fault the integration is `enabled` again. */
export async function clearFault(world: World, id: number, test: string): Promise<IntegrationRow | undefined> {
  const { result } = await act(world.db, system, act => recordFindings(act, id, { tests: [test], faults: [] }))
  return result
}
