/** What is wrong with a review flow, each fault with its place; what is odd is for the caller, who knows names. */
import { longestDurationMs, parseDuration, printDuration } from '../duration.ts'
import type { PrincipalKind } from '../facts.ts'
import { callsOf } from '../policy/expression.ts'
import { principalKinds } from '../policy/functions.ts'
import { parseIn } from '../policy/parse.ts'
import type { PolicyError } from '../policy/policy-error.ts'
import { criteriaOf, type Outcome, type RequestAbout, type ReviewFlow, readFlow, stagesOf } from '../review-flow.ts'

export interface FlowFault {
  /** Such as `rules.0.if`. */
  readonly path: string
  readonly message: string
  /** Of a condition: where in its text. */
  readonly error?: PolicyError
}

/** Of all rules of a flow together: whatever stands in it, trying it out and asking who decides stays quick. */
const flowLimits = { calls: 300, criteria: 200 } as const

export function checkFlow(flow: ReviewFlow): FlowFault[] {
  let calls = 0
  const conditions = flow.rules.flatMap(({ if: text }, at) => {
    // Beyond the limit nothing more is read.
    if (calls > flowLimits.calls) return []
    const parsed = parseIn('flow', text)
    const path = `rules.${at}.if`
    if (!parsed.ok) return parsed.errors.map(error => ({ path, message: pointed(error), error }))
    calls += [...callsOf(parsed.expression)].length
    return calls > flowLimits.calls ? [{ path, message: tooMany('functions', flowLimits.calls) }] : []
  })
  const outcomes = [
    ...flow.rules.flatMap(({ then }, at) => outcomeFaults(then, `rules.${at}.then`)),
    ...outcomeFaults(flow.otherwise, 'otherwise'),
    ...criteriaFaults(flow),
  ]
  const faults = [...conditions, ...outcomes]
  if (faults.length > 0) return faults
  const typed = approvedByTyping(flow)
  return typed === undefined ? [] : [{ path: placeOf(typed), message: approvesByTyping }]
}

/**
 * Whether somebody of whom nothing is known is approved without anybody deciding, whatever they ask for of one level:
 * perhaps meant, and worth saying. Only of flows without faults.
 */
export function approvesStrangers(flow: ReviewFlow): boolean {
  const matchOf = readFlow(flow)
  return strangers.some(about => 'approve' in matchOf(about).outcome)
}

const approvesByTyping =
  'whoever types a short enough duration is approved by nothing else: add what is known of people, such as `@isInGroups`, or a review'

/**
 * The rule by which what was typed into the form alone turns a review into an approval: for people of whom nothing is
 * known, of one level, no duration may be approved where another is not.
 */
function approvedByTyping(flow: ReviewFlow): number | 'otherwise' | undefined {
  const matchOf = readFlow(flow)
  const durations = durationsToTry(flow)
  for (const about of strangers) {
    const found = durations.map(durationMs => matchOf({ ...about, durationMs }))
    const approved = found.find(({ outcome }) => 'approve' in outcome)
    if (approved && found.some(({ outcome }) => 'review' in outcome)) return approved.rule
  }
  return undefined
}

/** One of each kind between which durations are told apart: those named, one beyond all of them, and none. */
function durationsToTry({ rules }: ReviewFlow): (number | undefined)[] {
  const named = rules.flatMap(({ if: text }) => {
    const parsed = parseIn('flow', text)
    const calls = parsed.ok ? [...callsOf(parsed.expression)] : []
    return calls.flatMap(({ name, args }) => (name === 'durationAtMost' ? (parseDuration(args[0] ?? '') ?? []) : []))
  })
  return [undefined, ...new Set([...named, longestDurationMs + 1])]
}

const strangers: readonly RequestAbout[] = [undefined, ...principalKinds].flatMap((kind: PrincipalKind | undefined) =>
  (['READ', 'WRITE'] as const).map(level => ({
    // No user name is empty.
    userid: '',
    groups: [],
    attributes: [],
    principalKinds: kind === undefined ? [] : [kind],
    level,
  })),
)

function outcomeFaults(outcome: Outcome, path: string): FlowFault[] {
  if (!('approve' in outcome)) return []
  const limit = outcome.approve.for
  if (limit === undefined || parseDuration(limit) !== undefined) return []
  const most = printDuration(longestDurationMs)
  const message = `\`${limit}\` is no duration: write a number and a unit, such as \`12h\`, \`30d\` or \`1y\`, up to \`${most}\``
  return [{ path: `${path}.approve.for`, message }]
}

function criteriaFaults({ rules, otherwise }: ReviewFlow): FlowFault[] {
  const stages = [...rules.map(({ then }) => then), otherwise].flatMap(stagesOf)
  const count = stages.reduce((sum, stage) => sum + criteriaOf(stage).length, 0)
  return count > flowLimits.criteria ? [{ path: 'rules', message: tooMany('criteria', flowLimits.criteria) }] : []
}

function tooMany(what: string, most: number): string {
  return `the rules of a flow may hold ${most} ${what} in all: use groups instead of long lists, or several flows`
}

function placeOf(rule: number | 'otherwise'): string {
  return rule === 'otherwise' ? 'otherwise' : `rules.${rule}.then`
}

function pointed({ message, line, column }: PolicyError): string {
  return `${message} (line ${line}, column ${column})`
}
