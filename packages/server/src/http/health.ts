/** Whether the process runs, and whether it can do its work: what orchestrators and load balancers ask. */
import { api, Problem } from '@headgate/core/api'
import { tenantId } from '../db/deployment.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

/** Why the server cannot do its work yet or any more; undefined when it can. */
export type Readiness = () => Promise<string | undefined> | string | undefined

const ok = { body: { status: 'ok' } } as const

export function healthRoutes(serve: Serve, world: World, readiness: Readiness): void {
  serve(api.deployment.live, async () => ok)
  serve(api.deployment.ready, async () => {
    await tenantId(world.db.kysely).catch(error => {
      throw new Problem('not-ready', { reason: 'the database does not answer' }, { cause: error })
    })
    const reason = await readiness()
    if (reason !== undefined) throw new Problem('not-ready', { reason })
    return ok
  })
}
