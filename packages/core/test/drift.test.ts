/** What a listing says of the ledger, grant by grant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Comparison,
  isMissing,
  judgeRecorded,
  judgeUnknown,
  type ListedGrant,
  type RecordedGrant,
} from '../src/index.ts'

const now = 10_000_000
const comparison: Comparison = { locationId: 'place', now, listLagMs: 120_000 }
const listed: ListedGrant = {
  id: 'g',
  locationId: 'place',
  grantee: { type: 'IAM', identifier: 'arn:aws:iam::111122223333:user/ann' },
  permission: 'READ',
  grantScope: 's3://lake/finance/*',
}
const row: RecordedGrant = {
  state: 'active',
  grantee: { type: 'IAM', identifier: 'arn:aws:iam::111122223333:user/ann' },
  permission: 'READ',
  scope: { bucket: 'lake', key: 'finance/', kind: 'prefix' },
  changedAt: now - 200_000,
}
const young = now - 1000

test('a grant that is as we made it is equal', () => {
  assert.deepEqual(judgeRecorded(listed, row, comparison), { is: 'equal' })
})

test('another scope, permission, grantee or location is a change, told with both sides', () => {
  const others: Partial<ListedGrant>[] = [
    { grantScope: 's3://lake/*' },
    { permission: 'READWRITE' },
    { grantee: { type: 'DIRECTORY_USER', identifier: 'ann' } },
    { locationId: 'elsewhere' },
  ]
  for (const other of others) {
    const judged = judgeRecorded({ ...listed, ...other }, row, comparison)
    assert.equal(judged.is, 'changed')
    assert.match(judged.is === 'changed' ? judged.differs : '', /^\w+ `.+` instead of `.+`$/)
  }
})

test('what changed a moment ago, and what is being worked on, is not judged', () => {
  assert.deepEqual(judgeRecorded(listed, { ...row, changedAt: young }, comparison), { is: 'unjudged' })
  for (const state of ['intended', 'creating', 'revoking', 'revokeFailed', 'createFailed'] as const) {
    assert.deepEqual(judgeRecorded(listed, { ...row, state }, comparison), { is: 'unjudged' })
    assert.equal(isMissing({ ...row, state }, comparison), false)
  }
  assert.equal(isMissing({ ...row, changedAt: young }, comparison), false)
  assert.equal(isMissing(row, comparison), true)
})

test('one that we revoked is never foreign: an orphan once lists had time to notice', () => {
  assert.deepEqual(judgeRecorded(listed, { ...row, state: 'revoked' }, comparison), { is: 'orphan' })
  assert.deepEqual(judgeRecorded(listed, { ...row, state: 'revoked', changedAt: young }, comparison), {
    is: 'unjudged',
  })
})

test('an unknown id is ours by its tag alone: an orphan when its row is over or lost, unjudged while it lives', () => {
  assert.equal(judgeUnknown('none', comparison), 'foreign')
  assert.equal(judgeUnknown('lost', comparison), 'orphan')
  assert.equal(judgeUnknown({ ...row, state: 'revoked' }, comparison), 'orphan')
  assert.equal(judgeUnknown({ ...row, state: 'revoked', changedAt: young }, comparison), 'unjudged')
  assert.equal(judgeUnknown({ ...row, state: 'creating' }, comparison), 'unjudged')
  assert.equal(judgeUnknown(row, comparison), 'unjudged')
})
