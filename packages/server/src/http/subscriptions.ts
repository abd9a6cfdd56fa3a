/**
 * Finding what one does not reach, subscribing oneself, and data owners' picks. Subscribing gives what a manual policy
 * offers and nothing else; unsubscribing ends it at once.
 */
import type { DataSourceId, UserId } from '@headgate/core'
import { api, Problem } from '@headgate/core/api'
import { discover, findOne, presentSubscription } from '../access/discover.ts'
import { offersOn } from '../access/offers.ts'
import { requireAccessOf } from '../access/people.ts'
import { lockForChange, requireFindable, requireFound } from '../access/visibility.ts'
import { keepPicked } from '../data-sources/keep-guardrails.ts'
import { type Act, act, type Tx } from '../db/act.ts'
import { type DataSourceRow, lockDataSource } from '../db/data-source.ts'
import { findPolicy, type PolicyRow } from '../db/policy.ts'
import { deselectPolicy, selectPolicy } from '../db/policy-selection.ts'
import { addSubscription, listSubscriptions, removeSubscription } from '../db/subscription.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function subscriptionRoutes(serve: Serve, world: World): void {
  const { db, index: live } = world

  serve(api.subscriptions.discover, async ({ query, caller }) => ({ body: await discover(world, caller, query) }))

  serve(api.subscriptions.find, async ({ params: { id }, caller }) => ({ body: await findOne(world, caller, id) }))

  serve(api.subscriptions.ofUser, async ({ params: { id }, query, caller }) => {
    const { index } = await live.fresh()
    return db.snapshot(async tx => {
      await requireAccessOf(tx, caller, id)
      const page = await listSubscriptions(tx, id, query)
      const items = page.items.map(row =>
        presentSubscription(row, offersOn(index, id as UserId, row.dataSource.id as DataSourceId)),
      )
      return { body: { ...page, items } }
    })
  })

  serve(api.subscriptions.subscribe, async ({ params: { id }, body: { level }, caller }) => {
    const { index } = await live.fresh()
    const offers = offersOn(index, caller.id as UserId, id as DataSourceId)
    const { result, sequence } = await act(db, caller, async done => {
      const row = await lockDataSource(done.tx, id)
      if (!row) throw new Problem('data-source-not-found', { id })
      await requireFindable(done.tx, index, caller, id)
      if (row.state !== 'active') throw new Problem('data-source-disabled', { id })
      if (!offers.some(offer => offer.level === level)) {
        const reason = 'no manual policy at that level lets you in: `GET /explain` says why'
        throw new Problem('subscription-not-offered', { level, dataSource: id, reason })
      }
      return presentSubscription(await addSubscription(done, row, level), offers)
    })
    return { body: result, sequence }
  })

  serve(api.subscriptions.unsubscribe, async ({ params: { id }, query: { level }, caller }) => {
    const { index } = await live.fresh()
    const { sequence } = await act(db, caller, async done => {
      const row = await lockDataSource(done.tx, id)
      if (!row) throw new Problem('data-source-not-found', { id })
      await requireFound(done.tx, index, caller, id)
      await removeSubscription(done, row, level)
    })
    return { body: undefined, sequence }
  })

  serve(api.subscriptions.select, async ({ params, caller }) =>
    pick(caller, params, async (done, row, policy) => {
      refuseUnpickable(policy)
      await selectPolicy(done, policy, row)
    }),
  )

  serve(api.subscriptions.deselect, async ({ params, caller }) =>
    pick(caller, params, async (done, row, policy) => {
      await keepPicked(done.tx, caller, row, policy)
      await deselectPolicy(done, policy, row)
    }),
  )

  async function pick(
    caller: Caller,
    { id, policyId }: { readonly id: number; readonly policyId: number },
    work: (done: Act, row: DataSourceRow, policy: PolicyRow) => Promise<void>,
  ) {
    const { index } = await live.fresh()
    const { sequence } = await act(db, caller, async done => {
      const row = await lockForChange(done.tx, index, caller, id)
      await work(done, row, await requirePolicy(done.tx, policyId))
    })
    return { body: undefined, sequence }
  }
}

async function requirePolicy(tx: Tx, id: number): Promise<PolicyRow> {
  const policy = await findPolicy(tx, id)
  if (!policy) throw new Problem('policy-not-found', { id })
  return policy
}

/** Throws Problem `policy-not-selectable`. */
function refuseUnpickable({ id, name, state, definition: { appliesTo } }: PolicyRow): void {
  if (!('selected' in appliesTo)) {
    throw new Problem('policy-not-selectable', { id, name, reason: 'not made for picking (`appliesTo: selected`)' })
  }
  if (state === 'archived') throw new Problem('policy-not-selectable', { id, name, reason: 'archived' })
}
