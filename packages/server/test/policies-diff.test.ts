import assert from 'node:assert/strict'
import { test } from 'node:test'
import { and, call, type Expression, not, or, printExpression } from '@headgate/core'
import type { PolicyInput } from '@headgate/core/api'
import fc from 'fast-check'
import { diffExpressions } from '../src/policies/diff.ts'
import { testServer } from './support/server.ts'

test('a diff says every field that changed, before and after, and no other', async t => {
  const server = await testServer()
  t.after(server.close)
  const { policies } = server.admin
  const first: PolicyInput = {
    name: 'Analysts read finance data',
    kind: 'grant',
    level: 'READ',
    appliesTo: { any: [{ tag: 'Finance' }, { scope: 's3://lake/finance/*' }] },
    who: { when: "@isInGroups('Analysts')" },
  }
  const second: PolicyInput = {
    name: 'Analysts write finance data',
    kind: 'grant',
    level: 'WRITE',
    appliesTo: { all: [{ scope: 's3://lake/finance/*' }, { name: 'fin*' }] },
    who: { when: "@isInGroups('Analysts') AND @hasAttribute('country', 'FR')" },
    description: 'they asked',
  }
  const { id } = await policies.create({ body: first })
  const params = { id }
  await policies.edit({ params, ifMatch: '1', body: second })
  await policies.activate({ params, ifMatch: '2' })
  const diff = await policies.diff({ params, query: { from: 1, to: 3 } })
  assert.deepEqual([diff.policyId, diff.from.version, diff.to.version], [id, 1, 3])
  assert.deepEqual(diff.changes, [
    { field: 'name', before: first.name, after: second.name },
    { field: 'level', before: 'READ', after: 'WRITE' },
    {
      field: 'appliesTo',
      before: first.appliesTo,
      after: second.appliesTo,
      removed: [{ tag: 'Finance' }],
      added: [{ name: 'fin*' }],
    },
    {
      field: 'who',
      before: first.who,
      after: second.who,
      expression: [
        { is: 'same', text: "@isInGroups('Analysts')" },
        { is: 'added', text: " AND @hasAttribute('country', 'FR')" },
      ],
    },
    { field: 'state', before: 'staged', after: 'active' },
    { field: 'description', before: '', after: 'they asked' },
  ])
  const back = await policies.diff({ params, query: { from: 3, to: 1 } })
  assert.deepEqual(
    back.changes.map(({ before, after }) => [after, before]),
    diff.changes.map(({ before, after }) => [before, after]),
  )
  assert.deepEqual((await policies.diff({ params, query: { from: 2, to: 2 } })).changes, [])

  await policies.edit({ params, ifMatch: '3', body: { ...second, kind: 'guardrail', appliesTo: { everything: true } } })
  await policies.edit({ params, ifMatch: '4', body: { ...second, who: { everyone: true } } })
  const { changes } = await policies.diff({ params, query: { from: 4, to: 5 } })
  assert.deepEqual(changes, [
    { field: 'kind', before: 'guardrail', after: 'grant' },
    {
      field: 'appliesTo',
      before: { everything: true },
      after: second.appliesTo,
      removed: [],
      added: [{ scope: 's3://lake/finance/*' }, { name: 'fin*' }],
    },
    { field: 'who', before: second.who, after: { everyone: true } },
  ])
})

test('layout, quotes and needless parentheses are no difference of expressions', () => {
  const parts = diffExpressions(`( @isInGroups( "A" ) )\n  and @isUser('x')`, `@isInGroups('A') AND @isUser('x')`)
  assert.deepEqual(parts, [{ is: 'same', text: "@isInGroups('A') AND @isUser('x')" }])
})

test('one argument of a long list is the only difference', () => {
  assert.deepEqual(diffExpressions("@isInAnyGroup('A', 'B', 'C')", "@isInAnyGroup('A', 'X', 'C')"), [
    { is: 'same', text: "@isInAnyGroup('A'," },
    { is: 'removed', text: " 'B'" },
    { is: 'added', text: " 'X'" },
    { is: 'same', text: ", 'C')" },
  ])
})

test('a text that cannot be read is compared as it was written', () => {
  assert.deepEqual(diffExpressions("@gone('A')", "@isInGroups('A')"), [
    { is: 'removed', text: '@gone' },
    { is: 'added', text: '@isInGroups' },
    { is: 'same', text: "('A')" },
  ])
})

test('the longest expressions are compared in a bearable time and space', () => {
  const many = (letter: string) => `@isUser(${Array.from({ length: 1600 }, () => `'${letter}'`).join(',')})`
  const parts = diffExpressions(many('a'), many('b'))
  assert.equal(parts.filter(({ is }) => is === 'added').length > 0, true)
  const damaged = '('.repeat(20_000)
  assert.equal(diffExpressions(damaged, `)${'('.repeat(19_000)})`)[0]?.is, 'removed')
})

const leaf = fc.constantFrom(call('isUser', 'x'), call('isInAnyGroup', 'A', 'B'), call('hasAttribute', 'k', 'v'))
const { expression } = fc.letrec<{ expression: Expression }>(tie => ({
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    tie('expression').map(not),
    fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map(and),
    fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map(or),
  ),
}))

test('what is the same and removed is the expression before, what is the same and added the one after', () => {
  const bare = (text: string) => text.replaceAll(' ', '')
  fc.assert(
    fc.property(expression, expression, (one, other) => {
      const [before, after] = [printExpression(one), printExpression(other)]
      const parts = diffExpressions(before, after)
      const without = (left: 'added' | 'removed') => parts.filter(({ is }) => is !== left).map(({ text }) => text)
      assert.equal(bare(without('added').join('')), bare(before))
      assert.equal(without('removed').join('').trim(), after)
    }),
  )
})
