/** How a review goes on: stages in order, different people for `all`, one denial, the shortest duration. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  canComplete,
  type Decision,
  decide,
  metBy,
  openReview,
  openStage,
  type Refusal,
  type Review,
  type Stage,
  type UserId,
} from '../src/index.ts'
import { largestMatching } from '../src/review/matching.ts'

const who = (id: number) => id as UserId
const at = 1_700_000_000_000
const [a, b, c] = [{ group: 'A' }, { group: 'B' }, { group: 'C' }] as const

interface Case {
  readonly stages: readonly Stage[]
  readonly askedMs?: number
  /** Who, what, which criteria they meet, for how long. */
  readonly steps: readonly (readonly [
    by: number,
    verdict: Decision['verdict'],
    criteria: readonly number[],
    forMs?: number | null,
  ])[]
  readonly ends: { readonly status: Review['status']; readonly stage: number; readonly approvedMs?: number }
  /** The refusals, in order. */
  readonly refused?: readonly Refusal[]
}

const cases: Readonly<Record<string, Case>> = {
  'one approval is enough for any': {
    stages: [{ any: [a, b] }],
    steps: [[1, 'approve', [1]]],
    ends: { status: 'approved', stage: 0 },
  },
  'stages come one after the other, and one person may decide in both': {
    stages: [{ any: [a] }, { any: [b] }],
    steps: [
      [1, 'approve', [0]],
      [1, 'approve', [0]],
    ],
    ends: { status: 'approved', stage: 1 },
  },
  'one denial denies, whatever was approved': {
    stages: [{ all: [a, b] }, { any: [c] }],
    steps: [
      [1, 'approve', [0]],
      [2, 'deny', [0]],
      [3, 'approve', [1]],
    ],
    ends: { status: 'denied', stage: 0 },
    refused: ['over'],
  },
  'all needs a different person for each criterion': {
    stages: [{ all: [a, b] }],
    steps: [
      [1, 'approve', [0, 1]],
      [1, 'approve', [0, 1]],
    ],
    ends: { status: 'open', stage: 0 },
    refused: ['decided-already'],
  },
  'whoever came first is moved to another criterion where that lets others in': {
    stages: [{ all: [a, b] }],
    steps: [
      [1, 'approve', [0, 1]],
      [2, 'approve', [0]],
    ],
    ends: { status: 'approved', stage: 0 },
  },
  'an approval that can add nothing is refused, a denial is not': {
    stages: [{ all: [a, b] }],
    steps: [
      [1, 'approve', [0]],
      [2, 'approve', [0]],
      [2, 'deny', [0]],
    ],
    ends: { status: 'denied', stage: 0 },
    refused: ['adds-nothing'],
  },
  'nobody decides by a criterion that the stage does not have': {
    stages: [{ any: [a] }],
    steps: [
      [1, 'approve', []],
      [1, 'deny', [1]],
    ],
    ends: { status: 'open', stage: 0 },
    refused: ['meets-none', 'meets-none'],
  },
  'the shortest duration wins over all stages': {
    stages: [{ all: [a, b] }, { any: [c] }],
    askedMs: 90,
    steps: [
      [1, 'approve', [0], 60],
      [2, 'approve', [1], null],
      [3, 'approve', [0]],
    ],
    ends: { status: 'approved', stage: 1, approvedMs: 60 },
  },
  'an approval as asked is for as long as was asked': {
    stages: [{ any: [a] }],
    askedMs: 90,
    steps: [[1, 'approve', [0]]],
    ends: { status: 'approved', stage: 0, approvedMs: 90 },
  },
  'without an end only where everybody says so': {
    stages: [{ any: [a] }, { any: [b] }],
    askedMs: 90,
    steps: [
      [1, 'approve', [0], null],
      [2, 'approve', [0], null],
    ],
    ends: { status: 'approved', stage: 1 },
  },
}

for (const [name, { stages, askedMs, steps, ends, refused = [] }] of Object.entries(cases)) {
  test(name, () => {
    let review = openReview(stages, askedMs)
    const refusals: Refusal[] = []
    for (const [by, verdict, criteria, forMs] of steps) {
      const before = structuredClone(review)
      const decided = decide(review, { by: who(by), verdict, criteria, forMs, reason: 'because', at })
      assert.deepEqual(review, before, 'a decision changed the state that it was made on')
      if ('refusal' in decided) refusals.push(decided.refusal)
      else review = decided.review
    }
    assert.deepEqual(refusals, refused)
    assert.deepEqual([review.status, review.stage, review.approvedMs], [ends.status, ends.stage, ends.approvedMs])
    assert.equal(openStage(review) === undefined, ends.status !== 'open')
  })
}

test('a review without stages is no review', () => {
  assert.throws(() => openReview([]), RangeError)
})

test('who stands for which criterion is told, and moves as others come', () => {
  let review = openReview([{ all: [a, b, c] }])
  const approve = (by: number, criteria: number[]) => {
    const decided = decide(review, { by: who(by), verdict: 'approve', criteria, at })
    if ('review' in decided) review = decided.review
  }
  approve(1, [0, 1])
  assert.deepEqual([...metBy(review)], [[0, 1]])
  approve(2, [0])
  assert.deepEqual(
    new Map(metBy(review)),
    new Map([
      [1, 1],
      [0, 2],
    ]),
  )
  assert.equal(canComplete(review, []), false)
  assert.equal(canComplete(review, [[0, 1]]), false)
  assert.equal(canComplete(review, [[2]]), true)
})

const graphs = fc
  .integer({ min: 1, max: 4 })
  .chain(things =>
    fc.tuple(fc.constant(things), fc.array(fc.uniqueArray(fc.nat(things - 1)), { minLength: 0, maxLength: 6 })),
  )

/** Every way of giving things to people, one after the other. */
function mostGiven(takes: readonly (readonly number[])[], taken: ReadonlySet<number> = new Set()): number {
  const [first, ...rest] = takes
  if (!first) return taken.size
  const given = first.filter(thing => !taken.has(thing)).map(thing => mostGiven(rest, new Set([...taken, thing])))
  return Math.max(mostGiven(rest, taken), ...given)
}

test('law: the matching is as large as any, and gives each thing to somebody who takes it', () => {
  fc.assert(
    fc.property(graphs, ([, takes]) => {
      const matching = largestMatching(takes)
      assert.equal(matching.size, mostGiven(takes))
      assert.equal(new Set(matching.values()).size, matching.size)
      for (const [thing, person] of matching) assert.ok(takes[person]?.includes(thing))
    }),
  )
})

test('law: a stage of all is approved once everybody who came could be given a criterion each, in whatever order', () => {
  fc.assert(
    fc.property(graphs, ([criteria, takes]) => {
      const all = Array.from({ length: criteria }, (_, n) => ({ group: `G${n}` }))
      let review = openReview([{ all }])
      for (const [by, met] of takes.entries()) {
        const decided = decide(review, { by: who(by), verdict: 'approve', criteria: met, at })
        if ('review' in decided) review = decided.review
      }
      const isEnough = mostGiven(takes) === criteria
      assert.equal(review.status, isEnough ? 'approved' : 'open')
      assert.equal(canComplete(openReview([{ all }]), takes), isEnough)
    }),
  )
})
