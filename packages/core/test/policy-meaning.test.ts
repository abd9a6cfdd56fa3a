import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  and,
  call,
  canonical,
  type Expression,
  expressionOfRule,
  isDottedName,
  isOpenByAbsence,
  isSameExpression,
  matches,
  not,
  or,
  parseExpression,
  principalKinds,
  type SimpleCondition,
  selfAndParents,
  simpleRuleOf,
  tagWarnings,
  truthOf,
  type Vocabulary,
  warnings,
} from '../src/policy/index.ts'
import { type DataSourceFacts, holds, type PersonFacts } from './expression-meaning.ts'
import { expressions, names } from './expressions.ts'

function parsed(text: string): Expression {
  const result = parseExpression(text)
  assert.ok(result.ok, text)
  return result.expression
}

test('a dotted name stands for itself and its children, segment by segment', () => {
  assert.ok(matches('Finance', 'Finance'))
  assert.ok(matches('Finance', 'Finance.Payroll.2026'))
  assert.ok(!matches('Finance.Payroll', 'Finance'))
  assert.ok(!matches('Fin', 'Finance'))
  assert.ok(!matches('finance', 'Finance.Payroll'))
  assert.deepEqual(selfAndParents('A.B.C'), ['A.B.C', 'A.B', 'A'])
})

test('a dotted name has no empty segment', () => {
  for (const good of ['A', 'A.B', 'A b.c']) assert.ok(isDottedName(good), good)
  for (const bad of ['', '.', 'A.', '.A', 'A..B']) assert.ok(!isDottedName(bad), bad)
})

test('law: a name matches exactly what has it among itself and its parents', () => {
  const dotted = fc.array(fc.constantFrom('A', 'B', 'AB'), { minLength: 1, maxLength: 4 }).map(parts => parts.join('.'))
  fc.assert(fc.property(dotted, dotted, (value, tag) => matches(value, tag) === selfAndParents(tag).includes(value)))
})

interface PersonText {
  readonly groups?: readonly string[]
  readonly attributes?: Readonly<Record<string, readonly string[]>>
  readonly principalKind?: PersonFacts['principalKind']
}

function person({ groups = [], attributes = {}, principalKind }: PersonText): PersonFacts {
  const facts = {
    userid: 'ann',
    groups: new Set(groups),
    attributes: new Map(Object.entries(attributes).map(([key, values]) => [key, new Set(values)])),
  }
  return principalKind ? { ...facts, principalKind } : facts
}

const meanings: readonly [text: string, tags: readonly string[], who: PersonText, result: boolean][] = [
  [`@hasAttribute('country', 'FR')`, [], { attributes: { country: ['DE', 'FR'] } }, true],
  [`@hasAttribute('country', 'FR')`, [], { attributes: { Country: ['FR'] } }, false],
  [`@hasAttribute('country', 'fr')`, [], { attributes: { country: ['FR'] } }, false],
  [`@hasAttribute('unit', 'A.B')`, [], { attributes: { unit: ['A'] } }, true],
  [`@hasAttribute('unit', 'A')`, [], { attributes: { unit: ['A.B'] } }, false],
  [`@hasAttribute('unit')`, [], { attributes: { unit: ['x'] } }, true],
  [`@hasAttribute('unit')`, [], { attributes: { unit: [] } }, false],
  [`@isInGroups('A', 'B')`, [], { groups: ['A', 'B', 'C'] }, true],
  [`@isInGroups('A', 'B')`, [], { groups: ['A'] }, false],
  [`@isInGroups('A.B')`, [], { groups: ['A'] }, false],
  [`@isInAnyGroup('A', 'B')`, [], { groups: ['B'] }, true],
  [`@isInAnyGroup('A', 'B')`, [], {}, false],
  [`@hasTagAsAttribute('unit', 'dataSource')`, ['Finance.Payroll'], { attributes: { unit: ['Finance'] } }, true],
  [`@hasTagAsAttribute('unit', 'dataSource')`, ['Finance'], { attributes: { unit: ['Finance.Payroll'] } }, false],
  [`@hasTagAsAttribute('unit', 'dataSource')`, ['Finance'], { attributes: { other: ['Finance'] } }, false],
  [`@hasTagAsAttribute('unit', 'dataSource')`, [], { attributes: { unit: ['Finance'] } }, false],
  [`@hasTagAsGroup('dataSource')`, ['Finance.Payroll'], { groups: ['Finance'] }, true],
  [`@hasTagAsGroup('dataSource')`, ['Finance'], { groups: ['Finance.Payroll'] }, false],
  [`@isUser('bob', 'ann')`, [], {}, true],
  [`@isUser('Ann')`, [], {}, false],
  [`@hasPrincipal('iamRole')`, [], { principalKind: 'iamRole' }, true],
  [`@hasPrincipal('iamRole')`, [], { principalKind: 'iamUser' }, false],
  [`@hasPrincipal('iamRole')`, [], {}, false],
  [`NOT @isUser('bob') AND (@isInGroups('A') OR @hasAttribute('k'))`, [], { groups: ['A'] }, true],
  [`NOT (@isUser('ann') OR @isInGroups('A'))`, [], {}, false],
]
for (const [text, tags, who, result] of meanings) {
  test(`${text} on [${tags.join()}] is ${result} for ${JSON.stringify(who)}`, () => {
    assert.equal(holds(parsed(text), person(who), { tags }), result)
  })
}

test('a tree of nothing, which no text can say, lets nobody in', () => {
  assert.equal(holds({ kind: 'and', terms: [] }, person({}), { tags: [] }), false)
  assert.equal(holds(call('isInGroups'), person({}), { tags: [] }), false)
})

const fewNames = fc.constantFrom('A', 'A.B', 'B')
const someone: fc.Arbitrary<PersonFacts> = fc
  .tuple(
    fc.constantFrom('A', 'B', 'C'),
    fc.uniqueArray(fewNames),
    fc.dictionary(fewNames, fc.uniqueArray(fewNames), { maxKeys: 3, noNullPrototype: true }),
    fc.option(fc.constantFrom(...principalKinds)),
  )
  .map(([userid, groups, attributes, kind]) => ({
    ...person({ groups: ['All Users', ...groups], attributes, ...(kind && { principalKind: kind }) }),
    userid,
  }))
const something: fc.Arbitrary<DataSourceFacts> = fc.record({ tags: fc.uniqueArray(fewNames) })

test('law: an expression means what its canonical tree and its reading of the printed text mean', () => {
  fc.assert(
    fc.property(expressions(fewNames), someone, something, (tree, who, what) => {
      assert.equal(holds(canonical(tree), who, what), holds(tree, who, what))
      assert.equal(holds(not(tree), who, what), !holds(tree, who, what))
    }),
  )
})

const truths: readonly [text: string, truth: ReturnType<typeof truthOf>][] = [
  [`@isInGroups('A') AND NOT @isInGroups('A')`, 'never'],
  [`@isInGroups('A') OR NOT @isInGroups('A')`, 'always'],
  [`@isInGroups('A', 'B') AND NOT @isInAnyGroup('B', 'C')`, 'never'],
  [`@isUser('a') AND @isUser('b')`, 'never'],
  [`@isUser('a', 'b') AND @isUser('b', 'c')`, 'sometimes'],
  [`NOT @isUser('a') OR NOT @isUser('b')`, 'always'],
  [`@hasPrincipal('iamRole') AND @hasPrincipal('iamUser')`, 'never'],
  [`@hasAttribute('k', 'A') AND NOT @hasAttribute('k', 'A.B')`, 'never'],
  [`@hasAttribute('k', 'A.B') AND NOT @hasAttribute('k', 'A')`, 'sometimes'],
  [`@hasAttribute('k', 'A') AND NOT @hasAttribute('k')`, 'never'],
  [`@hasTagAsAttribute('k', 'dataSource') AND NOT @hasAttribute('k')`, 'never'],
  [`@isInGroups('All Users')`, 'always'],
  [`NOT @isInAnyGroup('All Users', 'A')`, 'never'],
  [`(@isInGroups('A') OR @isInGroups('B')) AND NOT @isInGroups('A') AND NOT @isInGroups('B')`, 'never'],
  [`@hasAttribute('k')`, 'sometimes'],
]
for (const [text, truth] of truths) test(`${text} is ${truth} true`, () => assert.equal(truthOf(parsed(text)), truth))

test('law: nobody contradicts what is said to be never or always true', () => {
  fc.assert(
    fc.property(expressions(fc.constantFrom('A', 'A.B')), someone, something, (tree, who, what) => {
      const truth = truthOf(tree)
      assert.notEqual(truth, undefined)
      if (truth === 'never') assert.equal(holds(tree, who, what), false)
      if (truth === 'always') assert.equal(holds(tree, who, what), true)
    }),
    { numRuns: 1000 },
  )
})

test('law: over groups alone the verdict is that of the truth table', () => {
  const groups = ['A', 'B', 'C']
  const groupCalls = fc.uniqueArray(fc.constantFrom(...groups), { minLength: 1 })
  const formulas = fc.letrec<{ tree: Expression }>(tie => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      groupCalls.map(list => call('isInGroups', ...list)),
      groupCalls.map(list => call('isInAnyGroup', ...list)),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map(and),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map(or),
      tie('tree').map(not),
    ),
  })).tree
  fc.assert(
    fc.property(formulas, tree => {
      const rows = Array.from({ length: 2 ** groups.length }, (_, row) => groups.filter((_, at) => row & (1 << at)))
      const verdicts = new Set(rows.map(row => holds(tree, person({ groups: row }), { tags: [] })))
      assert.equal(truthOf(tree), verdicts.size === 2 ? 'sometimes' : verdicts.has(true) ? 'always' : 'never')
    }),
    { numRuns: 500 },
  )
})

test('the longest list of names is judged as surely as a short one', () => {
  const users = Array.from({ length: 1000 }, (_, at) => at.toString(36))
  const isOneOfThem = call('isUser', ...users)
  assert.equal(truthOf(isOneOfThem), 'sometimes')
  assert.equal(truthOf(and([isOneOfThem, not(isOneOfThem)])), 'never')
})

test('a question too hard to decide is left open instead of searched for ever', () => {
  // Pigeons in too few holes: unsatisfiable, and exponential for this kind of search.
  const [pigeons, holes] = [9, 8]
  const sits = (pigeon: number, hole: number) => call('isInGroups', `${pigeon} in ${hole}`)
  const range = (count: number) => Array.from({ length: count }, (_, at) => at)
  const clauses = range(pigeons).map(pigeon =>
    call('isInAnyGroup', ...range(holes).map(hole => sits(pigeon, hole).args[0]!)),
  )
  const exclusions = range(holes).flatMap(hole =>
    range(pigeons).flatMap(p => range(p).map(q => not(and([sits(p, hole), sits(q, hole)])))),
  )
  assert.equal(truthOf(and([...clauses, ...exclusions])), undefined)
})

const absences: readonly [text: string, isOpen: boolean][] = [
  [`NOT @hasAttribute('contractor')`, true],
  [`NOT @isInGroups('A')`, true],
  [`NOT @isUser('bob')`, true],
  [`NOT @hasTagAsGroup('dataSource')`, true],
  [`@hasPrincipal('identityCenterUser')`, true],
  [`@isInGroups('All Users')`, true],
  [`@isInGroups('A') OR NOT @isInGroups('B')`, true],
  [`@isInGroups('A') AND NOT @isInGroups('B')`, false],
  [`@isUser('ann')`, false],
  [`@hasAttribute('k')`, false],
  [`@hasTagAsGroup('dataSource')`, false],
  [`@hasPrincipal('iamRole') AND NOT @hasPrincipal('iamRole')`, false],
]
for (const [text, isOpen] of absences) {
  test(`${text} is ${isOpen ? '' : 'not '}open by absence`, () => assert.equal(isOpenByAbsence(parsed(text)), isOpen))
}

const vocabulary: Vocabulary = {
  groups: new Set(['Analysts', 'Stewards']),
  users: new Set(['ann', 'bob']),
  attributes: new Map([
    ['country', new Set(['FR', 'DE'])],
    ['unit', new Set(['Finance'])],
    ['unused', new Set()],
  ]),
  tags: new Set(['Finance.Payroll']),
}

const slips: readonly [text: string, expected: readonly string[]][] = [
  [`@isInGroups('Analysts', 'All Users') AND @hasAttribute('country', 'FR') AND @isUser('ann')`, []],
  [`@isInGroups('Analysts', 'Analists')`, ['unknown-group 1:25 Analysts']],
  [`@isUser('zoe-from-elsewhere')`, ['unknown-user 1:9']],
  [`@hasAttribute('Country', 'FR')`, ['unknown-attribute-key 1:15 country']],
  [`@hasTagAsAttribute('unused', 'dataSource')`, ['unknown-attribute-key 1:20 unused']],
  [`@hasAttribute('country', 'IT')`, ['unknown-attribute-value 1:26']],
  [`@hasAttribute('unit', 'Finance.Payroll')`, []],
  [`@isUser('ann') AND NOT @isUser('ann')`, ['never-true']],
  [`@isUser('ann') OR NOT @isUser('ann')`, ['always-true', 'open-by-absence']],
  [`NOT @isInGroups('Analysts')`, ['open-by-absence']],
]
for (const [text, expected] of slips) {
  test(`warnings of ${text}: ${expected.join(', ') || 'none'}`, () => {
    const found = warnings(parsed(text), vocabulary).map(({ code, span, didYouMean }) =>
      [code, span && `${span.line}:${span.column}`, didYouMean].filter(part => part !== undefined).join(' '),
    )
    assert.deepEqual(found, expected)
  })
}

test('a tag is known when the catalogue has it or a child of it', () => {
  assert.deepEqual(tagWarnings(['Finance', 'Finance.Payroll'], vocabulary), [])
  const [warning] = tagWarnings(['Finance.Payrol'], vocabulary)
  assert.equal(warning?.code, 'unknown-tag')
  assert.equal(warning?.didYouMean, 'Finance.Payroll')
})

// Compared by `deepEqual`, which tells prototypes apart.
const plain = { noNullPrototype: true }
const conditions: fc.Arbitrary<SimpleCondition> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('groups' as const),
      match: fc.constantFrom('any' as const, 'all' as const),
      groups: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 }),
    },
    plain,
  ),
  fc.record({ kind: fc.constant('attribute' as const), key: fc.constantFrom(...names) }, plain),
  fc.record(
    {
      kind: fc.constant('attribute' as const),
      key: fc.constantFrom(...names),
      value: fc.constantFrom(...names),
    },
    plain,
  ),
)

test('law: the simple builder and the tree are the same thing both ways', () => {
  const rules = fc.record(
    {
      match: fc.constantFrom('any' as const, 'all' as const),
      conditions: fc.array(conditions, { minLength: 2, maxLength: 4 }),
    },
    plain,
  )
  fc.assert(
    fc.property(rules, rule => {
      const tree = expressionOfRule(rule)
      assert.ok(tree)
      assert.deepEqual(simpleRuleOf(tree), rule)
    }),
  )
  fc.assert(
    fc.property(expressions(fc.constantFrom(...names)), tree => {
      const rule = simpleRuleOf(tree)
      const built = rule && expressionOfRule(rule)
      assert.ok(built === undefined || isSameExpression(built, tree))
    }),
  )
})

test('what is more than a list of groups and attributes has no simple rule', () => {
  for (const text of [
    `NOT @isInGroups('A')`,
    `@isInGroups('A') AND (@hasAttribute('k') OR @hasAttribute('l'))`,
    `@isInGroups('A') OR @isUser('ann')`,
  ]) {
    assert.equal(simpleRuleOf(parsed(text)), undefined)
  }
})

test('a single condition reads as all of one, and an unfinished list is no expression', () => {
  assert.deepEqual(simpleRuleOf(parsed(`@isInAnyGroup('A', 'B')`)), {
    match: 'all',
    conditions: [{ kind: 'groups', match: 'any', groups: ['A', 'B'] }],
  })
  assert.equal(expressionOfRule({ match: 'any', conditions: [] }), undefined)
  assert.equal(
    expressionOfRule({ match: 'any', conditions: [{ kind: 'groups', match: 'all', groups: [] }] }),
    undefined,
  )
})
