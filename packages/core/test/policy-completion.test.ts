import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Completion, completionAt, highlightsOf } from '../src/policy/index.ts'

// The caret stands at the bar.
const carets: readonly [text: string, offer: Completion | undefined][] = [
  ['|', { kind: 'term', typed: '', from: 0 }],
  ['@has|', { kind: 'term', typed: '@has', from: 0 }],
  ['NOT isIn|', { kind: 'term', typed: 'isIn', from: 4 }],
  [`@isUser('a') |`, { kind: 'operator', typed: '', from: 13 }],
  [`@isUser('a') A|`, { kind: 'operator', typed: 'A', from: 13 }],
  [`@isUser('a') AND |`, { kind: 'term', typed: '', from: 17 }],
  [`(|`, { kind: 'term', typed: '', from: 1 }],
  [`@isInGroups(|`, { kind: 'argument', names: 'group', typed: '', from: 12, isQuoted: false }],
  [`@isInGroups('A', 'An|`, { kind: 'argument', names: 'group', typed: 'An', from: 17, isQuoted: true }],
  [
    `@isInGroups('A', 'An|') AND @isUser('a')`,
    { kind: 'argument', names: 'group', typed: 'An', from: 17, isQuoted: true },
  ],
  [`@hasAttribute('|`, { kind: 'argument', names: 'key', typed: '', from: 14, isQuoted: true }],
  [`@hasAttribute('unit', |`, { kind: 'argument', names: 'value', key: 'unit', typed: '', from: 22, isQuoted: false }],
  [`@hasAttribute('unit', 'a', |`, undefined],
  [`@hasTagAsAttribute('unit', '|`, { kind: 'argument', names: 'dataSource', typed: '', from: 27, isQuoted: true }],
  [`@isInGroups('A' |`, undefined],
  [`@isInGroups |`, undefined],
  [`@foo('|`, undefined],
]
for (const [text, offer] of carets) {
  test(`at the caret in \`${text}\`: ${offer?.kind ?? 'nothing'}`, () => {
    assert.deepEqual(completionAt(text.replace('|', ''), text.indexOf('|')), offer)
  })
}

test('highlights name the parts of a text', () => {
  const kinds = highlightsOf(`NOT @isUser('a') & @foo(`).map(({ kind, offset }) => `${offset} ${kind}`)
  assert.deepEqual(kinds, [
    '0 keyword',
    '4 function',
    '11 punctuation',
    '12 string',
    '15 punctuation',
    '17 error',
    '19 error',
    '23 punctuation',
  ])
})

test('law: highlights cover everything but white space, once, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(), (text, at) => {
      let end = 0
      for (const { offset, length } of highlightsOf(text)) {
        assert.match(text.slice(end, offset), /^[ \t\r\n]*$/)
        end = offset + length
      }
      assert.match(text.slice(end), /^[ \t\r\n]*$/)
      const caret = at % (text.length + 1)
      const offer = completionAt(text, caret)
      assert.ok(!offer || (offer.from >= 0 && offer.from <= caret))
    }),
  )
})
