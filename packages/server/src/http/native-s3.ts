/** `/native-s3/handler`: registering data sources and where one lies, as the reference product documents it (seed 001). */
import { printScope } from '@headgate/core'
import { api } from '@headgate/core/api'
import { readDataSource } from '../access/visibility.ts'
import { registerDataSources } from '../data-sources/register.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function nativeS3Routes(serve: Serve, world: World): void {
  serve(api.nativeS3.register, async ({ body, caller }) => {
    const { result, sequence } = await registerDataSources(world, caller, body)
    return { body: result, sequence }
  })

  serve(api.nativeS3.get, async ({ params: { id }, caller }) => {
    const { index } = await world.index.fresh()
    const { row } = await world.db.snapshot(tx => readDataSource(tx, index, caller, id))
    const { prefix, integration_id: integrationId } = row
    return { body: { id, metadata: { prefix, integrationId, scope: printScope(row) } } }
  })
}
