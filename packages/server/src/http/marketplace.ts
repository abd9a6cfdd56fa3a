/** `/marketplace`: what there is to ask for, for everybody signed in. */
import { api, Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { contentsOf, findOffered, heldThrough, listOffered, type OfferedRow, pendingFor } from '../db/marketplace.ts'
import { findPeople } from '../db/person-name.ts'
import { taggedSources } from '../db/tagged-source.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function marketplaceRoutes(serve: Serve, { db }: World): void {
  serve(api.marketplace.list, async ({ query, caller }) =>
    db.snapshot(async tx => {
      const page = await listOffered(tx, caller.id, query)
      return { body: { ...page, items: await present(tx, caller.id, page.items) } }
    }),
  )

  serve(api.marketplace.get, async ({ params: { id }, caller }) =>
    db.snapshot(async tx => {
      const row = await findOffered(tx, caller.id, id)
      const [shown] = row ? await present(tx, caller.id, [row]) : []
      if (!row || !shown) throw new Problem('data-product-not-found', { id })
      const { links, longest, withoutEnd } = row.definition
      const contents = await contentsOf(tx, await taggedSources(tx, id))
      const terms = { links: [...links], withoutEnd, ...(longest === undefined ? {} : { longest }) }
      return { body: { ...shown, ...terms, contents } }
    }),
  )
}

async function present(tx: Tx, person: number, rows: readonly OfferedRow[]) {
  const ids = rows.map(({ id }) => id)
  const held = await heldThrough(tx, person, ids)
  const pending = await pendingFor(tx, person, ids)
  const experts = await findPeople(
    tx,
    rows.flatMap(({ definition }) => definition.expert ?? []),
  )
  return rows.map(({ id, name, domain, state, definition, dataSources }) => {
    const { description, levels, colour, expert } = definition
    const shownExpert = expert === undefined ? undefined : experts.get(expert)
    return {
      id,
      name,
      description,
      ...(domain === null ? {} : { domain }),
      levels: [...levels],
      ...(shownExpert ? { expert: shownExpert } : {}),
      ...(colour === undefined ? {} : { colour }),
      suspended: state !== 'published',
      retired: state === 'retired',
      dataSources,
      mine: (held.get(id) ?? []).map(({ level, until }) => ({
        level,
        ...(until === null ? {} : { until: new Date(until).toISOString() }),
      })),
      pending: (pending.get(id) ?? []).map(({ request, level }) => ({ request, level })),
    }
  })
}
