/** Planning only those whom changes touched comes to the same as planning everybody. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Change,
  type DesiredGrants,
  entitlementIndex,
  type LedgerRow,
  type Plan,
  planChanges,
  type UserId,
} from '@headgate/core'
import { applied, changeOf, startOf } from '../../../core/test/changes.ts'
import { now, randomOf, worldOf } from '../../../core/test/worlds.ts'
import { allEntitlements, desiredFor, entitlementsOfPeople } from '../../src/live-index/desired.ts'
import { createFollowers } from '../../src/live-index/followers.ts'
import { createOpenPeople } from '../../src/reconcile/open-people.ts'

const worlds = 400

/** Nobody shares a principal: that is refused where it would be stored. */
function asOwn(change: Change): Change {
  if (change.entity !== 'principals') return change
  const rows = change.rows.map(row => ({ ...row, user: change.user, identifier: `${row.identifier}/${change.user}` }))
  return { ...change, rows }
}

function rowsOf({ grants }: DesiredGrants): (LedgerRow & { because: unknown })[] {
  return grants.map((grant, at) => ({ ...grant, id: at + 1, state: 'active', attempts: 0, activeAt: 0 }))
}

/** What a plan asks for, without what may stay. */
function asked(plan: Plan<LedgerRow>) {
  const create = plan.create.map(({ grant, row }) => ({ grant, row: row?.id }))
  const wait = plan.wait.map(({ grant, row, ...rest }) => ({ grant, row: row?.id, ...rest }))
  return { revoke: plan.revoke, drop: plan.drop, refuse: plan.refuse, create, wait: wait.sort(byText), next: plan.next }
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}

test('the touched people alone have anything to be planned, and for them the plan is the same', () => {
  let inParts = 0
  let moved = 0
  for (let seed = 1; seed <= worlds; seed += 1) {
    const random = randomOf(seed)
    const first = worldOf(seed)
    const facts = {
      ...first,
      principals: first.principals.map(row => ({ ...row, identifier: `${row.identifier}/${row.user}` })),
    }
    const index = entitlementIndex(facts, now)
    const followers = createFollowers()
    const watched = facts.integrations.map(({ id }) => ({ id, follower: followers.follow(id) }))
    const before = new Map(watched.map(({ id }) => [id, rowsOf(desiredFor(index, id, allEntitlements(index, id)))]))
    for (const { follower } of watched) assert.equal(follower.take(), 'everybody')

    let world = startOf(facts)
    for (let step = random.below(4); step >= 0; step -= 1) {
      const change = asOwn(changeOf(world, random))
      if (change.entity === 'integration') continue
      world = applied(world, change)
      followers.tell(index, change, index.inverseOf(change), index.applyChange(change))
    }

    for (const { id, follower } of watched) {
      const people = follower.take()
      if (people === 'everybody') continue
      inParts += 1
      const ledger = before.get(id) ?? []
      const all = desiredFor(index, id, allEntitlements(index, id))
      const part = desiredFor(index, id, entitlementsOfPeople(index, id, people))
      const whole = planChanges(all, ledger, now)
      const ours = planChanges(
        part,
        ledger.filter(({ user }) => people.has(user)),
        now,
      )
      assert.deepEqual(asked(ours), asked(whole), `seed ${seed}, integration ${id}`)
      moved += whole.create.length + whole.revoke.length
      // Of the others not even a reason is another one.
      const reasons = (rows: readonly { user: UserId; dataSource: number; because: unknown }[]) =>
        rows.filter(({ user }) => !people.has(user)).map(row => [row.user, row.dataSource, row.because])
      assert.deepEqual(reasons(all.grants), reasons(ledger), `seed ${seed}, integration ${id}`)
    }
  }
  assert.ok(inParts > worlds && moved > worlds / 2, `too little was compared: ${inParts} plans, ${moved} grants`)
})

const users = [1, 2, 3] as UserId[]
const nothing: Plan<LedgerRow> = {
  revoke: [],
  counted: [],
  create: [],
  drop: [],
  keep: [],
  wait: [],
  leave: [],
  refuse: [],
}

function openWith(...touched: (ReadonlySet<UserId> | 'everybody')[]) {
  return createOpenPeople({ take: () => touched.shift() ?? new Set() })
}

function waitOf(user: UserId, why: 'retry' | 'settling', until?: number): Plan<LedgerRow> {
  const row = { user } as LedgerRow
  return { ...nothing, wait: [{ row, why, ...(until === undefined ? {} : { until }) }] }
}

test('whoever is planned and has nothing to wait for is left alone', () => {
  const open = openWith('everybody', new Set(users))
  assert.equal(open.due(0), 'everybody')
  open.note('everybody', nothing)
  const touched = open.due(0)
  assert.deepEqual(touched, new Set(users))
  open.note(touched, nothing)
  assert.deepEqual(open.due(0), new Set())
})

test('a plan that never came into the ledger is made again', () => {
  const open = openWith(new Set(users))
  assert.deepEqual(open.due(0), new Set(users))
  assert.deepEqual(open.due(0), new Set(users))
  open.forget()
  assert.equal(open.due(0), 'everybody')
})

test('who waits to be tried again is left alone until then, whoever else is touched', () => {
  const [ann, ben] = users as [UserId, UserId]
  const open = openWith(new Set([ann]), new Set([ben]))
  open.note(open.due(0), waitOf(ann, 'retry', 100))
  assert.equal(open.next(), 100)
  assert.deepEqual(open.due(99), new Set([ben]))
  assert.equal(open.hasOthers(new Set([ben])), true)
  assert.deepEqual(open.due(100), new Set([ann, ben]))
  open.note(new Set([ann, ben]), waitOf(ann, 'settling', 200))
  assert.deepEqual(open.due(100), new Set([ann]), 'what waits for something else is looked at each time')
})
