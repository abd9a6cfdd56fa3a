/** What a change does to the grants of each integration, of the room that there is and at the rate that there was. */
import type { Preview } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { usages } from '../db/capacity.ts'
import { listIntegrations } from '../db/integration.ts'
import { recentRate } from '../db/run.ts'

type Effects = z.input<typeof api.previews.make.response>['integrations']

export async function integrationEffects(tx: Tx, grants: Preview['grants']): Promise<Effects> {
  const rows = new Map((await listIntegrations(tx)).map(row => [row.id, row]))
  const rooms = new Map((await usages(tx)).map(room => [`${room.accountId} ${room.region}`, room.grants]))
  const found: Effects = []
  for (const { integration, create, revoke, unmapped } of grants) {
    const row = rows.get(integration)
    const { used, of } = rooms.get(`${row?.account_id} ${row?.region}`) ?? { used: 0, of: 0 }
    const rate = await recentRate(tx, integration)
    found.push({
      integrationId: String(integration),
      name: row?.name ?? '',
      grants: { create, revoke },
      unmapped,
      quota: { usedAfter: used + create - revoke, of },
      ...(rate === undefined ? {} : { estimatedSeconds: (create + revoke) / rate }),
    })
  }
  return found
}
