import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  and,
  call,
  canonical,
  type Expression,
  functionNames,
  isSameExpression,
  not,
  or,
  type PolicyError,
  parseExpression,
  policyLimits,
  printExpression,
} from '../src/policy/index.ts'
import { expressions, names } from './expressions.ts'

const a = call('isUser', 'a')
const b = call('isUser', 'b')
const c = call('isUser', 'c')

function parsed(text: string): Expression {
  const result = parseExpression(text)
  assert.ok(result.ok, text)
  return result.expression
}

function errorsOf(text: string): readonly PolicyError[] {
  const result = parseExpression(text)
  assert.ok(!result.ok, text)
  return result.errors
}

const readings: readonly [what: string, text: string, tree: Expression, printed: string][] = [
  [
    'AND binds more than OR',
    `@isUser('a') OR @isUser('b') AND @isUser('c')`,
    or([a, and([b, c])]),
    `@isUser('a') OR @isUser('b') AND @isUser('c')`,
  ],
  [
    'NOT binds more than AND',
    `NOT @isUser('a') AND @isUser('b')`,
    and([not(a), b]),
    `NOT @isUser('a') AND @isUser('b')`,
  ],
  [
    'parentheses group',
    `(@isUser('a') OR @isUser('b')) AND @isUser('c')`,
    and([or([a, b]), c]),
    `(@isUser('a') OR @isUser('b')) AND @isUser('c')`,
  ],
  [
    'parentheses too many go',
    `((@isUser('a')) AND (@isUser('b') AND @isUser('c')))`,
    and([a, b, c]),
    `@isUser('a') AND @isUser('b') AND @isUser('c')`,
  ],
  [
    'keywords in any case print in capitals',
    `not @isUser('a') aNd @isUser('b') or @isUser('c')`,
    or([and([not(a), b]), c]),
    `NOT @isUser('a') AND @isUser('b') OR @isUser('c')`,
  ],
  ['a doubled NOT keeps its parentheses', `NOT (NOT @isUser('a'))`, not(not(a)), `NOT (NOT @isUser('a'))`],
  ['double quotes print single', `@isUser("a")`, a, `@isUser('a')`],
  [
    'either quote stands free inside the other',
    `@isUser("O'Neill", '"x"')`,
    call('isUser', "O'Neill", '"x"'),
    `@isUser('O\\'Neill', '"x"')`,
  ],
  [
    'escapes',
    `@isUser('a\\'b\\"c\\\\d\\n\\r\\t\\u00e9')`,
    call('isUser', 'a\'b"c\\d\n\r\té'),
    `@isUser('a\\'b"c\\\\d\\n\\r\\té')`,
  ],
  [
    'white space and lines are free',
    `\n\t@isUser ( 'a' )\r\nAND@isUser('b')`,
    and([a, b]),
    `@isUser('a') AND @isUser('b')`,
  ],
  [
    'one or two arguments',
    `@hasAttribute('k') OR @hasAttribute('k', 'v.w')`,
    or([call('hasAttribute', 'k'), call('hasAttribute', 'k', 'v.w')]),
    `@hasAttribute('k') OR @hasAttribute('k', 'v.w')`,
  ],
]
for (const [what, text, tree, printed] of readings) {
  test(`reading: ${what}`, () => {
    const read = parsed(text)
    assert.ok(isSameExpression(read, tree))
    assert.equal(printExpression(read), printed)
  })
}

test('every function is readable in its own usage', () => {
  const samples: Record<(typeof functionNames)[number], string> = {
    hasAttribute: `@hasAttribute('key', 'value')`,
    isInGroups: `@isInGroups('A', 'B', 'C')`,
    isInAnyGroup: `@isInAnyGroup('A', 'B', 'C')`,
    hasTagAsAttribute: `@hasTagAsAttribute('key', 'dataSource')`,
    hasTagAsGroup: `@hasTagAsGroup('dataSource')`,
    isUser: `@isUser('ann', 'bob')`,
    hasPrincipal: `@hasPrincipal('iamRole')`,
  }
  for (const name of functionNames) assert.equal(printExpression(parsed(samples[name])), samples[name])
})

test('a call knows where it and its arguments stand', () => {
  const read = parsed(`@isUser('x') AND\n  @hasAttribute('k', 'v')`)
  assert.ok(read.kind === 'and')
  const second = read.terms[1]
  assert.ok(second?.kind === 'call')
  assert.deepEqual(second.span, {
    ...{ offset: 19, length: 23, line: 2, column: 3 },
    args: [
      { offset: 33, length: 3, line: 2, column: 17 },
      { offset: 38, length: 3, line: 2, column: 22 },
    ],
  })
})

const slips: readonly [what: string, text: string, errors: readonly string[]][] = [
  ['a misspelt function', `@hasAtribute('x')`, ['1:1+12 policy-unknown-function @hasAttribute']],
  ['a function in other letter case', `@isingroups('x')`, ['1:1+11 policy-unknown-function @isInGroups']],
  ['a function of nobody', `@zzzzzzzzz('x')`, ['1:1+10 policy-unknown-function']],
  ['no @', `hasAttribute('x')`, ['1:1+12 policy-syntax @hasAttribute']],
  ['an argument without quotes', `@isUser(ann)`, [`1:9+3 policy-syntax 'ann'`]],
  ['other people’s AND', `@isUser('a') && @isUser('b')`, ['1:14+1 policy-syntax AND']],
  ['other people’s NOT', `!@isUser('a')`, ['1:1+1 policy-syntax NOT']],
  ['a misspelt AND', `@isUser('a') ANDD @isUser('b')`, ['1:14+4 policy-syntax AND']],
  ['typographic quotes', `@isUser(‘ann’)`, [`1:9+1 policy-syntax '`]],
  ['a missing operator', `@isUser('a')\n@isUser('b')`, ['2:1+7 policy-syntax']],
  ['an open parenthesis', `(@isUser('a')`, ['1:14+0 policy-syntax']],
  ['a parenthesis too many', `@isUser('a'))`, ['1:13+1 policy-syntax']],
  ['an unfinished AND', `@isUser('a') AND`, ['1:17+0 policy-syntax']],
  ['an unfinished line after a break', `@isUser('a') AND\n `, ['2:2+0 policy-syntax']],
  ['a string without end', `@isUser('a)`, ['1:9+3 policy-open-string']],
  ['two NOTs without parentheses', `NOT NOT @isUser('a')`, ['1:5+3 policy-syntax']],
  ['nothing', ' \n ', ['2:2+0 policy-empty']],
  ['no argument', `@isUser()`, ['1:9+1 policy-argument-count']],
  ['one argument too few', `@hasTagAsAttribute('k')`, ['1:23+1 policy-argument-count']],
  ['one argument too many', `@hasAttribute('k', 'v', 'w')`, ['1:25+3 policy-argument-count']],
  ['an empty key', `@hasAttribute('')`, ['1:15+2 policy-argument-empty']],
  ['an empty segment', `@hasAttribute('k', 'a..b')`, ['1:20+6 policy-argument-segment']],
  ['dataSource misspelt', `@hasTagAsGroup('datasource')`, [`1:16+12 policy-argument-word 'dataSource'`]],
  ['an unknown kind of principal', `@hasPrincipal('role')`, ['1:15+6 policy-argument-word']],
  ['an unknown escape', `@isUser('a\\qb')`, ['1:11+2 policy-escape']],
  ['an escaped NUL', `@isUser('a\\u0000b')`, ['1:11+6 policy-escape']],
  ['half a surrogate pair', `@isUser('a\\ud83d')`, ['1:9+9 policy-character']],
  [
    'several at once',
    `@foo('a') AND OR @isUser('b') OR @hasTagAsGroup('x')`,
    ['1:1+4 policy-unknown-function', '1:15+2 policy-syntax', '1:49+3 policy-argument-word'],
  ],
]
for (const [what, text, expected] of slips) {
  test(`pointing at: ${what}`, () => {
    const found = errorsOf(text).map(({ line, column, length, code, didYouMean }) =>
      [`${line}:${column}+${length}`, code, didYouMean].filter(part => part !== undefined).join(' '),
    )
    assert.deepEqual(found, expected)
  })
}

test('an error says what would fit', () => {
  assert.deepEqual(errorsOf(`(@isUser('a')`)[0]?.expected, ['AND', 'OR', ')'])
  assert.deepEqual(errorsOf(`@isUser('a') x`)[0]?.expected, ['AND', 'OR', 'the end of the text'])
  assert.deepEqual(errorsOf(`@isUser('a',)`)[0]?.expected, ['a string'])
  assert.deepEqual(errorsOf(`@isUser('a' 'b')`)[0]?.expected, [',', ')'])
  assert.deepEqual(errorsOf(`@isUser`)[0]?.expected, ['('])
})

const nested = (depth: number) => `${'('.repeat(depth)}@isUser('a')${')'.repeat(depth)}`
const manyCalls = (count: number) => Array.from({ length: count }, () => `@isUser('a')`).join(' OR ')
const ofBytes = (bytes: number) => `@isUser('${'é'.repeat((bytes - 11) / 2)}')`
const bounds: readonly [what: string, within: string, beyond: string, code: string][] = [
  ['depth', nested(policyLimits.depth), nested(policyLimits.depth + 1), 'policy-too-deep'],
  ['calls', manyCalls(policyLimits.calls), manyCalls(policyLimits.calls + 1), 'policy-too-many-calls'],
  ['bytes', `${ofBytes(policyLimits.bytes - 1)} `, `${ofBytes(policyLimits.bytes - 1)}  `, 'policy-too-long'],
]
for (const [what, within, beyond, code] of bounds) {
  test(`bounds: ${what}`, () => {
    parsed(within)
    assert.deepEqual(
      errorsOf(beyond).map(error => error.code),
      [code],
    )
  })
}

test('a text whose canonical form would be too long to read again is refused', () => {
  const text = `@isUser(${Array.from({ length: 2000 }, () => `'a'`).join(',')})`
  assert.ok(text.length < policyLimits.bytes)
  assert.deepEqual(
    errorsOf(text).map(error => error.code),
    ['policy-too-long'],
  )
})

test('hostile texts are refused without a crash', () => {
  const many = (text: string) => text.repeat(Math.floor(policyLimits.bytes / text.length))
  const texts = [
    '(',
    '((',
    ')',
    `'`,
    `"`,
    '\\',
    '@',
    '@isUser(',
    `@isUser('`,
    'NOT ',
    '&',
    ',',
    `'\\`,
    'NOT(',
    `@isUser('a',`,
    '()',
    `'"`,
    `@a('b')`,
  ]
  for (const text of texts) assert.ok(errorsOf(many(text)).length > 0)
  assert.ok(errorsOf('('.repeat(5_000_000)).length > 0)
})

test('law: printing and parsing gives the same tree back', () => {
  const name = fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }))
  // What is parsed is in NFC.
  const usable = name
    .map(text => text.normalize('NFC'))
    .filter(text => !text.includes('\0') && text.split('.').every(segment => segment !== ''))
  fc.assert(
    fc.property(expressions(usable), tree => {
      const text = printExpression(tree)
      const result = parseExpression(text)
      if (!result.ok) {
        // Only the size bounds may stand in the way.
        assert.match(result.errors[0]!.code, /^policy-too-/)
        return
      }
      assert.ok(isSameExpression(result.expression, tree))
      assert.deepEqual(withoutSpans(result.expression), withoutSpans(canonical(tree)))
      assert.equal(printExpression(result.expression), text)
    }),
    { numRuns: 500 },
  )
})

function withoutSpans(tree: Expression): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (key === 'span' ? undefined : value)))
}

const pieces = [
  '@isUser',
  '@hasAttribute',
  '@x',
  '(',
  ')',
  ',',
  `'a'`,
  `"b"`,
  ' ',
  '\n',
  '\r\n',
  'AND',
  'or',
  'NOT',
  `'`,
  '"',
  '\\',
  '\\u12',
  'é',
  '🙂',
  '\ud83d',
  '&',
  'word',
  '\0',
]

test('law: whatever the text, parsing ends in a tree that prints and reads again or in errors that point inside it', () => {
  const anyText = fc.oneof(
    fc.string({ unit: fc.constantFrom(...pieces), maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
  )
  fc.assert(
    fc.property(anyText, text => {
      const result = parseExpression(text)
      if (result.ok) {
        assert.ok(isSameExpression(parsed(printExpression(result.expression)), result.expression))
        return
      }
      assert.ok(result.errors.length > 0)
      for (const error of result.errors) {
        assert.ok(error.offset >= 0 && error.length >= 0 && error.offset + error.length <= text.length)
        const lines = text.split(/\r\n|\r|\n/)
        const line = lines[error.line - 1]
        assert.ok(line !== undefined && error.column >= 1 && error.column <= line.length + 1)
        assert.ok(error.message.isWellFormed())
      }
    }),
    { numRuns: 2000 },
  )
})

test('law: a good text with one piece broken out of it never crashes the parser', () => {
  const broken = fc.tuple(
    expressions(fc.constantFrom(...names)),
    fc.nat(),
    fc.nat({ max: 5 }),
    fc.constantFrom('', ...pieces),
  )
  fc.assert(
    fc.property(broken, ([tree, at, length, piece]) => {
      const text = printExpression(tree)
      const from = at % (text.length + 1)
      const result = parseExpression(text.slice(0, from) + piece + text.slice(from + length))
      assert.ok(result.ok || result.errors.length > 0)
    }),
    { numRuns: 500 },
  )
})

test('an `and` of nothing cannot be made', () => {
  assert.throws(() => and([]), RangeError)
  assert.throws(() => or([]), RangeError)
})
