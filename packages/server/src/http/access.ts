/** `/explain`, `/access/who`, `/access/what`, `/access`: questions about access. Who may ask what: `access/`. */
import { api } from '@headgate/core/api'
import { whatPersonReaches, whoReachesPlace } from '../access/ask.ts'
import { explainAccess } from '../access/explain.ts'
import { accessAt } from '../access/past.ts'
import { createPast } from '../history/index-at.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function accessRoutes(serve: Serve, world: World): void {
  const past = createPast(world.db)
  serve(api.access.explain, async ({ query, caller }) => ({ body: await explainAccess(world, caller, query) }))
  serve(api.access.who, async ({ query, caller }) => ({ body: await whoReachesPlace(world, caller, query) }))
  serve(api.access.what, async ({ query, caller }) => ({ body: await whatPersonReaches(world, caller, query) }))
  serve(api.pastAccess.at, async ({ query, caller }) => ({ body: await accessAt(world, past, caller, query) }))
}
