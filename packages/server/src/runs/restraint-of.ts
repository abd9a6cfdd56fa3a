/** How an integration is restrained, and what waits because of it, as the API shows it. */
import { brakeRoom, type IntegrationId } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import type { IntegrationRow } from '../db/integration.ts'
import { settledAt } from '../db/leadership.ts'
import { brakeHour } from '../db/ledger.ts'
import { heldOf } from '../db/restraint.ts'

type Answer = z.input<typeof api.restraint.get.response>

export async function restraintOf(tx: Tx, row: IntegrationRow): Promise<Answer> {
  const id = row.id as IntegrationId
  const setting = { revocations: row.brake_revocations, percent: row.brake_percent }
  const hour = await brakeHour(tx, id)
  const { byBrake, byMode, runs } = await heldOf(tx, id)
  const settled = await settledAt(tx, id)
  return {
    integrationId: String(id),
    mode: row.mode,
    brake: { ...setting, countedWithinHour: hour.counted, room: brakeRoom(setting, hour) },
    held: { byBrake, byMode, runs: runs.map(run => ({ ...run, since: new Date(run.since).toISOString() })) },
    ...(settled === null ? {} : { settledAt: new Date(settled).toISOString() }),
  }
}
