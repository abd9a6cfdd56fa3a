/** The pure and small parts: causes, back-off, rates, marking ahead, wakes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DataProductId, DataSourceId, MemberId, MembershipId, PolicyId, UserId } from '@headgate/core'
import { AwsFailure } from '../../src/aws/aws-error.ts'
import type { Changes, FactChange } from '../../src/db/fact-change.ts'
import { createFailed, revokeFailed } from '../../src/reconcile/back-off.ts'
import { causesOf, meantSince } from '../../src/reconcile/cause.ts'
import { createOutage } from '../../src/reconcile/outage.ts'
import { createOutcomeLog } from '../../src/reconcile/outcome-log.ts'
import { createRate } from '../../src/reconcile/rate.ts'
import { takeMarked } from '../../src/reconcile/take-marked.ts'
import { createWakes } from '../../src/reconcile/wakes.ts'

const grant = { user: 7 as UserId, dataSource: 3 as DataSourceId, permission: 'READ' as const, because: [] }
const change = (entity: string, entityId: string, cause: string, previewed = false): FactChange => ({
  id: 1,
  at: 0,
  entity,
  entityId,
  after: null,
  cause,
  previewed,
})
const all = (...list: FactChange[]): Changes => ({ list, kinds: list, isFlood: false })
const rule = { kind: 'policy' as const, id: 1 as PolicyId, version: 1, level: 'READ' as const }
const counted = (name: string) => ({ name, isCounted: true })
const exempt = (name: string) => ({ name, isCounted: false })

test('the one cause there is names itself', () => {
  assert.deepEqual(causesOf(all(change('policy', '1', 'policy-activated')), 0)(grant), counted('policy-activated'))
})

test('of several causes the one about this person and data source counts, and doubt is unknown', () => {
  const mine = change('attribute', 'user/7/team/finance', 'attribute-removed')
  const other = change('attribute', 'user/8/team/finance', 'attribute-added')
  const policy = change('policy', '1', 'policy-deleted')
  assert.deepEqual(causesOf(all(mine, other), 0)(grant), counted('attribute-removed'))
  assert.deepEqual(causesOf(all(mine, policy), 0)(grant), counted('unknown'))
  assert.deepEqual(causesOf(all(), 0)(grant), counted('unknown'))
})

test('who unsubscribed meant just their own grant to go, whatever others do meanwhile', () => {
  const mine = change('subscription', '3/7/READ', 'unsubscribed')
  const theirs = change('subscription', '3/8/READ', 'unsubscribed')
  const tag = change('dataSourceTag', '4/A', 'tag-removed')
  assert.deepEqual(causesOf(all(mine, theirs, tag), 0)(grant), exempt('unsubscribed'))
  assert.deepEqual(causesOf(all(theirs, tag), 0)(grant), counted('unknown'))
  assert.equal(meantSince(all(theirs, mine), 0)(grant)?.name, 'unsubscribed')
  assert.equal(meantSince(all(theirs), 0)(grant), undefined)
})

test('doubt between causes that the brake does not count is none to the brake', () => {
  const disabled = change('user', '7', 'user-disabled')
  const deleted = change('dataSource', '3', 'data-source-deleted')
  const provider = change('groupMember', '5/7', 'identity-provider')
  const elsewhere = change('groupMember', '5/8', 'identity-provider')
  const left = change('subscription', '3/7/READ', 'unsubscribed')
  const removed = change('member', '9', 'member-removed')
  const because = [{ kind: 'member' as const, id: 9 as MemberId, level: 'READ' as const }, rule]
  assert.deepEqual(causesOf(all(left, removed), 0)({ ...grant, because }), exempt('unknown'))
  assert.deepEqual(causesOf(all(disabled, deleted), 0)(grant), exempt('user-disabled'))
  assert.deepEqual(causesOf(all(disabled, elsewhere), 0)(grant), exempt('user-disabled'))
  assert.deepEqual(causesOf(all(provider, disabled), 0)(grant), exempt('user-disabled'))
  const renamed = { ...change('user', '7', 'identity-provider'), after: { id: 7, disabled: true } }
  assert.deepEqual(causesOf(all(disabled, renamed), 0)(grant), exempt('user-disabled'))
  const enabled = { ...renamed, cause: 'user-enabled', after: { id: 7, disabled: false } }
  assert.deepEqual(causesOf(all(disabled, enabled, provider), 0)(grant), counted('unknown'))
  assert.deepEqual(causesOf(all(change('policy', '1', 'policy-edited', true)), 0)(grant), exempt('policy-edited'))
  assert.deepEqual(
    causesOf(all(change('policy', '1', 'policy-edited', true), change('policy', '2', 'policy-edited')), 0)(grant),
    counted('policy-edited'),
  )
})

test('what an admin does to the loop brings nothing about', () => {
  const mode = change('integration', '1', 'integration-mode-changed')
  const disabled = change('user', '7', 'user-disabled')
  assert.deepEqual(causesOf(all(mode, disabled), 0)(grant), exempt('user-disabled'))
  assert.deepEqual(causesOf(all(mode), 0)(grant), counted('unknown'))
})

test('of a READWRITE grant the reasons to write alone have to end; each by its own date or hand', () => {
  const write = { kind: 'member' as const, id: 9 as MemberId, level: 'WRITE' as const, until: 100 }
  const held = { ...grant, permission: 'READWRITE' as const, because: [rule, write] }
  const provider = change('groupMember', '5/7', 'identity-provider')
  const lowered = { ...change('member', '9', 'member-changed'), after: { level: 'READ' } }
  const extended = { ...change('member', '9', 'member-changed'), after: { level: 'WRITE', until: 900 } }
  assert.deepEqual(causesOf(all(provider), 100)(held), exempt('member-expired'))
  assert.deepEqual(causesOf(all(provider, lowered), 0)(held), exempt('member-changed'))
  assert.deepEqual(causesOf(all(provider, extended), 0)(held), counted('unknown'))
  const also = { ...write, id: 10 as MemberId }
  assert.deepEqual(causesOf(all(provider, lowered), 0)({ ...held, because: [write, also] }), counted('unknown'))
  assert.deepEqual(causesOf(all(provider, lowered), 100)({ ...held, because: [write, also] }), exempt('member-expired'))
  const previewed = change('policy', '1', 'policy-deleted', true)
  assert.deepEqual(causesOf(all(provider, previewed), 0)({ ...grant, because: [rule] }), exempt('policy-deleted'))
})

test('of a flood all that is known is what ended by itself or by somebody, and whether the brake counts anything', () => {
  const deleted = change('dataSource', '3', 'data-source-deleted')
  const kind = (cause: string, previewed = false) => ({ cause, previewed })
  const flood = (...kinds: ReturnType<typeof kind>[]): Changes => ({ list: [], kinds, isFlood: true })
  const other = kind('identity-provider')
  assert.deepEqual(causesOf({ ...flood(other), list: [deleted] }, 0)(grant), exempt('data-source-deleted'))
  assert.deepEqual(causesOf(flood(other, kind('user-disabled')), 0)(grant), counted('unknown'))
  assert.deepEqual(causesOf(flood(other), 0)(grant), counted('identity-provider'))
  assert.deepEqual(causesOf(flood(kind('tag-removed', true), kind('user-disabled')), 0)(grant), exempt('unknown'))
})

test('where no fact changed and a reason has ended, that is the cause; where all have, whatever changed', () => {
  const because = [{ kind: 'member' as const, id: 1 as MemberId, level: 'READ' as const, until: 100 }]
  const policy = { kind: 'policy' as const, id: 1 as PolicyId, version: 1, level: 'READ' as const }
  const provider = change('groupMember', '5/7', 'identity-provider')
  assert.deepEqual(causesOf(all(), 100)({ ...grant, because }), exempt('member-expired'))
  assert.deepEqual(causesOf(all(), 99)({ ...grant, because }), counted('unknown'))
  assert.deepEqual(causesOf(all(provider), 100)({ ...grant, because }), exempt('member-expired'))
  assert.deepEqual(
    causesOf(all(provider), 100)({ ...grant, because: [...because, policy] }),
    counted('identity-provider'),
  )
})

test('an approval that is over or taken back is named so and never counted, a source that leaves its product is', () => {
  const via = { product: 'p1' as DataProductId }
  const one = { kind: 'membership' as const, id: 4 as MembershipId, level: 'READ' as const, until: 100, via }
  const held = { ...grant, because: [one] }
  const provider = change('groupMember', '5/7', 'identity-provider')
  const revoked = change('membership', '4', 'membership-revoked')
  const product = {
    ...change('dataProduct', 'p1', 'product-changed'),
    after: { id: 'p1', dataSources: [], levels: [] },
  }
  assert.deepEqual(causesOf(all(), 100)(held), exempt('membership-expired'))
  assert.deepEqual(causesOf(all(provider), 100)(held), exempt('membership-expired'))
  assert.deepEqual(causesOf(all(provider, revoked), 0)(held), exempt('membership-revoked'))
  assert.deepEqual(causesOf(all(revoked), 0)({ ...held, because: [one, rule] }), exempt('membership-revoked'))
  assert.deepEqual(causesOf(all(change('tag', 'A', 'tag-removed'), product), 0)(held), counted('unknown'))
  assert.deepEqual(causesOf(all(provider, product), 0)(held), counted('unknown'))
  assert.deepEqual(causesOf(all(product), 0)(held), counted('product-changed'))
  assert.deepEqual(causesOf(all({ ...product, previewed: true }), 0)(held), exempt('product-changed'))
  assert.deepEqual(meantSince(all(revoked), 0)(held), exempt('membership-revoked'))
  assert.equal(meantSince(all(change('membership', '5', 'membership-revoked')), 0)(held), undefined)
})

test('what is held already goes only when somebody meant this very grant to go', () => {
  const because = [{ kind: 'member' as const, id: 9 as MemberId, level: 'READ' as const }]
  const held = { ...grant, because }
  assert.deepEqual(meantSince(all(change('user', '7', 'user-disabled')), 0)(held), exempt('user-disabled'))
  assert.deepEqual(meantSince(all(change('member', '9', 'member-removed')), 0)(held), exempt('member-removed'))
  assert.equal(meantSince(all(change('user', '8', 'user-disabled')), 0)(held), undefined)
  assert.equal(meantSince(all(change('policy', '1', 'policy-edited', true)), 0)(held), undefined)
  assert.equal(meantSince(all(change('user', '7', 'identity-provider')), 0)(held), undefined)
})

test('an unknown principal is tried quickly, then hourly; other failures wait longer each time, with a cap', () => {
  const failure = (kind: 'eventual' | 'unreachable' | 'denied', code: string) =>
    new AwsFailure({ kind, code, message: 'text', operation: 'CreateAccessGrant' })
  const most = () => 0.999_999
  const grantee = failure('eventual', 'InvalidRequest')
  assert.equal(createFailed(grantee, 0, most).state, 'createFailed')
  assert.equal(createFailed(grantee, 4, most).state, 'waitingForPrincipal')
  assert.equal(createFailed(grantee, 4, most).failure?.retryInMs, 3_600_000)
  assert.equal(createFailed(failure('eventual', 'InvalidIamRole'), 9, most).state, 'createFailed')
  const away = failure('unreachable', 'ECONNREFUSED')
  const waits = [0, 1, 2, 20].map(attempts => Math.round(createFailed(away, attempts, most).failure!.retryInMs))
  assert.deepEqual(waits, [1000, 2000, 4000, 60_000])
  assert.ok(revokeFailed(failure('denied', 'AccessDenied'), 20, most).failure!.retryInMs <= 60_000)
})

test('a throttle cuts the rate by a tenth, at most once in 100 ms, and it grows again', () => {
  const rate = createRate()
  assert.equal(rate.perSecond, Number.POSITIVE_INFINITY)
  for (let at = 0; at < 1000; at += 2) rate.succeeded(at)
  rate.throttled(1000)
  assert.ok(Math.abs(rate.perSecond - 450) < 5, `${rate.perSecond}`)
  const before = rate.perSecond
  rate.throttled(1050)
  assert.equal(rate.perSecond, before)
  rate.throttled(1100)
  assert.equal(rate.perSecond, before * 0.9)
  const low = rate.perSecond
  for (let now = 1100; now < 2100; now = rate.nextStart(now)) rate.started(Math.max(now, rate.nextStart(now)))
  assert.ok(rate.perSecond > low * 1.03 && rate.perSecond < low * 1.07, `${low} → ${rate.perSecond}`)
})

test('nothing is handed out before its mark is stored, and what is left was marked', async () => {
  const stored = new Set<number>()
  const items = Array.from({ length: 25 }, (_, n) => n)
  const marked = takeMarked(items, 10, async batch => {
    await new Promise(resolve => setImmediate(resolve))
    for (const item of batch) stored.add(item)
  })
  for (let n = 0; n < 12; n += 1) {
    const item = await marked.take()
    assert.equal(item, n)
    assert.ok(stored.has(n))
  }
  const left = await marked.leave()
  assert.deepEqual([...left], [...stored].slice(12))
  assert.equal(await marked.take(), undefined)
})

test('a failed mark fails whoever takes', async () => {
  const marked = takeMarked([1, 2], 10, () => Promise.reject(new Error('no database')))
  await assert.rejects(marked.take(), /no database/)
})

// One that came in the very moment a write ended was taken for written.
test('an outcome is stored whenever it comes in', async () => {
  for (let turns = 0; turns < 10; turns += 1) {
    const written: number[] = []
    const end = Promise.withResolvers<void>()
    const log = createOutcomeLog(async outcomes => {
      await end.promise
      written.push(...outcomes.map(({ id }) => id))
    })
    log.add({ id: 1, state: 'active' })
    end.resolve()
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve()
    log.add({ id: 2, state: 'active' })
    await log.stored()
    assert.deepEqual(written, [1, 2], `after ${turns} turns`)
  }
})

test('a wake during a round is not lost, and many count as one', async () => {
  const wakes = createWakes()
  wakes.wake()
  const round = wakes.begin()
  assert.equal(round.isStale(), false)
  wakes.wake()
  wakes.wake()
  assert.equal(round.isStale(), true)
  await round.next(60_000, new AbortController().signal)
  const next = wakes.begin()
  assert.equal(next.isStale(), false)
  const sleeping = next.next(60_000, new AbortController().signal)
  wakes.wake()
  await sleeping
})

// Once the pause after an AWS that could not be reached went on for up to a minute, whatever was changed meanwhile.
test('a wake ends a long wait, but not before its least', async () => {
  const { signal } = new AbortController()
  const wakes = createWakes()
  const woken = wakes.begin()
  wakes.wake()
  const begun = performance.now()
  await woken.next(3_600_000, signal, 50)
  assert.ok(performance.now() - begun >= 45)
})

// Once an error was logged five times a second for as long as the database was down.
test('an outage is told at its beginning and once a minute, and tried ever more slowly', () => {
  let now = 0
  const outage = createOutage(() => now)
  const told: number[] = []
  for (; now < 180_000; now += outage.pauseMs()) if (outage.goesOn().isToBeTold) told.push(now)
  assert.equal(told.length, 3)
  assert.equal(told[0], 0)
  assert.equal(outage.pauseMs(), 5000)
  outage.over()
  assert.deepEqual([outage.goesOn().isToBeTold, outage.pauseMs()], [true, 200])
})
