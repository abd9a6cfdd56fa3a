/** Whom the life of a data product is told: its members, and whoever manages products in its domain. */
import type { Act } from '../db/act.ts'
import type { ProductRow } from '../db/data-product.ts'
import { findPeople } from '../db/person-name.ts'
import { notify, notifyEach } from '../notify/notify.ts'
import { type MembershipRow, membershipsOf } from './memberships.ts'

type Told = Pick<ProductRow, 'id' | 'name' | 'domain'>

/** Everybody but whoever did it. */
export async function tellOfProduct(
  doing: Act,
  { id, name, domain }: Told,
  kind: 'product.published' | 'product.changed' | 'product.suspended' | 'product.retired',
): Promise<void> {
  const members = await membershipsOf(doing.tx, { product: id }, { live: true })
  const to = {
    people: members.map(({ person }) => person),
    ...(domain === null ? {} : { domainRight: { domain, right: 'MANAGE_DATA_PRODUCTS' as const } }),
    ...(doing.actor.id === undefined ? {} : { except: [doing.actor.id] }),
  }
  await notify(doing, { kind, to, about: { type: 'dataProduct', id }, facts: { of: { id, name } } })
}

/** Each person once, whose access these gave until now; with those who had asked for them. */
export async function tellRevoked(doing: Act, { id, name }: Told, ended: readonly MembershipRow[]): Promise<void> {
  const lost = Map.groupBy(
    ended.filter(({ until }) => until === null || until > doing.now),
    ({ person }) => person,
  )
  const people = await findPeople(doing.tx, [...lost.keys()])
  const notices = Array.from(lost, ([person, rows]) => {
    const asked = rows.flatMap(({ requester }) => requester ?? [])
    return {
      to: { people: [person, ...asked.filter(one => one !== doing.actor.id)] },
      about: { type: 'dataProduct', id } as const,
      facts: { of: { id, name }, for: { id: person, name: people.get(person)?.name ?? String(person) } },
    }
  })
  await notifyEach(doing, 'membership.revoked', notices)
}
