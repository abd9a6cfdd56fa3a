/**
 * What people find without reaching it: data sources by name, description and tags, never where they lie or whose they
 * are. Searching looks at no more than what is shown, so that nothing else can be guessed by it.
 */
import type { DataSourceId, UserId } from '@headgate/core'
import { type Found, Problem, type Subscription } from '@headgate/core/api'
import { type CardQuery, listCards } from '../db/data-source-card.ts'
import type { Page } from '../db/page.ts'
import { type SubscriptionRow, subscriptionsTo } from '../db/subscription.ts'
import type { Caller } from '../http/serve.ts'
import type { World } from '../world.ts'
import { allOffers, foundBy, type Offer, offersOn } from './offers.ts'
import { requireFindable } from './visibility.ts'

type Reads = Pick<World, 'db' | 'index'>

export async function discover(
  { db, index: live }: Reads,
  caller: Caller,
  { offered = false, ...query }: CardQuery & { readonly offered?: boolean | undefined },
): Promise<Page<Found>> {
  const { index } = await live.fresh()
  const user = caller.id as UserId
  // In one turn; asking what is open for each of them later would be about another moment.
  const offers = new Map(allOffers(index, user).map(one => [one.dataSource, presentOffers(one.offers)]))
  const isOpen = (id: DataSourceId) => (offers.get(id) ?? []).length > 0
  const ids = offered ? [...offers.keys()].filter(isOpen) : foundBy(index, user)
  const page = await db.snapshot(tx => listCards(tx, ids, query))
  return { ...page, items: page.items.map(card => ({ ...card, offers: offers.get(card.id as DataSourceId) ?? [] })) }
}

/** Throws Problem `data-source-not-found`, also for who may neither find nor read it. */
export async function findOne(
  { db, index: live }: Reads,
  caller: Caller,
  id: number,
): Promise<Found & { subscriptions: Subscription[] }> {
  const { index } = await live.fresh()
  const [user, dataSource] = [caller.id as UserId, id as DataSourceId]
  const offers = offersOn(index, user, dataSource)
  return db.snapshot(async tx => {
    await requireFindable(tx, index, caller, id)
    const [card] = (await listCards(tx, [id], { limit: 1 })).items
    if (!card) throw new Problem('data-source-not-found', { id })
    const taken = await subscriptionsTo(tx, caller.id, id)
    return {
      ...card,
      offers: presentOffers(offers),
      subscriptions: taken.map(row => presentSubscription(row, offers)),
    }
  })
}

export function presentSubscription(
  { dataSource, level, subscribedAt }: SubscriptionRow,
  offers: readonly Offer[],
): Subscription {
  const answered = offers.find(offer => offer.level === level)?.policies ?? []
  return {
    dataSource,
    level,
    subscribedAt: new Date(subscribedAt).toISOString(),
    policies: answered.map(({ id, name }) => ({ id, name })),
  }
}

/** Those not taken up yet. */
function presentOffers(offers: readonly Offer[]): Found['offers'] {
  return offers
    .filter(({ isTaken }) => !isTaken)
    .map(({ level, policies }) => ({ level, policies: policies.map(({ id, name }) => ({ id, name })) }))
}
