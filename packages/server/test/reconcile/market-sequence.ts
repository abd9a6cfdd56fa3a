/**
 * A marketplace as people use it, in any order: products come and change, requests are made, decided, extended and taken
 * back, time goes by, and policies and identity providers do what they do beside it. All of it by the API and the
 * functions that are at work, each step told to a reading of 06 of this file's own.
 */
import assert from 'node:assert/strict'
import { CreateUserCommand } from '@aws-sdk/client-iam'
import { entitlementsOf, type Level } from '@headgate/core'
import { ApiError } from '@headgate/core/api'
import { randomOf } from '../../../core/test/worlds.ts'
import { act } from '../../src/db/act.ts'
import { assertPerson } from '../../src/directory/assert.ts'
import { noticeEnds } from '../../src/market/expiry.ts'
import { lookAtClock } from '../../src/market/request-clock.ts'
import { passTime } from '../support/pass-time.ts'
import type { TestPerson } from '../support/server.ts'
import { type Lake, mapTo, register } from './reconcile-world.ts'

const day = 86_400_000
const provider = { name: 'corp', attributeKeys: ['team', 'Headgate Marketplace'], groupPatterns: ['*'] }

interface Product {
  readonly id: string
  state: 'draft' | 'published' | 'suspended' | 'retired' | 'deleted'
  sources: readonly number[]
  levels: readonly Level[]
}

interface Asked {
  readonly id: number
  readonly who: Somebody
  readonly product?: Product
  readonly source?: number
  readonly level: Level
  readonly days: number | undefined
  state: string
  /** In the time of the story. */
  until?: number | undefined
}

interface Somebody {
  readonly calls: TestPerson
  readonly isTrained: boolean
  team: boolean
  disabled: boolean
  /** Data sources to which they were added by hand. */
  readonly byHand: Set<number>
}

export interface Story {
  /** @returns what was done, in words */
  step(): Promise<string>
  /** Who should reach what, as `READ ann s3://…`. */
  reading(): string[]
  /** The same by the live index. */
  reached(): Promise<string[]>
  /** How often what was done. */
  readonly done: ReadonlyMap<string, number>
}

/** The loop need not run. */
export async function storyIn(here: Lake, seed: number): Promise<Story> {
  const { server, account } = here
  const { admin, db, world } = server
  const random = randomOf(seed)
  const paths = ['one', 'two', 'three'].map(name => `s3://research-data/${name}/*`)
  const sources: number[] = []
  for (const path of paths) sources.push(await register(here, path))
  const [teams = 0, guarded = 0, opened = 0] = sources
  const gus = await server.as(['GOVERNANCE'], 'gus')
  await admin.identityProviders.create({ body: { name: provider.name } })
  const people: Somebody[] = []
  for (const userid of ['ann', 'ben', 'cy']) {
    await account.owner.iam.send(new CreateUserCommand({ UserName: userid }))
    const calls = await server.as([], userid)
    await mapTo(here, calls.id, userid)
    people.push({ calls, isTrained: userid === 'ann', team: false, disabled: false, byHand: new Set() })
  }
  await admin.users.addAttribute({ params: { id: people[0]!.calls.id, key: 'trained', value: 'yes' } })
  const grant = { kind: 'grant' as const, level: 'READ' as const, state: 'active' as const }
  await admin.policies.create({
    body: {
      ...grant,
      name: 'teams',
      appliesTo: { any: [{ scope: paths[0]! }] },
      who: { when: "@hasAttribute('team', 'A')" },
    },
  })
  await admin.policies.create({
    body: {
      ...grant,
      name: 'ask for three',
      appliesTo: { any: [{ scope: paths[2]! }] },
      who: { onRequest: { review: { stages: [{ any: [{ permission: 'GOVERNANCE' }] }] } } },
      discoverable: true,
    },
  })

  const products: Product[] = []
  const requests: Asked[] = []
  const done = new Map<string, number>()
  /** By how much the story is ahead of the clock. */
  let skew = 0
  let guardrail: number | undefined

  const now = () => Date.now() + skew
  const isTagged = ({ state }: Product) => state === 'published' || state === 'suspended' || state === 'retired'
  const isLive = ({ state, until }: Asked) => state === 'approved' && (until === undefined || until > now())
  const inState = (...states: string[]) => requests.filter(one => states.includes(one.state))

  function gives(one: Asked, source: number): boolean {
    if (!isLive(one)) return false
    const { product, level } = one
    if (!product) return one.source === source
    return isTagged(product) && product.sources.includes(source) && product.levels.includes(level)
  }

  function reading(): string[] {
    return people
      .flatMap(who =>
        sources.flatMap((source, at) => {
          const asked = requests.filter(one => one.who === who && gives(one, source))
          const isIn = asked.length > 0 || who.byHand.has(source) || (source === teams && who.team)
          const isKept = guardrail !== undefined && source === guarded && !who.isTrained
          if (!isIn || isKept || who.disabled) return []
          const level = asked.some(one => one.level === 'WRITE') ? 'READWRITE' : 'READ'
          return [`${level} ${who.calls.userid} ${paths[at]}`]
        }),
      )
      .sort()
  }

  async function reached(): Promise<string[]> {
    const { index } = await world.index.fresh()
    const names = new Map(people.map(({ calls }) => [calls.id, calls.userid]))
    const all = sources.flatMap((id, at) =>
      entitlementsOf(index, id as Parameters<typeof entitlementsOf>[1]).map(
        ({ user, level }) => `${level === 'WRITE' ? 'READWRITE' : 'READ'} ${names.get(user)} ${paths[at]}`,
      ),
    )
    return all.sort()
  }

  async function withVersion<T>(
    { id }: Product,
    work: (at: { params: { id: string }; ifMatch: string }) => Promise<T>,
  ) {
    const { version } = await admin.dataProducts.get({ params: { id } })
    await work({ params: { id }, ifMatch: `"${version}"` })
  }

  const contentOf = ({ id, sources: dataSources, levels }: Product, name = id) => ({
    ...{ name, dataSources: [...dataSources], levels: [...levels], withoutEnd: true },
  })

  async function newProduct(): Promise<void> {
    const made = { sources: random.some(sources, 0.5), levels: random.pick<Level[]>([['READ'], ['READ', 'WRITE']]) }
    if (made.sources.length === 0) made.sources = [sources[0]!]
    const name = `product ${done.size} ${products.length} ${seed}`
    const { id } = await admin.dataProducts.create({ body: contentOf({ id: '', state: 'draft', ...made }, name) })
    const product: Product = { id, state: 'draft', ...made }
    products.push(product)
    await withVersion(product, at => admin.dataProducts.publish(at))
    product.state = 'published'
  }

  /** Everything that was given by it is over. */
  function end(of: (one: Asked) => boolean): void {
    for (const one of requests) if (one.state === 'approved' && of(one)) one.state = isLive(one) ? 'revoked' : 'expired'
  }

  const living = () => products.filter(({ state }) => state !== 'deleted' && state !== 'retired')

  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    async publish() {
      if (living().length < 2) return newProduct()
      const draft = products.find(({ state }) => state === 'draft')
      if (!draft) return 'nothing'
      await withVersion(draft, at => admin.dataProducts.publish(at))
      draft.state = 'published'
    },
    async 'change sources'() {
      if (living().length === 0) return 'nothing'
      const product = random.pick(living())
      const chosen = random.some(sources, 0.6)
      const next = { ...product, sources: chosen.length > 0 ? chosen : product.sources }
      next.levels = random.pick<Level[]>([['READ'], ['READ', 'WRITE'], ['READ', 'WRITE']])
      const { name } = await admin.dataProducts.get({ params: { id: product.id } })
      await withVersion(product, at => admin.dataProducts.edit({ ...at, body: contentOf(next, name) }))
      product.sources = next.sources
      product.levels = next.levels
    },
    async 'change state'() {
      const open = products.filter(({ state }) => state === 'published' || state === 'suspended')
      if (open.length === 0) return 'nothing'
      const product = random.pick(open)
      const turn = random.pick(['pause', 'pause', 'retire', 'unpublish', 'delete'] as const)
      if (turn === 'pause') {
        const isOpen = product.state === 'published'
        await withVersion(product, at => (isOpen ? admin.dataProducts.suspend(at) : admin.dataProducts.resume(at)))
        product.state = isOpen ? 'suspended' : 'published'
      } else if (turn === 'retire') {
        await withVersion(product, at => admin.dataProducts.retire(at))
        product.state = 'retired'
      } else if (turn === 'unpublish') {
        await withVersion(product, at => admin.dataProducts.unpublish(at))
        end(one => one.product === product)
        product.state = 'draft'
      } else {
        await withVersion(product, at => admin.dataProducts.remove({ ...at, query: { revoke: 'true' } }))
        end(one => one.product === product)
        product.state = 'deleted'
      }
    },
    async ask() {
      const who = random.pick(people)
      const days = random.chance(0.8) ? 1 + random.below(40) : undefined
      const asked = { answers: { purpose: 'a report' }, ...(days === undefined ? {} : { duration: `${days}d` }) }
      if (random.chance(0.25)) {
        const { id } = await who.calls.requests.askForDataSource({ params: { id: opened }, body: asked })
        requests.push({ id, who, source: opened, level: 'READ', days, state: 'pending' })
        return
      }
      const open = products.filter(({ state }) => state === 'published')
      const some = random.chance(0.8) && open.length > 0 ? open : products
      if (some.length === 0) return 'nothing'
      const product = random.pick(some)
      const level = random.pick<Level>(['READ', 'READ', 'WRITE'])
      const { id } = await who.calls.requests.askForProduct({ params: { id: product.id }, body: { ...asked, level } })
      assert.equal(product.state, 'published')
      requests.push({ id, who, product, level, days, state: 'pending' })
    },
    async extend() {
      const given = inState('approved')
      if (given.length === 0) return 'nothing'
      const one = random.pick(given)
      const days = 5 + random.below(30)
      const body = { duration: `${days}d` }
      const { id } = await one.who.calls.requests.extend({ params: { id: one.id }, body })
      requests.push({ ...one, id, days, state: 'pending', until: undefined })
    },
    async decide() {
      const waiting = inState('pending')
      if (waiting.length === 0) return 'nothing'
      const one = random.pick(waiting)
      const params = { id: one.id }
      const turn = random.below(8)
      if (turn === 0) {
        await gus.requests.decide({ params, body: { verdict: 'deny', reason: 'no' } })
        one.state = 'denied'
      } else if (turn === 1) {
        await one.who.calls.requests.cancel({ params })
        one.state = 'canceled'
      } else {
        const days = random.chance(0.5) ? 1 + random.below(10) : one.days
        const body = { verdict: 'approve' as const, ...(days === one.days ? {} : { duration: `${days}d` }) }
        const { state, until } = await gus.requests.decide({ params, body })
        one.state = state
        one.until = until === undefined ? undefined : Date.parse(until) + skew
        assert.ok(!one.product || ['published', 'suspended'].includes(one.product.state))
        assert.equal(one.until === undefined, days === undefined)
        if (one.until !== undefined) assert.ok(Math.abs(one.until - now() - (days ?? 0) * day) < day / 24)
      }
    },
    async revoke() {
      const given = inState('approved').filter(isLive)
      if (given.length === 0) return 'nothing'
      const one = random.pick(given)
      const all = random.chance(0.3)
      await gus.requests.revoke({ params: { id: one.id }, body: { reason: 'moved on', all } })
      const isSame = (other: Asked) =>
        other.who === one.who && other.product === one.product && other.source === one.source && isLive(other)
      end(other => other === one || (all && isSame(other)))
    },
    async 'time goes by'() {
      const ms = (1 + random.below(9)) * day + day / 24
      await passTime(db, ms)
      skew += ms
    },
    async look() {
      await Promise.all([lookAtClock({ db }), noticeEnds({ db }), lookAtClock({ db })])
      await noticeEnds({ db })
      await lookAtClock({ db })
      for (const one of inState('approved', 'pending')) {
        const { state } = await gus.requests.get({ params: { id: one.id } })
        if (one.state === 'approved') assert.equal(state, isLive(one) ? 'approved' : 'expired', `request ${one.id}`)
        one.state = state
      }
    },
    async guardrail() {
      if (guardrail !== undefined) {
        await admin.policies.remove({ params: { id: guardrail }, ifMatch: '"1"' })
        guardrail = undefined
        return
      }
      const body = {
        ...{ name: 'trained', kind: 'guardrail' as const, level: 'READ' as const, state: 'active' as const },
        ...{ appliesTo: { any: [{ scope: paths[1]! }] }, who: { when: "@hasAttribute('trained')" } },
      }
      guardrail = (await admin.policies.create({ body })).id
    },
    async sync() {
      const who = random.pick(people)
      const team = random.chance(0.5)
      // It says more than it may.
      const key = 'Headgate Marketplace'
      const reserved = { key, value: `Headgate Marketplace Data Product.${products.at(-1)?.id ?? 'p1'}` }
      const attributes = [reserved, ...(team ? [{ key: 'team', value: 'A' }] : [])]
      const actor = { type: 'identityProvider' as const, userid: provider.name, name: provider.name }
      await act(db, actor, doing => assertPerson(doing, provider, who.calls.id, { attributes }))
      who.team = team
    },
    async 'by hand'() {
      const who = random.pick(people)
      const params = { id: opened, userId: who.calls.id }
      if (random.chance(0.5)) {
        await admin.dataSources.setMember({ params, body: { level: 'READ', reason: 'by hand' } })
        who.byHand.add(opened)
        return
      }
      await admin.dataSources.removeMember({ params })
      who.byHand.delete(opened)
      end(one => one.who === who && one.source === opened)
    },
    async disable() {
      const who = people.find(({ disabled }) => disabled) ?? random.pick(people)
      await admin.users.update({ params: { id: who.calls.id }, body: { disabled: !who.disabled } })
      who.disabled = !who.disabled
    },
  }
  const weights = { ask: 6, decide: 9, extend: 3, revoke: 2, 'time goes by': 2, publish: 2 }
  const names = Object.keys(steps).flatMap(name =>
    Array.from({ length: weights[name as keyof typeof weights] ?? 1 }, () => name),
  )

  return {
    reading,
    reached,
    done,
    async step() {
      const name = random.pick(names)
      const outcome = await steps[name]!().catch(error => {
        // What is refused changes nothing, and the reading says so.
        if (error instanceof ApiError && error.status < 500) return error.code
        throw error
      })
      const what = typeof outcome === 'string' ? `${name}: ${outcome}` : name
      done.set(what, (done.get(what) ?? 0) + 1)
      return what
    },
  }
}
