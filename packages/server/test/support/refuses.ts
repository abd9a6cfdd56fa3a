import assert from 'node:assert/strict'
import { ApiError, type ErrorCode, Problem } from '@headgate/core/api'

/** The call must fail with this code, and this HTTP status where one is given. */
export async function refuses(call: Promise<unknown>, code: ErrorCode, status?: number): Promise<void> {
  await assert.rejects(call, error => {
    assert.ok(error instanceof ApiError || error instanceof Problem, String(error))
    assert.equal(error.code, code, error.message)
    if (status !== undefined) assert.equal(error.status, status)
    return true
  })
}
