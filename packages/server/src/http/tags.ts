/** The tag catalogue. */
import { api } from '@headgate/core/api'
import { act } from '../db/act.ts'
import { insertTag, listTags, removeTag } from '../db/tag.ts'
import { refuseReserved } from '../directory/reserved-names.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function tagRoutes(serve: Serve, { db }: World): void {
  serve(api.tags.list, async ({ query }) => ({ body: await listTags(db.kysely, query) }))
  serve(api.tags.create, async ({ body, caller }) => {
    refuseReserved(body.name)
    const { result, sequence } = await act(db, caller, doing => insertTag(doing, body.name, body.description))
    return { body: result, sequence }
  })
  serve(api.tags.remove, async ({ params: { name }, caller }) => {
    refuseReserved(name)
    const { sequence } = await act(db, caller, doing => removeTag(doing, name))
    return { body: undefined, sequence }
  })
}
