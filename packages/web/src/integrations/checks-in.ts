/** The checks that a refusal carries: whoever stores an integration that does not pass is told of all of them. */
import { ApiError, type TrialEvent, type ValidationResults } from '@headgate/core/api'

/** As a check that was watched ends; undefined for a refusal of another kind. */
export function checksIn(error: Error | null): TrialEvent | undefined {
  if (!(error instanceof ApiError)) return undefined
  const found = error.body.validation ?? error.body.validationResults
  if (typeof found !== 'object' || found === null || !('validationTests' in found)) return undefined
  const { status, validationTests } = found as ValidationResults
  const result = status === 'skipped' ? 'failed' : status
  return { state: 'done', tests: validationTests, total: validationTests.length, result }
}
