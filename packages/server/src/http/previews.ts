/** `/policies/preview`: what changes would do. GOVERNANCE, who may read everything that the answer can hold. */
import { api } from '@headgate/core/api'
import { makePreview } from '../previews/preview.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function previewRoutes(serve: Serve, world: World): void {
  serve(api.previews.make, async ({ body: { changes }, query }) => ({ body: await makePreview(world, changes, query) }))
}
