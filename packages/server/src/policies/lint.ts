/** What an editor wants to know of a draft while somebody writes it: all that is wrong or odd, and its other forms. */
import { expressionOfRule, parseExpression, printExpression, simpleRuleOf } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import type { PolicyDefinition } from '../db/schema.ts'
import { loadVocabulary } from '../db/vocabulary.ts'
import { criteriaOfStages, criterionWarnings } from '../market/lint-flow.ts'
import { toAcknowledge } from './acknowledge.ts'
import {
  everything,
  findIssues,
  findMissingDomains,
  findMissingIntegrations,
  findReserved,
  type Issue,
  presentError,
} from './check.ts'
import { namesIn } from './names.ts'
import { warningsOf } from './warn.ts'

type Draft = z.output<typeof api.policies.check.body>
type Lint = z.input<typeof api.policies.check.response>

/** Places in a text are those of `when`; for a rule, of its canonical text. */
export async function lintPolicy(
  tx: Tx,
  { kind, appliesTo = everything, subscribe = 'automatic', discoverable = false, who: written, ...reach }: Draft,
): Promise<Lint> {
  const who = whoOf(written)
  // A rule without conditions has no expression, but the rest of the draft can be looked at.
  const parts = { kind, appliesTo, subscribe, discoverable, who: who ?? { when: '' } }
  const errors = who ? errorsOf(who) : []
  const issues = [
    ...(who ? [] : [unfinished]),
    ...findIssues(parts, { domain: reach.domain ?? null, data_source_id: reach.dataSource ?? null }),
    ...findReserved(parts),
    ...(await findMissingIntegrations(tx, parts)),
    ...(await findMissingDomains(tx, parts)),
  ]
  const warnings = [
    ...warningsOf(parts, await loadVocabulary(tx, namesIn([parts]), { near: true })),
    ...(await warningsOfReview(tx, parts.who)),
  ]
  return {
    valid: errors.length === 0 && issues.length === 0,
    errors,
    issues,
    // What is wrong is no warning as well.
    warnings: who && errors.length === 0 ? warnings : warnings.filter(({ path }) => path !== 'who.when'),
    acknowledge: toAcknowledge(parts),
    ...formsOf(parts.who),
  }
}

/** Those who are to decide on requests and are not there. */
async function warningsOfReview(tx: Tx, who: PolicyDefinition['who']): Promise<Lint['warnings']> {
  if (!('onRequest' in who)) return []
  const placed = criteriaOfStages(who.onRequest.review.stages, 'who.onRequest.review.stages')
  const found = await criterionWarnings(tx, placed)
  return found.map(({ code, message, path }) => ({ code, message, path, line: 1, column: 1, length: 0 }))
}

const unfinished: Issue = { path: 'who.rule', message: 'needs a condition, and a group in each list of groups' }

function whoOf(written: Draft['who']): PolicyDefinition['who'] | undefined {
  if (!('rule' in written)) return written
  const expression = expressionOfRule(written.rule)
  return expression && { when: printExpression(expression) }
}

function errorsOf(who: PolicyDefinition['who']): Lint['errors'] {
  const parsed = 'when' in who ? parseExpression(who.when) : undefined
  return parsed && !parsed.ok ? parsed.errors.map(presentError) : []
}

function formsOf(who: PolicyDefinition['who']): Pick<Lint, 'canonical' | 'rule'> {
  const parsed = 'when' in who ? parseExpression(who.when) : undefined
  if (!parsed?.ok) return {}
  const rule = simpleRuleOf(parsed.expression)
  const canonical = printExpression(parsed.expression)
  return rule ? { canonical, rule: copyOf(rule) } : { canonical }
}

function copyOf({ match, conditions }: NonNullable<ReturnType<typeof simpleRuleOf>>): NonNullable<Lint['rule']> {
  return {
    match,
    conditions: conditions.map(one => (one.kind === 'groups' ? { ...one, groups: [...one.groups] } : one)),
  }
}
