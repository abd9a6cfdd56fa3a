/** The builder of the web app and the text of an expression: the same tree, both ways. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  canonical,
  type Expression,
  functionNames,
  isSameExpression,
  parseExpression,
  printExpression,
} from '@headgate/core'
import fc from 'fast-check'
import { expressions, names } from '../packages/core/test/expressions.ts'
import { emptyRow, expressionOfRows, rowsOf } from '../packages/web/src/policies/expression/rows.ts'

const read = (text: string): Expression => {
  const result = parseExpression(text)
  assert.ok(result.ok, text)
  return result.expression
}

test('law: what the builder shows means the same and prints the same as the text that it came from', () => {
  let shown = 0
  fc.assert(
    fc.property(expressions(fc.constantFrom(...names)), tree => {
      const text = printExpression(tree)
      const rows = rowsOf(read(text))
      if (rows === undefined) return
      shown++
      const written = expressionOfRows(rows)
      assert.ok(written && isSameExpression(written, canonical(tree)), text)
      assert.equal(printExpression(written), text)
      assert.deepEqual(rowsOf(written), rows)
    }),
  )
  assert.ok(shown > 20, `only ${shown} expressions were shown`)
})

test('the builder shows lists of any or all, their conditions turned round or not, and nothing else', () => {
  const shown = [
    "@isInGroups('A') AND NOT @hasAttribute('left') AND @hasTagAsGroup('dataSource')",
    "@isUser('ann') OR @hasPrincipal('iamRole') OR @hasTagAsAttribute('unit', 'dataSource')",
    "NOT @isInAnyGroup('A', 'B')",
  ]
  for (const text of shown) assert.ok(rowsOf(read(text)), text)
  const text = [
    "@isUser('a') AND (@isUser('b') OR @isUser('c'))",
    "NOT (@isUser('a') OR @isUser('b'))",
    "NOT (NOT @isUser('a'))",
  ]
  for (const one of text) assert.equal(rowsOf(read(one)), undefined, one)
})

test('a list with an unfinished row has no expression: a forgotten row lets nobody in', () => {
  const finished = rowsOf(read("@isInGroups('A')"))?.rows ?? []
  for (const name of functionNames) {
    const row = emptyRow(name)
    const isFinished = row.args.every(arg => arg !== '')
    const written = expressionOfRows({ match: 'any', rows: [...finished, row] })
    assert.equal(written !== undefined, isFinished, name)
  }
  assert.equal(expressionOfRows({ match: 'all', rows: [] }), undefined)
})
