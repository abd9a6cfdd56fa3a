import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brakeRoom, causes, isCounted } from '../src/index.ts'

test('the bound is the larger of a number and a share of what is there', () => {
  const usual = { revocations: 50, percent: 20 }
  assert.equal(brakeRoom(usual, { counted: 0, grants: 10 }), 50)
  assert.equal(brakeRoom(usual, { counted: 0, grants: 1000 }), 200)
  assert.equal(brakeRoom(usual, { counted: 150, grants: 1000 }), 50)
  assert.equal(brakeRoom(usual, { counted: 500, grants: 1000 }), 0)
})

test('what a person meant is exempt; what came from an identity provider, or from nobody knows where, counts', () => {
  assert.equal(isCounted('user-disabled'), false)
  assert.equal(isCounted('member-expired'), false)
  assert.equal(isCounted('data-source-deleted'), false)
  assert.equal(isCounted('policy-edited'), true)
  assert.equal(isCounted('policy-edited', true), false)
  assert.equal(isCounted('identity-provider'), true)
  assert.equal(isCounted('unknown'), true)
  assert.equal(isCounted('toString'), true)
  assert.ok(Object.values(causes).every(effect => effect === 'counted' || effect === 'exempt'))
})
