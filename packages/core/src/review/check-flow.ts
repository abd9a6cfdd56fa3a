/** What is wrong with a review flow, each fault with its place; what is odd is for the caller, who knows names. */
import { longestDurationMs, parseDuration, printDuration } from '../duration.ts'
import type { PrincipalKind } from '../facts.ts'
import { callsOf } from '../policy/expression.ts'
import { principalKinds } from '../policy/functions.ts'
import { parseIn } from '../policy/parse.ts'
import type { PolicyError } from '../policy/policy-error.ts'
import { firstMatch, type Outcome, type RequestAbout, type ReviewFlow } from '../review-flow.ts'

export interface FlowFault {
  /** Such as `rules.0.if`. */
  readonly path: string
  readonly message: string
  /** Of a condition: where in its text. */
  readonly error?: PolicyError
}

export function checkFlow(flow: ReviewFlow): FlowFault[] {
  const conditions = flow.rules.flatMap(({ if: text }, at) => {
    const parsed = parseIn('flow', text)
    const path = `rules.${at}.if`
    return parsed.ok ? [] : parsed.errors.map(error => ({ path, message: pointed(error), error }))
  })
  const outcomes = [
    ...flow.rules.flatMap(({ then }, at) => outcomeFaults(then, `rules.${at}.then`)),
    ...outcomeFaults(flow.otherwise, 'otherwise'),
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
  return strangers.some(about => 'approve' in firstMatch(flow, about).outcome)
}

const approvesByTyping =
  'whoever types a short enough duration is approved by nothing else: add what is known of people, such as `@isInGroups`, or a review'

/**
 * The rule by which what was typed into the form alone turns a review into an approval: for people of whom nothing is
 * known, of one level, no duration may be approved where another is not.
 */
function approvedByTyping(flow: ReviewFlow): number | 'otherwise' | undefined {
  for (const about of strangers) {
    const found = durationsToTry(flow).map(durationMs => firstMatch(flow, { ...about, durationMs }))
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

function placeOf(rule: number | 'otherwise'): string {
  return rule === 'otherwise' ? 'otherwise' : `rules.${rule}.then`
}

function pointed({ message, line, column }: PolicyError): string {
  return `${message} (line ${line}, column ${column})`
}
