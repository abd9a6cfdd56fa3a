/**
 * Telling of trouble with AWS: what the brake holds, once for each run; and what AWS has kept refusing for a while, once
 * a day for each integration, however many grants it is about. What passes by itself in minutes is told to nobody.
 */
import { type Act, act, system } from '../db/act.ts'
import { findIntegration } from '../db/integration.ts'
import { failingGrants } from '../db/ledger-failures.ts'
import type { World } from '../world.ts'
import { notify } from './notify.ts'

export interface Held {
  readonly run: number
  readonly integration: number
  /** Revocations that this run holds and none did before. */
  readonly held: number
}

export async function tellHeld(doing: Act, { run, integration, held }: Held): Promise<void> {
  if (held === 0) return
  const name = (await findIntegration(doing.tx, integration))?.name ?? String(integration)
  await notify(doing, {
    kind: 'brake.held',
    to: { permission: 'GOVERNANCE' },
    about: { type: 'run', id: run },
    facts: { of: { id: integration, name }, count: held },
    once: `run ${run}`,
  })
}

/** Safe on several nodes: each says the same, which is told once. */
export async function tellFailures({ db }: Pick<World, 'db'>): Promise<void> {
  const failing = await failingGrants(db.kysely)
  if (failing.length === 0) return
  await act(db, system, async doing => {
    for (const { integration, name, state, count, code, text, day } of failing) {
      const what = state === 'revokeFailed' ? 'access that should be gone is still there' : 'access is missing'
      await notify(doing, {
        kind: 'provisioning.failed',
        to: { permission: ['GOVERNANCE', 'APPLICATION_ADMIN'] },
        about: { type: 'integration', id: integration },
        facts: { of: { id: integration, name }, count, problem: `${what}: ${code}: ${text}` },
        once: `integration ${integration} ${state} ${day}`,
      })
    }
  })
}
