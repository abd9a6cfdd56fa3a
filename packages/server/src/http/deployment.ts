/** What this deployment is, and whether its index is right. */
import { api } from '@headgate/core/api'
import { tenantId } from '../db/deployment.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function deploymentRoutes(serve: Serve, world: World): void {
  serve(api.deployment.tenant, async () => ({ body: { id: await tenantId(world.db.kysely) } }))

  serve(api.deployment.verifyIndex, async () => {
    const { differences, ...rest } = await world.index.verify()
    const count = differences.length
    return { body: { ...rest, isRight: count === 0, differences: differences.slice(0, 100), count } }
  })
}
