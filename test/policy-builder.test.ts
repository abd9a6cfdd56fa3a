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
import { deepest, emptyRow, expressionOfRows, rowsOf } from '../packages/web/src/policies/expression/rows.ts'

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

test('the builder shows lists in lists, each turned round or not, and leaves what is nested deeper to the text', () => {
  const shown = [
    "@isInGroups('A') AND NOT @hasAttribute('left') AND @hasTagAsGroup('dataSource')",
    "@isUser('ann') OR @hasPrincipal('iamRole') OR @hasTagAsAttribute('unit', 'dataSource')",
    "NOT @isInAnyGroup('A', 'B')",
    "@isUser('a') AND (@isUser('b') OR NOT (@isUser('c') AND @isUser('d')))",
    "NOT (@isUser('a') OR @isUser('b'))",
    "NOT (NOT @isUser('a'))",
  ]
  for (const text of shown) {
    const rows = rowsOf(read(text))
    assert.ok(rows, text)
    assert.equal(printExpression(expressionOfRows(rows)!), text)
  }
  const levels = (depth: number): string =>
    depth === 0 ? "@isUser('a')" : `@isUser('b') ${depth % 2 ? 'AND' : 'OR'} (${levels(depth - 1)})`
  // Brackets around a single condition are none, so one more is needed for as many groups.
  assert.ok(rowsOf(read(levels(deepest + 1))))
  assert.equal(rowsOf(read(levels(deepest + 2))), undefined)
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
  const group = { negated: true, match: 'all', rows: [...finished, emptyRow('isUser')] } as const
  assert.equal(expressionOfRows({ match: 'any', rows: [...finished, group] }), undefined)
  assert.equal(expressionOfRows({ match: 'any', rows: [...finished, { ...group, rows: [] }] }), undefined)
})
