/** What is wrong and what is odd with a review flow: faults keep it from being stored, warnings are worth a second look. */
import {
  approvesStrangers,
  type Criterion,
  callsOf,
  checkFlow,
  criteriaOf,
  type FlowFault,
  nameWarnings,
  parseIn,
  printCriterion,
  type ReviewFlow,
  type Stage,
  stagesOf,
} from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { whoMeets } from '../db/approver.ts'
import { missingDomains } from '../db/domain.ts'
import { loadVocabulary } from '../db/vocabulary.ts'
import { namesInExpressions } from '../policies/names.ts'

type Lint = z.input<typeof api.reviewFlows.check.response>
type Warning = Lint['warnings'][number]

export async function lintFlow(tx: Tx, flow: ReviewFlow): Promise<Lint> {
  const faults = checkFlow(flow)
  return { valid: faults.length === 0, faults: faults.map(presentFault), warnings: await warningsOfFlow(tx, flow) }
}

/** @throws Problem `review-flow-invalid` with all faults */
export function requireUsable(flow: ReviewFlow): void {
  const faults = checkFlow(flow)
  const [first] = faults
  if (!first) return
  const issues = faults.map(presentFault)
  throw new Problem('review-flow-invalid', { reason: `\`${first.path}\`: ${first.message}`, issues })
}

/** What is odd now. Of a condition that cannot be read: nothing. */
export async function warningsOfFlow(tx: Tx, flow: ReviewFlow): Promise<Warning[]> {
  const wide =
    checkFlow(flow).length === 0 && approvesStrangers(flow)
      ? [
          {
            code: 'approves-everybody',
            message: 'people of whom nothing is known are approved without anybody deciding',
            path: 'otherwise',
          },
        ]
      : []
  return [...(await conditionWarnings(tx, flow)), ...(await criterionWarnings(tx, criteriaIn(flow))), ...wide]
}

async function conditionWarnings(tx: Tx, { rules }: ReviewFlow): Promise<Warning[]> {
  const read = rules.flatMap(({ if: text }, at) => {
    const parsed = parseIn('flow', text)
    return parsed.ok ? [{ path: `rules.${at}.if`, expression: parsed.expression }] : []
  })
  const calls = read.flatMap(({ expression }) => [...callsOf(expression)])
  const vocabulary = await loadVocabulary(tx, namesInExpressions(calls), { near: true })
  return read.flatMap(({ path, expression }) =>
    nameWarnings(expression, vocabulary).map(({ code, message, span, didYouMean }) => ({
      code,
      message,
      path,
      ...(span ? { line: span.line, column: span.column, length: span.length } : {}),
      ...(didYouMean === undefined ? {} : { didYouMean }),
    })),
  )
}

interface PlacedCriterion {
  readonly criterion: Criterion
  readonly path: string
}

/** Who is excluded for being part of a request is not known here: `try` tells. */
export async function criterionWarnings(tx: Tx, placed: readonly PlacedCriterion[]): Promise<Warning[]> {
  const wanted = placed.flatMap(({ criterion }) =>
    'domainRight' in criterion && criterion.domain !== undefined ? [criterion.domain] : [],
  )
  const missing = new Set(await missingDomains(tx, [...new Set(wanted)]))
  const found: Warning[] = []
  for (const { criterion, path } of placed) {
    if ('domainRight' in criterion) {
      // Whose domain it will be is not known yet.
      if (criterion.domain === undefined) continue
      if (missing.has(criterion.domain)) {
        found.push({ code: 'unknown-domain', message: `there is no domain \`${criterion.domain}\``, path })
        continue
      }
    }
    if ((await whoMeets(tx, criterion, { domains: [] }, 1)).length > 0) continue
    found.push({ code: 'criterion-met-by-nobody', message: `nobody meets ${printCriterion(criterion)} now`, path })
  }
  return found
}

function criteriaIn({ rules, otherwise }: ReviewFlow): PlacedCriterion[] {
  const outcomes = [
    ...rules.map(({ then }, at) => ({ outcome: then, path: `rules.${at}.then` })),
    { outcome: otherwise, path: 'otherwise' },
  ]
  return outcomes.flatMap(({ outcome, path }) => criteriaOfStages(stagesOf(outcome), `${path}.review.stages`))
}

export function criteriaOfStages(stages: readonly Stage[], path: string): PlacedCriterion[] {
  return stages.flatMap((stage, at) =>
    criteriaOf(stage).map((criterion, place) => ({
      criterion,
      path: `${path}.${at}.${'any' in stage ? 'any' : 'all'}.${place}`,
    })),
  )
}

function presentFault({ path, message, error }: FlowFault): Lint['faults'][number] {
  if (!error) return { path, message }
  const { code, line, column, length, expected, didYouMean } = error
  return {
    path,
    message,
    code,
    line,
    column,
    length,
    expected: [...expected],
    ...(didYouMean === undefined ? {} : { didYouMean }),
  }
}
