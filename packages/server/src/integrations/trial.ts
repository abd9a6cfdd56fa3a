/**
 * Trying an integration that is to be while somebody watches: each check is told as it ends, on every node, and whoever
 * reloads the page sees it go on. Changes nothing in AWS; the secret that is tried is kept nowhere.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, type TrialEvent, validationTestNames } from '@headgate/core/api'
import { addTest, endTrial, findTrial, insertTrial, type TrialRow } from '../db/integration-trial.ts'
import type { World } from '../world.ts'
import { candidateOf } from './candidate.ts'
import { type IntegrationInput, tryIntegration } from './create.ts'

/** How often the table is looked at while somebody watches. */
const lookMs = 250

/** Begins the checks and does not wait. Throws Problem `request-invalid` for a path that is none. */
export async function startTrial(world: World, person: number, input: IntegrationInput): Promise<string> {
  candidateOf(input.config)
  const { kysely } = world.db
  const id = await insertTrial(kysely, person, validationTestNames.length)
  world.background.run(`integration-trial/${id}`, async pause => {
    try {
      await tryIntegration(world, input, async test => {
        // Throws once this node stops.
        await pause(0)
        if (!(await addTest(kysely, id, test))) throw new Canceled()
      })
      await endTrial(kysely, id, 'done')
    } catch (error) {
      if (error instanceof Canceled) return
      // What is not ours to explain stays in the log.
      await endTrial(kysely, id, 'failed', error instanceof Problem ? error.message : 'the checks broke off: try again')
      if (!(error instanceof Problem)) throw error
    }
  })
  return id
}

/** The state at once and whenever it moved, until it ends. Throws Problem `integration-trial-not-found`. */
export async function watchTrial({ db: { kysely } }: World, id: string, person: number) {
  const find = async () => {
    const row = await findTrial(kysely, id, person)
    if (!row) throw new Problem('integration-trial-not-found', { id })
    return row
  }
  const first = await find()
  return async (send: (event: TrialEvent) => void, signal: AbortSignal): Promise<void> => {
    let told = ''
    for (let row = first; ; row = await find()) {
      const event = eventOf(row)
      const text = JSON.stringify(event)
      if (text !== told) send(event)
      told = text
      if (event.state !== 'running') return
      await sleep(lookMs, undefined, { signal })
    }
  }
}

/** The check that is under way is the last. Throws Problem `integration-trial-not-found`. */
export async function cancelTrial({ db: { kysely } }: World, id: string, person: number): Promise<void> {
  if (!(await findTrial(kysely, id, person))) throw new Problem('integration-trial-not-found', { id })
  await endTrial(kysely, id, 'canceled')
}

class Canceled extends Error {}

function eventOf({ state, tests, total, message, lost }: TrialRow): TrialEvent {
  if (lost) return { state: 'failed', tests, total, message: 'the server that made the checks stopped: try again' }
  return {
    state,
    tests,
    total,
    ...(message !== null && { message }),
    ...(state === 'done' && { result: resultOf(tests) }),
  }
}

function resultOf(tests: TrialRow['tests']): NonNullable<TrialEvent['result']> {
  const has = (status: string) => tests.some(test => test.status === status)
  return has('failed') ? 'failed' : has('warning') ? 'warning' : 'passed'
}
