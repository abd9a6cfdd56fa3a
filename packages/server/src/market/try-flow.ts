/** What would become of a request, were it made now: nothing is stored, nobody is told. */
import { autoApprovedFor, parseDuration, printCriterion, printDuration, stagesOf } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { findDomainOfProduct, peopleNamed } from '../db/beneficiary.ts'
import { missingDomains } from '../db/domain.ts'
import { countDeciders, excludedFrom, isStuck, type ReviewAbout } from './approvers.ts'
import { routeBy } from './route.ts'
import { aboutBeneficiary, flowInForce } from './templates.ts'

type Tried = z.output<typeof api.reviewFlows.tryOut.body>
type Answer = z.input<typeof api.reviewFlows.tryOut.response>

/** People named for each criterion. */
const mostShown = 20

/** @throws Problem `review-flow-not-found`, `user-not-found`, `data-product-not-found`, `domain-not-found`, `request-invalid` */
export async function tryFlow(tx: Tx, id: number, asked: Tried): Promise<Answer> {
  const inForce = await flowInForce(tx, id)
  const { flow, editor } = inForce
  const requester = asked.requester ?? asked.beneficiary
  const known = await aboutBeneficiary(tx, asked.beneficiary)
  if (!known) throw new Problem('user-not-found', { id: asked.beneficiary })
  if (!(await aboutBeneficiary(tx, requester))) throw new Problem('user-not-found', { id: requester })
  const about: ReviewAbout = {
    requester,
    beneficiary: asked.beneficiary,
    flowEditor: editor,
    domains: await domainsOf(tx, asked),
  }
  const durationMs = durationOf(asked)
  const { rule, outcome } = await routeBy(tx, inForce, { ...known, level: asked.level, durationMs }, about)
  const matched = rule === 'otherwise' ? {} : { rule, if: flow.rules[rule]?.if ?? '' }
  const excluded = await excludedFrom(tx, about)
  const people = await peopleNamed(tx, [...excluded.keys()])
  const told = people.map(user => ({ user, why: excluded.get(user.id) ?? 'requester' }))
  if ('approve' in outcome) {
    const ms = autoApprovedFor(outcome.approve, durationMs)
    const ends = ms === undefined ? {} : { duration: printDuration(ms) }
    return { ...matched, outcome: 'approve', ...ends, stages: [], excluded: told, stuck: false }
  }
  const stages: Answer['stages'] = []
  for (const stage of stagesOf(outcome)) {
    const criteria = await countDeciders(tx, stage, about, mostShown)
    stages.push({
      match: 'any' in stage ? 'any' : 'all',
      criteria: criteria.map(({ criterion, count, some }) => ({
        text: printCriterion(criterion),
        count,
        people: [...some],
      })),
      stuck: await isStuck(tx, stage, about),
    })
  }
  return { ...matched, outcome: 'review', stages, excluded: told, stuck: stages.some(({ stuck }) => stuck) }
}

function durationOf({ duration }: Tried): number | undefined {
  const ms = duration === undefined ? undefined : parseDuration(duration)
  if (duration === undefined || ms !== undefined) return ms
  const issue = { path: 'body.duration', message: 'must be a number and a unit, such as `12h`, `30d` or `1y`' }
  throw new Problem('request-invalid', { reason: `\`${issue.path}\` ${issue.message}`, issues: [issue] })
}

async function domainsOf(tx: Tx, { product, domain }: Tried): Promise<string[]> {
  if (domain !== undefined && (await missingDomains(tx, [domain])).length > 0) {
    throw new Problem('domain-not-found', { name: domain })
  }
  const named = domain === undefined ? [] : [domain]
  if (product === undefined) return named
  const found = await findDomainOfProduct(tx, product)
  if (!found) throw new Problem('data-product-not-found', { id: product })
  return found.domain === null ? named : [...new Set([...named, found.domain])]
}
