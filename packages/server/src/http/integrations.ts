/** `/integrations`. See `integrations/lifecycle.ts` for what happens after the answer. */
import { api, Problem } from '@headgate/core/api'
import { tenantId } from '../db/deployment.ts'
import { findIntegration, type IntegrationRow, listIntegrations } from '../db/integration.ts'
import { bucketsInUse } from '../db/integration-use.ts'
import { createIntegration, tryIntegration } from '../integrations/create.ts'
import { editIntegration } from '../integrations/edit.ts'
import { presentIntegration, presentSummary } from '../integrations/present.ts'
import { removeIntegration } from '../integrations/remove.ts'
import { setupOf, setupOfRow } from '../integrations/setup.ts'
import { setupDocuments } from '../integrations/setup-documents.ts'
import { cancelTrial, startTrial, watchTrial } from '../integrations/trial.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function integrationRoutes(serve: Serve, world: World): void {
  const { kysely } = world.db

  async function found(id: number): Promise<IntegrationRow> {
    const row = await findIntegration(kysely, id)
    if (!row) throw new Problem('integration-not-found', { id })
    return row
  }

  serve(api.integrations.create, async ({ body, caller }) => {
    const { result, sequence } = await createIntegration(world, caller, body)
    return { body: presentSummary(result), sequence }
  })

  serve(api.integrations.validate, async ({ body }) => {
    return { body: { validationResults: await tryIntegration(world, body) } }
  })

  serve(api.integrations.startTrial, async ({ body, caller }) => {
    return { body: { id: await startTrial(world, caller.id, body) } }
  })

  serve(api.integrations.watchTrial, async ({ params: { id }, caller }) => {
    return { stream: await watchTrial(world, id, caller.id) }
  })

  serve(api.integrations.cancelTrial, async ({ params: { id }, caller }) => {
    await cancelTrial(world, id, caller.id)
    return { body: undefined }
  })

  serve(api.integrations.prepareSetup, async ({ body }) => {
    return { body: setupDocuments(setupOf(body, await tenantId(kysely))) }
  })

  serve(api.integrations.list, async ({ query }) => {
    const rows = await listIntegrations(kysely, query.include === 'deleted' ? 'all' : 'undeleted')
    return { body: rows.map(presentIntegration) }
  })

  serve(api.integrations.get, async ({ params: { id } }) => {
    const row = await found(id)
    return { body: presentIntegration(row), version: row.version }
  })

  serve(api.integrations.status, async ({ params: { id } }) => {
    const { status, validationResults } = presentSummary(await found(id))
    return { body: { status, validationResults } }
  })

  serve(api.integrations.update, async ({ params: { id }, body, version, caller }) => {
    const { result, sequence } = await editIntegration(world, caller, id, version, body)
    return { body: presentSummary(result), sequence }
  })

  serve(api.integrations.setup, async ({ params: { id }, query }) => {
    const row = await found(id)
    const known = { tenantId: await tenantId(kysely), buckets: await bucketsInUse(kysely, id, 50) }
    return { body: setupDocuments(setupOfRow(row, query, known)) }
  })

  serve(api.integrations.remove, async ({ params: { id }, query, caller }) => {
    const { result, sequence } = await removeIntegration(world, caller, id, {
      disableSources: query.dataSources === 'disable',
      removeForeign: query.removeForeign === 'true',
      force: query.force === 'true',
    })
    return { body: presentSummary(result), sequence }
  })
}
