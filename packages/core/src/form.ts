/**
 * What somebody is asked when they ask for access (06): the fields of a form, how long they need it, the agreements that
 * they have to accept.
 *
 * Pure. An answer is never more than text, numbers and choices for people to read: nothing is approved by it.
 */
import { parseDuration } from './duration.ts'

interface FieldBase {
  /** Answers go by it. */
  readonly id: string
  readonly label: string
  readonly help?: string
  readonly required: boolean
}

export type Field = FieldBase &
  (
    | { readonly type: 'shortAnswer'; readonly most?: number }
    | { readonly type: 'longAnswer'; readonly most?: number }
    | { readonly type: 'dropdown'; readonly options: readonly string[] }
    | {
        readonly type: 'checkboxes'
        readonly options: readonly string[]
        /** How many are to be ticked. */
        readonly atLeast?: number
        readonly atMost?: number
      }
    | {
        readonly type: 'number'
        readonly least?: number
        readonly most?: number
        readonly whole?: boolean
      }
    /** Days such as `2026-11-23`. */
    | { readonly type: 'date'; readonly earliest?: string; readonly latest?: string }
    | { readonly type: 'link' }
  )

/** How long access is needed: asked by every form. */
export interface DurationField {
  readonly label: string
  /** Offered to choose from; others may be typed. */
  readonly suggested: readonly string[]
  /** The longest that may be asked for; absent: any. */
  readonly most?: string
  /** Whether one may ask for access without an end. */
  readonly withoutEnd: boolean
}

export interface Form {
  readonly fields: readonly Field[]
  readonly duration: DurationField
}

export type Answer = string | number | readonly string[]
/** By the id of the field. */
export type Answers = Readonly<Record<string, Answer>>

/** A version of a text that has to be accepted. */
export interface AgreementVersion {
  readonly id: number
  readonly version: number
}

/** What is wrong, e.g. `answers.purpose` `is required`. */
export interface AnswerFault {
  readonly path: string
  readonly message: string
}

/** UTF-16 code units, unless the field says less. */
export const mostAnswered = { shortAnswer: 255, longAnswer: 10_000, link: 2000 } as const

/** Answers to nothing that are named; whoever sends thousands gets no answer of megabytes. */
const mostStrange = 10

/** Everything that is wrong with the answers and the duration asked for; empty: they can be taken. */
export function checkAnswers(
  { fields, duration }: Form,
  given: { readonly answers: Answers; readonly duration?: string | undefined },
): AnswerFault[] {
  const known = new Map(fields.map(field => [field.id, field]))
  const strange = Object.keys(given.answers).filter(id => !known.has(id))
  const more =
    strange.length > mostStrange ? [`${strange.length - mostStrange} more answers are to no field of it`] : []
  const faults = [
    ...strange.slice(0, mostStrange).map(id => ({
      path: `answers.${id}`,
      message: `is no field of this form: ${listed([...known.keys()])}`,
    })),
    ...more.map(message => ({ path: 'answers', message })),
    ...fields.flatMap(field => {
      const message = faultOf(field, Object.hasOwn(given.answers, field.id) ? given.answers[field.id] : undefined)
      return message === undefined ? [] : [{ path: `answers.${field.id}`, message }]
    }),
  ]
  const message = durationFault(duration, given.duration)
  return message === undefined ? faults : [...faults, { path: 'duration', message }]
}

/** Agreements that are not accepted in the version that is in force; others may be accepted too. */
export function checkAccepted(
  wanted: readonly (AgreementVersion & { readonly name: string })[],
  accepted: readonly AgreementVersion[],
): AnswerFault[] {
  return wanted.flatMap(({ id, version, name }) => {
    const given = accepted.filter(one => one.id === id)
    if (given.some(one => one.version === version)) return []
    const message =
      given.length === 0
        ? `must hold agreement ${id}, \`${name}\`, in version ${version}: read and accept it`
        : `holds an older version of \`${name}\`: read and accept version ${version}`
    return [{ path: 'agreements', message }]
  })
}

/** What is wrong with a form itself. */
export function checkForm({ fields, duration }: Form): AnswerFault[] {
  const faults = fields.flatMap((field, at) => {
    const first = fields.findIndex(({ id }) => id === field.id)
    const twice = first < at ? [{ path: `fields.${at}.id`, message: `is that of field ${first + 1} too` }] : []
    const message = limitsFault(field)
    return message === undefined ? twice : [...twice, { path: `fields.${at}`, message }]
  })
  const most = duration.most === undefined ? undefined : parseDuration(duration.most)
  const written = [
    ...duration.suggested.map((text, at) => ({ text, path: `duration.suggested.${at}` })),
    ...(duration.most === undefined ? [] : [{ text: duration.most, path: 'duration.most' }]),
  ]
  for (const { text, path } of written) {
    const ms = parseDuration(text)
    if (ms === undefined) faults.push({ path, message: notADuration })
    else if (most !== undefined && ms > most) faults.push({ path, message: `is longer than \`${duration.most}\`` })
  }
  return faults
}

const notADuration = 'must be a number and a unit, such as `12h`, `30d` or `1y`, up to `100y`'

function faultOf(field: Field, answer: Answer | undefined): string | undefined {
  const isMissing =
    answer === undefined || (typeof answer === 'string' && answer.trim() === '') || (isList(answer) && !answer.length)
  if (isMissing) return field.required ? `is required: answer “${field.label}”` : undefined
  switch (field.type) {
    case 'shortAnswer':
    case 'longAnswer': {
      if (typeof answer !== 'string') return 'must be a text'
      const most = field.most ?? mostAnswered[field.type]
      if (answer.length > most) return `must not be longer than ${most} characters`
      if (!isPlain(answer)) return 'must be valid Unicode'
      return field.type === 'shortAnswer' && /[\r\n]/.test(answer) ? 'must be one line' : undefined
    }
    case 'dropdown':
      return typeof answer === 'string' && field.options.includes(answer)
        ? undefined
        : `must be one of ${listed(field.options)}`
    case 'checkboxes':
      return checkboxesFault(field, answer)
    case 'number':
      return numberFault(field, answer)
    case 'date':
      return dateFault(field, answer)
    case 'link':
      return isLink(answer) ? undefined : 'must be an address that begins with `https://` or `http://`'
  }
}

function checkboxesFault(
  { options, atLeast = 0, atMost }: Extract<Field, { readonly type: 'checkboxes' }>,
  answer: Answer,
): string | undefined {
  if (!isList(answer)) return 'must be a list'
  if (answer.some(one => !options.includes(one))) return `must hold nothing but ${listed(options)}`
  if (new Set(answer).size < answer.length) return 'must hold each choice once'
  if (answer.length < atLeast) return `needs at least ${atLeast} of them`
  return atMost !== undefined && answer.length > atMost ? `takes at most ${atMost} of them` : undefined
}

function numberFault(
  { least, most, whole }: Extract<Field, { readonly type: 'number' }>,
  answer: Answer,
): string | undefined {
  if (typeof answer !== 'number' || !Number.isFinite(answer)) return 'must be a number'
  if (whole && !Number.isSafeInteger(answer)) return 'must be a whole number'
  if (least !== undefined && answer < least) return `must be at least ${least}`
  return most !== undefined && answer > most ? `must be at most ${most}` : undefined
}

function dateFault(
  { earliest, latest }: Extract<Field, { readonly type: 'date' }>,
  answer: Answer,
): string | undefined {
  if (typeof answer !== 'string' || !isDay(answer)) return 'must be a day, such as `2026-11-23`'
  if (earliest !== undefined && answer < earliest) return `must not be before ${earliest}`
  return latest !== undefined && answer > latest ? `must not be after ${latest}` : undefined
}

function durationFault({ most, withoutEnd }: DurationField, asked: string | undefined): string | undefined {
  if (asked === undefined) {
    return withoutEnd
      ? undefined
      : 'is required: say how long access is needed, such as `30d`; it is given for a time only'
  }
  const ms = parseDuration(asked)
  if (ms === undefined) return notADuration
  const limit = most === undefined ? undefined : parseDuration(most)
  return limit !== undefined && ms > limit ? `must not be longer than \`${most}\`` : undefined
}

function limitsFault(field: Field): string | undefined {
  switch (field.type) {
    case 'shortAnswer':
    case 'longAnswer':
      return field.most !== undefined && field.most > mostAnswered[field.type]
        ? `\`most\` must be at most ${mostAnswered[field.type]}`
        : undefined
    case 'dropdown':
    case 'checkboxes': {
      if (new Set(field.options).size < field.options.length) return '`options` must hold each choice once'
      if (field.type === 'dropdown') return undefined
      const { atLeast = 0, atMost = field.options.length } = field
      return atLeast > atMost || atLeast > field.options.length ? 'asks for more choices than may be ticked' : undefined
    }
    case 'number':
      return (field.least ?? -Infinity) > (field.most ?? Infinity) ? '`least` must not be more than `most`' : undefined
    case 'date':
      if (![field.earliest, field.latest].every(day => day === undefined || isDay(day))) {
        return '`earliest` and `latest` must be days, such as `2026-11-23`'
      }
      return (field.earliest ?? '') > (field.latest ?? '9999-12-31')
        ? '`earliest` must not be after `latest`'
        : undefined
    case 'link':
      return undefined
  }
}

function isList(answer: Answer): answer is readonly string[] {
  return Array.isArray(answer)
}

function isPlain(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const ms = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

function isLink(answer: Answer): boolean {
  if (typeof answer !== 'string' || answer.length > mostAnswered.link || /[\s\p{Cc}]/u.test(answer)) return false
  return /^https?:\/\/[^/]/i.test(answer) && URL.canParse(answer)
}

function listed(options: readonly string[]): string {
  if (options.length === 0) return 'it has none'
  const named = options.slice(0, mostListed).map(option => `\`${option}\``)
  return [...named, ...(options.length > mostListed ? [`${options.length - mostListed} others`] : [])].join(', ')
}

const mostListed = 20
