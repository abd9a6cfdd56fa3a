/** How a validation test asks AWS: what it cannot be told becomes a failed test that says what to do. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Problem } from '@headgate/core/api'
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import { retrying } from '../aws/retry.ts'

export type Verdict =
  | { readonly status: 'passed' }
  | { readonly status: 'warning' | 'skipped'; readonly message: string }
  /** `problem`: how to answer, when not with 422 `validation-failed`. */
  | { readonly status: 'failed'; readonly message: string; readonly problem?: Problem }

/** @param whenDenied what to do when the credentials are wrong or may not */
export async function asking(question: () => Promise<Verdict>, whenDenied: string): Promise<Verdict> {
  try {
    return await question()
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const { operation, code, message: text } = error
    if (error.kind === 'denied') {
      return { status: 'failed', message: `AWS refused ${operation} (${code}: ${text}): ${whenDenied}` }
    }
    const problem = problemOfAws(error)
    const message =
      problem.code === 'aws-unreachable'
        ? `AWS did not answer ${operation} (${code}: ${text}): check the way from this server to AWS, then try again`
        : `AWS refused ${operation} (${code}: ${text}): see what AWS asks for`
    return { status: 'failed', message, problem }
  }
}

/** For tests that warn at worst: what AWS does not tell was not checked. */
export async function wondering(question: () => Promise<Verdict>, whenDenied: string): Promise<Verdict> {
  const verdict = await asking(question, whenDenied)
  if (verdict.status !== 'failed') return verdict
  return { status: 'skipped', message: `not checked: ${verdict.message}` }
}

/** Somebody waits for the answer, so two more attempts in half a second are all there is. */
export function patiently<T>(call: () => Promise<T>): Promise<T> {
  return retrying(call, {
    kinds: ['throttled', 'lostAnswer'],
    tries: 3,
    firstWaitMs: 150,
    pause: async ms => void (await sleep(ms)),
  })
}
