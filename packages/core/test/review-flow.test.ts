/** Which rule of a review flow holds, and what a flow may not say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  approvedFor,
  approvesStrangers,
  autoApprovedFor,
  checkFlow,
  firstMatch,
  longestDurationMs,
  type Outcome,
  parseDuration,
  parseExpression,
  parseIn,
  printDuration,
  type RequestAbout,
  type ReviewFlow,
  type Rule,
  type Stage,
} from '../src/index.ts'

const day = 86_400_000
const governors: Stage = { any: [{ permission: 'GOVERNANCE' }] }
const reviewed = { review: { stages: [governors] } } as const
const rule = (condition: string, then: Outcome): Rule => ({ if: condition, then })
const ann: RequestAbout = {
  userid: 'ann',
  groups: ['Stewards'],
  attributes: [
    { key: 'unit', value: 'Finance' },
    { key: 'Headgate Marketplace', value: 'Headgate Marketplace Data Product.c1' },
  ],
  principalKinds: ['iamRole'],
  level: 'READ',
  durationMs: 30 * day,
}

const conditions: readonly [holds: boolean, condition: string, about?: Partial<RequestAbout>][] = [
  [true, `@isInGroups('Stewards')`],
  [false, `@isInGroups('Stewards', 'Others')`],
  [true, `@isInAnyGroup('Stewards', 'Others')`],
  [true, `@isInGroups('All Users')`, { groups: [] }],
  [true, `@hasAttribute('unit', 'Finance.Payroll')`],
  [false, `@hasAttribute('unit', 'Fin')`],
  [true, `@hasAttribute('unit')`],
  [false, `@hasAttribute('Headgate Marketplace')`],
  [true, `@isUser('bob', 'ann')`],
  [true, `@levelIs('READ')`],
  [false, `@levelIs('READ')`, { level: 'WRITE' }],
  [true, `@durationAtMost('30d')`],
  [false, `@durationAtMost('29d')`],
  [false, `@durationAtMost('100y')`, { durationMs: undefined }],
  [true, `@principalKind('iamRole')`],
  [false, `@principalKind('identityCenterUser')`],
  [true, `NOT @isUser('bob') AND (@isUser('carl') OR @levelIs('READ'))`],
]
for (const [holds, condition, about] of conditions) {
  test(`${condition} ${holds ? 'holds' : 'does not hold'}${about ? ` with ${JSON.stringify(about)}` : ''}`, () => {
    const flow: ReviewFlow = { rules: [rule(condition, { approve: {} })], otherwise: reviewed }
    assert.equal(firstMatch(flow, { ...ann, ...about }).rule, holds ? 0 : 'otherwise')
  })
}

test('the first rule that holds counts, and otherwise what stands there', () => {
  const flow: ReviewFlow = {
    rules: [
      rule(`@isUser('bob')`, { approve: { for: '1d' } }),
      rule(`@isUser('ann')`, { approve: { for: '30d' } }),
      rule(`@isInGroups('Stewards')`, { approve: { for: '1y' } }),
    ],
    otherwise: reviewed,
  }
  assert.deepEqual(firstMatch(flow, ann), { rule: 1, outcome: { approve: { for: '30d' } } })
  assert.deepEqual(firstMatch(flow, { ...ann, userid: 'eve', groups: [] }), { rule: 'otherwise', outcome: reviewed })
})

test('a flow that cannot be read decides nothing, whichever rule would hold', () => {
  const flow: ReviewFlow = {
    rules: [rule(`@isUser('ann')`, { approve: {} }), rule('nonsense', reviewed)],
    otherwise: { approve: {} },
  }
  assert.throws(() => firstMatch(flow, ann), TypeError)
})

test('the shorter of what was asked for and what is allowed counts', () => {
  assert.equal(autoApprovedFor({ for: '30d' }, 7 * day), 7 * day)
  assert.equal(autoApprovedFor({ for: '30d' }, 90 * day), 30 * day)
  assert.equal(autoApprovedFor({ for: '30d' }, undefined), 30 * day)
  assert.equal(autoApprovedFor({}, undefined), undefined)
  assert.equal(approvedFor(undefined, [undefined, 3, 2]), 2)
})

const faults: readonly [path: string, message: RegExp, flow: ReviewFlow][] = [
  [
    'rules.0.if',
    /`@hasTagAsAttribute` may not stand in review flows.*@hasAttribute.*line 1, column 1/,
    { rules: [rule(`@hasTagAsAttribute('a', 'dataSource')`, reviewed)], otherwise: reviewed },
  ],
  [
    'rules.0.if',
    /@hasTagAsGroup.*@isInGroups/,
    { rules: [rule(`@hasTagAsGroup('dataSource')`, reviewed)], otherwise: reviewed },
  ],
  [
    'rules.0.if',
    /@hasPrincipal.*@principalKind/,
    { rules: [rule(`@hasPrincipal('iamRole')`, reviewed)], otherwise: reviewed },
  ],
  ['rules.0.if', /did you mean `@levelIs`/, { rules: [rule(`@levells('READ')`, reviewed)], otherwise: reviewed }],
  ['rules.0.if', /'READ'.*'WRITE'/, { rules: [rule(`@levelIs('ALL')`, reviewed)], otherwise: reviewed }],
  [
    'rules.1.if',
    /no duration/,
    {
      rules: [rule(`@durationAtMost('30d')`, reviewed), rule(`@durationAtMost('soon')`, reviewed)],
      otherwise: reviewed,
    },
  ],
  ['otherwise.approve.for', /`0d` is no duration/, { rules: [], otherwise: { approve: { for: '0d' } } }],
  [
    'rules.0.then',
    /types a short enough duration/,
    { rules: [rule(`@durationAtMost('7d')`, { approve: {} })], otherwise: reviewed },
  ],
  [
    'otherwise',
    /types a short enough duration/,
    { rules: [rule(`NOT @durationAtMost('7d')`, reviewed)], otherwise: { approve: {} } },
  ],
  [
    'rules.1.then',
    /types a short enough duration/,
    {
      rules: [
        rule(`@isInGroups('Contractors')`, reviewed),
        rule(`@levelIs('READ') AND @durationAtMost('1w')`, { approve: { for: '1w' } }),
      ],
      otherwise: reviewed,
    },
  ],
]
for (const [path, message, flow] of faults) {
  test(`a flow with ${JSON.stringify(flow.rules.map(rule => rule.if))} is refused at ${path}`, () => {
    const [fault, ...more] = checkFlow(flow)
    assert.deepEqual(more, [])
    assert.equal(fault?.path, path)
    assert.match(fault?.message ?? '', message)
  })
}

test('what is typed may narrow what is known of people, and everybody may be approved on purpose', () => {
  const narrow = `@isInGroups('Stewards') AND @durationAtMost('7d')`
  const narrowed: ReviewFlow = { rules: [rule(narrow, { approve: {} })], otherwise: reviewed }
  assert.deepEqual(checkFlow(narrowed), [])
  assert.equal(approvesStrangers(narrowed), false)
  const open: ReviewFlow = {
    rules: [rule(`@levelIs('WRITE')`, reviewed)],
    otherwise: { approve: { for: '1d' } },
  }
  assert.deepEqual(checkFlow(open), [])
  assert.equal(approvesStrangers(open), true)
})

test('functions of review flows are refused in policies, and say what to write there', () => {
  for (const text of [`@levelIs('READ')`, `@durationAtMost('1d')`, `@principalKind('iamRole')`]) {
    const parsed = parseExpression(text)
    assert.ok(!parsed.ok)
    assert.equal(parsed.errors[0]?.code, 'policy-function-misplaced')
    assert.ok(!parsed.errors[0]?.expected.includes('@levelIs'))
    assert.ok(parseIn('flow', text).ok)
  }
})

test('durations are read and printed in fixed lengths', () => {
  const cases: readonly [string, number | undefined][] = [
    ['30min', 1_800_000],
    ['12h', day / 2],
    ['2w', 14 * day],
    ['6mo', 180 * day],
    ['1y', 365 * day],
    ['0h', undefined],
    ['101y', undefined],
    ['1.5h', undefined],
    ['1m', undefined],
    ['', undefined],
    ['-1d', undefined],
  ]
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text)
  const whole = fc.integer({ min: 1, max: longestDurationMs / 60_000 }).map(minutes => minutes * 60_000)
  fc.assert(fc.property(whole, ms => parseDuration(printDuration(ms)) === ms))
})
