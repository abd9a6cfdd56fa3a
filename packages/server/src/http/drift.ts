/** `/integrations/{id}/drift`: what comparing AWS with the ledger found; asking for it; removing a foreign grant. */
import { api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { act } from '../db/act.ts'
import { lastScan, listFindings, listForeign, listReports, type ScanRow, type StrayRow } from '../db/drift.ts'
import { requestScan } from '../db/drift-scan.ts'
import { comparedStatuses, findIntegration, type IntegrationRow } from '../db/integration.ts'
import { removeForeignGrant } from '../integrations/remove-foreign-grant.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function driftRoutes(serve: Serve, world: World): void {
  const { db } = world

  serve(api.drift.resync, async ({ params: { id }, caller }) => {
    const integration = await compared(id)
    const place = placeOf(integration)
    const { result } = await act(db, caller, async done => {
      await requestScan(done.tx, place, caller.id)
      done.audit({
        action: 'UPDATE',
        targetType: 'INTEGRATION',
        targets: [{ type: 'INTEGRATION', id: String(id), name: integration.name }],
        payload: { type: 'ResyncRequested' },
      })
      return lastScan(done.tx, place)
    })
    if (!result) throw new Error('the request for a scan was not stored')
    return { body: presentScan(result) }
  })

  serve(api.drift.read, async ({ params: { id }, query }) => {
    const integration = await found(id)
    return db.snapshot(async tx => {
      const page = await listReports(tx, id, query)
      const [latest] = (await listReports(tx, id, { limit: 1 })).items
      const scan = await lastScan(tx, placeOf(integration))
      return {
        body: {
          ...page,
          ...(latest ? { latest: { ...latest, findings: await listFindings(tx, latest.id) } } : {}),
          ...(scan ? { lastScan: presentScan(scan) } : {}),
        },
      }
    })
  })

  serve(api.drift.foreign, async ({ params: { id }, query }) => {
    await found(id)
    const page = await db.snapshot(tx => listForeign(tx, id, query))
    return { body: { ...page, items: page.items.map(presentForeign) } }
  })

  serve(api.drift.removeForeign, async ({ params: { id, grantId }, caller }) => {
    const integration = await compared(id)
    return { body: presentForeign(await removeForeignGrant(world, caller, integration, grantId)) }
  })

  async function found(id: number): Promise<IntegrationRow> {
    const integration = await findIntegration(db.kysely, id)
    if (!integration) throw new Problem('integration-not-found', { id })
    return integration
  }

  async function compared(id: number): Promise<IntegrationRow> {
    const integration = await found(id)
    if (comparedStatuses.includes(integration.status)) return integration
    throw new Problem('integration-not-compared', { id, status: integration.status })
  }
}

function placeOf({ account_id: account, region }: IntegrationRow) {
  return { account, region }
}

function presentScan(scan: ScanRow): z.input<typeof api.drift.resync.response> {
  return {
    requestedAt: printTime(scan.requested_at),
    ...(scan.started_at === null ? {} : { startedAt: printTime(scan.started_at) }),
    ...(scan.finished_at === null ? {} : { finishedAt: printTime(scan.finished_at) }),
    listed: scan.listed,
    ...(scan.error === null ? {} : { error: scan.error }),
  }
}

function presentForeign(row: StrayRow): z.input<typeof api.drift.removeForeign.response> {
  return {
    awsGrantId: row.aws_grant_id,
    grantee: { type: row.grantee_type, identifier: row.grantee_id },
    scope: row.scope,
    permission: row.permission,
    firstSeenAt: printTime(row.first_seen_at),
    lastSeenAt: printTime(row.last_seen_at),
    ...(row.removal_ordered_at === null ? {} : { removalOrderedAt: printTime(row.removal_ordered_at) }),
    ...(row.removed_at === null ? {} : { removedAt: printTime(row.removed_at) }),
    ...(row.error_code === null ? {} : { error: { code: row.error_code, message: row.error_text ?? '' } }),
  }
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
