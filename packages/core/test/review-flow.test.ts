/** Which rule of a review flow holds, and what a flow may not say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  and,
  approvedFor,
  approvesStrangers,
  autoApprovedFor,
  call,
  checkFlow,
  completionAt,
  type Expression,
  type FlowFunctionName,
  firstMatch,
  highlightsOf,
  isSameExpression,
  longestDurationMs,
  not,
  type Outcome,
  or,
  parseDuration,
  parseExpression,
  parseIn,
  printDuration,
  printExpression,
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

const duration = fc.constantFrom('1h', '7d', '30d', '1y')
const calls: fc.Arbitrary<Expression<FlowFunctionName>> = fc.oneof(
  fc.constantFrom('A', 'B', 'All Users').map(group => call('isInGroups', group)),
  fc.constantFrom('unit', "it's").map(key => call('hasAttribute', key)),
  fc.constantFrom('READ', 'WRITE').map(level => call('levelIs', level)),
  duration.map(text => call('durationAtMost', text)),
  fc.constantFrom('iamRole', 'iamUser').map(kind => call('principalKind', kind)),
)
const expressions = fc.letrec<{ tree: Expression<FlowFunctionName> }>(tie => {
  const terms = fc.array(tie('tree'), { minLength: 1, maxLength: 3 })
  return { tree: fc.oneof({ maxDepth: 3 }, calls, terms.map(and), terms.map(or), tie('tree').map(not)) }
}).tree
const outcomes = fc.constantFrom<Outcome>({ approve: {} }, { approve: { for: '1d' } }, reviewed)
const flows: fc.Arbitrary<ReviewFlow> = fc.record({
  rules: fc.array(
    fc.tuple(expressions, outcomes).map(([tree, then]) => rule(printExpression(tree), then)),
    {
      maxLength: 3,
    },
  ),
  otherwise: outcomes,
})

test('law: printing and parsing a condition gives the same tree back', () => {
  fc.assert(
    fc.property(expressions, tree => {
      const read = parseIn('flow', printExpression(tree))
      assert.ok(read.ok)
      assert.ok(isSameExpression(read.expression, tree))
    }),
  )
})

test('law: a flow is taken exactly if no stranger is approved for some durations and reviewed for others', () => {
  const durations = [
    undefined,
    ...[0.5, 1, 24, 168, 169, 720, 721, 8760, 8761, 800_000].map(hours => hours * 3_600_000),
  ]
  const isByTyping = (flow: ReviewFlow) =>
    [[], ['iamRole'], ['iamUser'], ['identityCenterUser']].some(kinds =>
      (['READ', 'WRITE'] as const).some(level => {
        const ends = durations.map(durationMs => {
          const about = {
            userid: 'somebody',
            groups: [],
            attributes: [],
            principalKinds: kinds as never,
            level,
            durationMs,
          }
          return Object.keys(firstMatch(flow, about).outcome)[0]
        })
        return new Set(ends).size > 1
      }),
    )
  fc.assert(fc.property(flows, flow => assert.equal(checkFlow(flow).length > 0, isByTyping(flow))))
})

test('an editor of conditions is told of the functions that may stand there', () => {
  const kinds = (text: string, context: 'flow' | 'policy') => highlightsOf(text, context).map(({ kind }) => kind)[0]
  assert.deepEqual([kinds('@levelIs', 'flow'), kinds('@levelIs', 'policy')], ['function', 'error'])
  assert.deepEqual([kinds('@hasPrincipal', 'flow'), kinds('@hasPrincipal', 'policy')], ['error', 'function'])
  const caret = completionAt(`@levelIs('`, 10, 'flow')
  assert.deepEqual(caret, { kind: 'argument', names: 'level', typed: '', from: 9, isQuoted: true })
  assert.equal(completionAt(`@levelIs('`, 10), undefined)
})

test('a flow that would take long to read or to ask is refused, and soon', () => {
  const durations = (rule: number) =>
    Array.from({ length: 190 }, (_, at) => `@durationAtMost('${rule * 200 + at + 1}min')`).join(' OR ')
  const manyCalls = Array.from({ length: 50 }, (_, at) => rule(durations(at), reviewed))
  const [one] = checkFlow({ rules: manyCalls, otherwise: reviewed })
  assert.match(one?.message ?? '', /300 functions in all/)
  const stage: Stage = { any: Array.from({ length: 20 }, (_, at) => ({ group: `g${at}` })) }
  const wide = { review: { stages: Array.from({ length: 10 }, () => stage) } }
  assert.deepEqual(checkFlow({ rules: [], otherwise: wide }), [])
  const [two] = checkFlow({ rules: [rule(`@levelIs('READ')`, reviewed)], otherwise: wide })
  assert.match(two?.message ?? '', /200 criteria in all/)
})
