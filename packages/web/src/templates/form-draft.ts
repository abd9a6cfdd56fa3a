/**
 * A request form while it is designed. The text of it is what is kept: the designer reads it and writes it anew with each
 * key, so nothing is lost on the way from one view to the other, and what neither understands, the server names. Pure.
 */
import type { RequestFormInput } from '@headgate/core/api'

export const fieldTypes = ['shortAnswer', 'longAnswer', 'dropdown', 'checkboxes', 'number', 'date', 'link'] as const
export type FieldType = (typeof fieldTypes)[number]

export interface FieldDraft {
  readonly id: string
  readonly type: FieldType
  readonly label: string
  readonly help?: string
  readonly required: boolean
  readonly options?: readonly string[]
  readonly atLeast?: number
  readonly atMost?: number
  readonly least?: number
  /** Of a text its length, of a number the largest. */
  readonly most?: number
  readonly whole?: boolean
  readonly earliest?: string
  readonly latest?: string
}

export interface FormDraft {
  readonly fields: readonly FieldDraft[]
  readonly duration: {
    readonly label: string
    readonly suggested: readonly string[]
    readonly most?: string
    readonly withoutEnd: boolean
  }
  readonly agreements: readonly number[]
}

/** Undefined where the text is no form that can be shown; whatever else it says is kept. */
export function readForm(text: string): FormDraft | undefined {
  const form = parsed(text)
  if (!isRecord(form)) return undefined
  const { fields = [], duration = {}, agreements = [] } = form
  if (!Array.isArray(fields) || !fields.every(isField) || !isRecord(duration)) return undefined
  if (!Array.isArray(agreements) || !agreements.every(one => typeof one === 'number')) return undefined
  const { label = 'How long do you need it?', suggested = [], withoutEnd = false } = duration
  if (typeof label !== 'string' || !isTexts(suggested) || typeof withoutEnd !== 'boolean') return undefined
  return {
    ...form,
    fields: (fields as FieldDraft[]).map(field => ({ ...field, required: field.required ?? true })),
    duration: { ...duration, label, suggested, withoutEnd },
    agreements,
  }
}

export function printForm(form: FormDraft): string {
  return JSON.stringify(form, undefined, 2)
}

/** As it is sent: without the empty lines that are there while somebody types. */
export function tidied({
  fields,
  duration,
  agreements,
  ...rest
}: FormDraft): Omit<RequestFormInput, 'name' | 'description'> {
  const some = (texts: readonly string[]) => texts.map(one => one.trim()).filter(one => one !== '')
  return {
    ...rest,
    fields: fields.map(field =>
      field.options === undefined ? field : { ...field, options: some(field.options) },
    ) as RequestFormInput['fields'] & object,
    duration: { ...duration, suggested: some(duration.suggested) },
    agreements: agreements.map(String),
  }
}

/** Of another type, with what every field has; choices stay choices. */
export function ofType(field: FieldDraft, type: FieldType): FieldDraft {
  const { id, label, help, required, options } = field
  const isChoice = type === 'dropdown' || type === 'checkboxes'
  return {
    id,
    type,
    label,
    ...(help !== undefined && { help }),
    required,
    ...(isChoice && { options: options ?? [''] }),
  }
}

/** Its name in answers, made of its question; none that is taken. */
export function idOf(label: string, taken: readonly string[]): string {
  const words = label
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9 ]/g, '')
    .split(' ')
    .filter(word => word !== '')
  const camel = words.map((word, at) =>
    at === 0 ? word.toLowerCase() : word[0]!.toUpperCase() + word.slice(1).toLowerCase(),
  )
  const name = camel.join('').slice(0, 40)
  const id = /^[a-z]/.test(name) ? name : `answer${name}`
  if (!taken.includes(id)) return id
  return `${id}${[...taken.keys()].map(at => at + 2).find(number => !taken.includes(`${id}${number}`))}`
}

/** With the key, or without it where there is nothing to say. */
export function withKey<Of extends object, Key extends keyof Of>(of: Of, key: Key, value: Of[Key] | undefined): Of {
  const { [key]: _, ...rest } = of
  return (value === undefined ? rest : { ...rest, [key]: value }) as Of
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(one => typeof one === 'string')
}

function isField(field: unknown): boolean {
  if (!isRecord(field)) return false
  const { id, type, label, help, required = true, options } = field
  return (
    [id, label].every(one => typeof one === 'string') &&
    fieldTypes.some(one => one === type) &&
    ['string', 'undefined'].includes(typeof help) &&
    typeof required === 'boolean' &&
    (options === undefined ? type !== 'dropdown' && type !== 'checkboxes' : isTexts(options))
  )
}
