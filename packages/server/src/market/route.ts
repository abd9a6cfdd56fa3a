/**
 * Which way a request goes by a review flow: approved at once by a rule, or put before people.
 *
 * Nobody is approved by a rule of their own: whoever made the version of the flow would decide by it on what they may
 * never decide on. What such a rule would approve goes before governors.
 */
import { firstMatch, type Match, type Outcome, type RequestAbout } from '@headgate/core'
import type { Tx } from '../db/act.ts'
import { excludedFrom, type ReviewAbout } from './approvers.ts'
import type { FlowInForce } from './templates.ts'

export async function routeBy(
  tx: Tx,
  { flow, editor }: FlowInForce,
  about: RequestAbout,
  { requester, beneficiary }: Pick<ReviewAbout, 'requester' | 'beneficiary'>,
): Promise<Match> {
  const match = firstMatch(flow, about)
  if (!('approve' in match.outcome) || editor === null) return match
  const parties = await excludedFrom(tx, { requester, beneficiary, flowEditor: null, domains: [] })
  return parties.has(editor) ? { ...match, outcome: beforeGovernors } : match
}

const beforeGovernors: Outcome = { review: { stages: [{ any: [{ permission: 'GOVERNANCE' }] }] } }
