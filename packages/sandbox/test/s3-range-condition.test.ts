import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeRead, judgeWrite } from '../src/s3/condition.ts'
import { requestedRange } from '../src/s3/range.ts'

test('a range is read, cut to the object, or refused', () => {
  const cases: [string | undefined, number, ReturnType<typeof requestedRange>][] = [
    [undefined, 10, undefined],
    ['bytes=0-3', 10, { start: 0, end: 3 }],
    ['bytes=4-', 10, { start: 4, end: 9 }],
    ['bytes=-4', 10, { start: 6, end: 9 }],
    ['bytes=-40', 10, { start: 0, end: 9 }],
    ['bytes=8-99', 10, { start: 8, end: 9 }],
    ['bytes=10-', 10, 'unsatisfiable'],
    ['bytes=-0', 10, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=0-1,4-5', 10, undefined],
    ['bytes=5-2', 10, undefined],
    ['lines=1-2', 10, undefined],
  ]
  for (const [header, size, expected] of cases) assert.deepEqual(requestedRange(header, size), expected, header)
})

const object = { etag: '"abc"', modifiedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }
const modified = 'Fri, 02 Jan 2026 03:04:05 GMT'
const earlier = 'Thu, 01 Jan 2026 00:00:00 GMT'

test('a conditional read is served, not modified, or refused', () => {
  const cases: [Record<string, string>, string][] = [
    [{}, 'serve'],
    [{ 'if-match': '"abc"' }, 'serve'],
    [{ 'if-match': '"x", "abc"' }, 'serve'],
    [{ 'if-match': '*' }, 'serve'],
    [{ 'if-match': '"x"' }, 'precondition-failed'],
    [{ 'if-none-match': '"abc"' }, 'not-modified'],
    [{ 'if-none-match': 'W/"abc"' }, 'not-modified'],
    [{ 'if-none-match': '"x"' }, 'serve'],
    [{ 'if-modified-since': modified }, 'not-modified'],
    [{ 'if-modified-since': earlier }, 'serve'],
    [{ 'if-unmodified-since': earlier }, 'precondition-failed'],
    [{ 'if-unmodified-since': modified }, 'serve'],
    [{ 'if-match': '"abc"', 'if-unmodified-since': earlier }, 'serve'],
    [{ 'if-none-match': '"x"', 'if-modified-since': modified }, 'serve'],
    [{ 'if-modified-since': 'yesterday' }, 'serve'],
  ]
  for (const [headers, expected] of cases) assert.equal(judgeRead(headers, object), expected, JSON.stringify(headers))
  assert.equal(judgeRead({ 'x-amz-copy-source-if-match': '"x"' }, object, 'x-amz-copy-source-'), 'precondition-failed')
})

test('a conditional write replaces only what it expects', () => {
  assert.equal(judgeWrite({}, object), 'write')
  assert.equal(judgeWrite({ 'if-none-match': '*' }, undefined), 'write')
  assert.equal(judgeWrite({ 'if-none-match': '*' }, object), 'precondition-failed')
  assert.equal(judgeWrite({ 'if-none-match': '"abc"' }, object), 'not-implemented')
  assert.equal(judgeWrite({ 'if-match': '"abc"' }, object), 'write')
  assert.equal(judgeWrite({ 'if-match': '"x"' }, object), 'precondition-failed')
  assert.equal(judgeWrite({ 'if-match': '"abc"' }, undefined), 'no-such-key')
})
