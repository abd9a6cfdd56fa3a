/** What this deployment is. */
import { api } from '@headgate/core/api'
import { tenantId } from '../db/deployment.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function deploymentRoutes(serve: Serve, world: World): void {
  serve(api.deployment.tenant, async () => ({ body: { id: await tenantId(world.db.kysely) } }))
}
