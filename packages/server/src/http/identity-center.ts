/** `/integrations/{id}/identity-center`. */
import { api } from '@headgate/core/api'
import {
  associateIdentityCenter,
  dissociateIdentityCenter,
  readIdentityCenter,
} from '../integrations/identity-center.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function identityCenterRoutes(serve: Serve, world: World): void {
  serve(api.identityCenter.get, async ({ params: { id } }) => ({ body: await readIdentityCenter(world, id) }))

  serve(api.identityCenter.associate, async ({ params: { id }, body, caller }) => {
    const { result, sequence } = await associateIdentityCenter(world, caller, id, body.instanceArn)
    return { body: result, sequence }
  })

  serve(api.identityCenter.dissociate, async ({ params: { id }, caller }) => {
    const { result, sequence } = await dissociateIdentityCenter(world, caller, id)
    return { body: result, sequence }
  })
}
