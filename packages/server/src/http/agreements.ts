/** `/agreements`: data use agreements. Everybody signed in reads them, governors write them. */
import { api } from '@headgate/core/api'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'
import { templateHandlers } from './templates.ts'

export function agreementRoutes(serve: Serve, world: World): void {
  const handlers = templateHandlers(world, {
    kind: 'agreement',
    detail: async () => ({}),
    check: async () => {},
  })
  const contentOf = ({ name, description, text }: { name: string; description: string; text: string }) => ({
    name,
    description,
    content: { text },
  })

  serve(api.agreements.list, handlers.list)
  serve(api.agreements.get, handlers.get)
  serve(api.agreements.create, ({ caller, body }) => handlers.create(caller, contentOf(body)))
  serve(api.agreements.edit, ({ caller, params: { id }, version, body }) =>
    handlers.edit(caller, { id, version }, contentOf(body)),
  )
  serve(api.agreements.remove, ({ caller, params: { id }, version }) => handlers.remove(caller, { id, version }))
  serve(api.agreements.usedBy, handlers.usedBy)
  serve(api.agreements.versions, handlers.versions)
  serve(api.agreements.version, handlers.version)
  serve(api.agreements.diff, handlers.diff)
}
