/** Set-up links: made for others, looked at and used by whoever holds one. */
import { api } from '@headgate/core/api'
import { linkForPerson, purposeOf, urlOf, useLink } from '../directory/set-up.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'
import { refuseSelf } from './users.ts'

export function setUpRoutes(serve: Serve, world: World): void {
  serve(api.setUp.link, async ({ params: { id }, caller }) => {
    refuseSelf(caller, id, 'account')
    const link = await linkForPerson(world, caller, id)
    const url = await urlOf(world, link)
    const { token, path, expiresAt } = link
    return { body: { token, path, ...(url && { url }), expiresAt: new Date(expiresAt).toISOString() } }
  })
  serve(api.setUp.look, async ({ body }) => {
    const { expiresAt, ...purpose } = await purposeOf(world, body.token)
    return { body: { ...purpose, expiresAt: new Date(expiresAt).toISOString() } }
  })
  serve(api.setUp.use, async ({ body, client }) => ({ body: await useLink(world, body, client) }))
}
