/** What the register screen says about a list before the server is asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPastedList } from '../packages/web/src/data-sources/pasted-list.ts'
import { adviseRegistration } from '../packages/web/src/data-sources/registration-advice.ts'

const cases = [
  ['prefixes side by side need no advice', '/a/*, A\n/b/*', {}, []],
  ['what lies inside another of the list is refused', '/a/*\n/a/deep/*', {}, ['1 refuses it lies inside another']],
  ['unless overlaps are meant', '/a/*\n/a/deep/*', { allowOverlap: true }, ['1 says it lies inside another']],
  ['of two that are equal one is to go', '/a/*\na/*', { allowOverlap: true }, ['1 refuses it is the same as one']],
  ['a star inside a name is refused', '/demographics*', {}, ['0 refuses `/demographics*` also matches']],
  ['a folder without its star is said to be one object', '/demographics/', {}, ['0 says']],
] as const

for (const [name, text, said, wanted] of cases) {
  test(name, () => {
    const { items } = readPastedList(text)
    const { advice } = adviseRegistration(items, {
      ...{ locationPath: 's3://lake/', midSegment: false, allowOverlap: false },
      ...said,
    })
    assert.equal(advice.length, wanted.length, JSON.stringify(advice))
    for (const [at, { index, refuses, message }] of advice.entries()) {
      assert.ok(`${index} ${refuses ? 'refuses' : 'says'} ${message}`.startsWith(wanted[at] ?? ''), message)
    }
  })
}

test('a star inside a name that is meant is still told of', () => {
  const { items } = readPastedList('/demographics*')
  const said = { locationPath: 's3://lake/', midSegment: true, allowOverlap: false }
  const { advice, hasMidSegment } = adviseRegistration(items, said)
  assert.ok(hasMidSegment)
  assert.deepEqual(
    advice.map(({ refuses }) => refuses),
    [false],
  )
})
