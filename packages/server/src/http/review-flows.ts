/** `/review-flows`: who decides about requests. Governors write them, and try them out; who chooses one reads it. */
import { api, Problem, rules } from '@headgate/core/api'
import type { z } from 'zod'
import { allow } from '../access/allow.ts'
import { domainsWith } from '../access/domain-rights.ts'
import type { Tx } from '../db/act.ts'
import { lintFlow, requireUsable, warningsOfFlow } from '../market/lint-flow.ts'
import { tryFlow } from '../market/try-flow.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'
import { templateHandlers } from './templates.ts'

export function reviewFlowRoutes(serve: Serve, world: World): void {
  const handlers = templateHandlers(world, {
    kind: 'flow',
    detail: async (tx, { content }) => ({ warnings: await warningsOfFlow(tx, content) }),
    check: async (_, content) => requireUsable(content),
    requireReader,
  })

  serve(api.reviewFlows.list, handlers.list)
  serve(api.reviewFlows.get, handlers.get)
  serve(api.reviewFlows.create, ({ caller, body }) => handlers.create(caller, contentOf(body)))
  serve(api.reviewFlows.edit, ({ caller, params: { id }, version, body }) =>
    handlers.edit(caller, { id, version }, contentOf(body)),
  )
  serve(api.reviewFlows.remove, ({ caller, params: { id }, version }) => handlers.remove(caller, { id, version }))
  serve(api.reviewFlows.usedBy, handlers.usedBy)
  serve(api.reviewFlows.versions, handlers.versions)
  serve(api.reviewFlows.version, handlers.version)
  serve(api.reviewFlows.diff, handlers.diff)
  serve(api.reviewFlows.check, ({ body }) => world.db.snapshot(async tx => ({ body: await lintFlow(tx, body) })))
  serve(api.reviewFlows.tryOut, ({ params: { id }, body }) =>
    world.db.snapshot(async tx => ({ body: await tryFlow(tx, id, body) })),
  )
}

function contentOf({ name, description, ...content }: z.output<typeof api.reviewFlows.create.body>) {
  return { name, description, content }
}

/** @throws Problem `permission-missing` */
async function requireReader(tx: Tx, caller: Caller): Promise<void> {
  await allow(caller, rules.readReviewFlow, {
    is: async ({ inDomain }) => (await domainsWith(tx, caller, inDomain)).length > 0,
    missing: () => new Problem('review-flow-not-found', { id: 'of yours' }),
  })
}
