/** How an integration is restrained, and what waits because of it, as the API shows it. */
import { brakeRoom, type IntegrationId } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import type { IntegrationRow } from '../db/integration.ts'
import { settledAt } from '../db/leadership.ts'
import { brakeHour } from '../db/ledger.ts'
import { heldOf, restrainedIntegrations } from '../db/restraint.ts'

type Answer = z.input<typeof api.restraint.get.response>

export async function restraintOf(tx: Tx, row: IntegrationRow): Promise<Answer> {
  const id = row.id as IntegrationId
  const setting = { revocations: row.brake_revocations, percent: row.brake_percent }
  const hour = await brakeHour(tx, id)
  const settled = await settledAt(tx, id)
  return {
    integrationId: String(id),
    mode: row.mode,
    brake: { ...setting, countedWithinHour: hour.counted, room: brakeRoom(setting, hour) },
    held: await presentHeld(tx, id),
    ...(settled === null ? {} : { settledAt: new Date(settled).toISOString() }),
  }
}

/** Those in use that are restrained, as everybody may see them: a mode and a brake are visible while they last (00). */
export async function restrained(tx: Tx): Promise<z.input<typeof api.restraint.list.response>> {
  const ids = await restrainedIntegrations(tx)
  const found: z.input<typeof api.restraint.list.response> = []
  for (const { id, name, mode } of ids) {
    found.push({ integrationId: String(id), name, mode, held: await presentHeld(tx, id) })
  }
  return found
}

async function presentHeld(tx: Tx, id: IntegrationId): Promise<Answer['held']> {
  const { byBrake, byMode, runs } = await heldOf(tx, id)
  return { byBrake, byMode, runs: runs.map(run => ({ ...run, since: new Date(run.since).toISOString() })) }
}
