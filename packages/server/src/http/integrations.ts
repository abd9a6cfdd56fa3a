/** `/integrations`: create, list, get, delete. See `integrations/lifecycle.ts` for what happens after the answer. */
import { api, Problem } from '@headgate/core/api'
import { findIntegration, listIntegrations } from '../db/integration.ts'
import { createIntegration, removeIntegration } from '../integrations/lifecycle.ts'
import { presentIntegration, presentSummary } from '../integrations/present.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function integrationRoutes(serve: Serve, world: World): void {
  const { kysely } = world.db

  serve(api.integrations.create, async ({ body, caller }) => {
    const { result, sequence } = await createIntegration(world, caller, body)
    return { body: presentSummary(result), sequence }
  })

  serve(api.integrations.list, async ({ query }) => {
    const rows = await listIntegrations(kysely, { includeDeleted: query.include === 'deleted' })
    return { body: rows.map(presentIntegration) }
  })

  serve(api.integrations.get, async ({ params: { id } }) => {
    const row = await findIntegration(kysely, id)
    if (!row) throw new Problem('integration-not-found', { id })
    return { body: presentIntegration(row) }
  })

  serve(api.integrations.remove, async ({ params: { id }, query, caller }) => {
    const options = { disableSources: query.dataSources === 'disable' }
    const { result, sequence } = await removeIntegration(world, caller, id, options)
    return { body: presentSummary(result), sequence }
  })
}
