/** `/users/{id}/access`: everything a person reaches. Oneself, GOVERNANCE and AUDIT. */
import { api } from '@headgate/core/api'
import { listAccessOf } from '../access/list.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function userAccessRoutes(serve: Serve, world: World): void {
  serve(api.users.access, async ({ params: { id }, query, caller }) => ({
    body: await listAccessOf(world, caller, id, query),
  }))
}
