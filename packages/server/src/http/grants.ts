/** `/grants`: the ledger as people see it. One's own only, unless GOVERNANCE or AUDIT. */
import { api } from '@headgate/core/api'
import { readsEverything } from '../access/visibility.ts'
import { listGrants } from '../db/grant-list.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function grantRoutes(serve: Serve, { db }: World): void {
  serve(api.grants.list, async ({ query, caller }) => ({
    body: await db.snapshot(tx => listGrants(tx, query, readsEverything(caller) ? undefined : caller.id)),
  }))
}
