/** `/policies/preview`: what changes would do. Whoever may make them may ask; rows are of what the caller may read. */
import { api } from '@headgate/core/api'
import { makePreview } from '../previews/preview.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function previewRoutes(serve: Serve, world: World): void {
  serve(api.previews.make, async ({ body: { changes }, query, caller }) => ({
    body: await makePreview(world, caller, changes, query),
  }))
}
