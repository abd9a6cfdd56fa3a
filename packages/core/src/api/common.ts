/** Shapes that several resources share: ids, names, instants, pages. */
import { z } from 'zod'
import { nameFault, normalText, shownFault, valueFault } from '../name.ts'

/** An id as the API takes it: a number or its digits. */
export const idParam = z
  .union([z.number(), z.string().regex(/^\d{1,16}$/, 'must be a number or its digits')], {
    error: 'must be a number or its digits',
  })
  .transform(Number)
  .pipe(z.number().int().positive().max(Number.MAX_SAFE_INTEGER))
/** An id as the API answers it. */
export const id = z.number().int().positive()

// Control characters would break log lines. What is there from before stays callable: new names are held to more.
const plainText = /^[^\p{Cc}\p{Cs}]*$/u
/** The name of something that is there: a domain, say. */
export const name = z
  .string()
  .trim()
  .normalize('NFC')
  .min(1)
  .max(255)
  .regex(plainText, 'must not hold control characters')
/** A name that something is given, to be shown; what two things may not share is a `label`. */
export const newName = z
  .string()
  .overwrite(normalText)
  .min(1, { abort: true })
  .max(255)
  .superRefine(refuseBy(shownFault))
export const text = z
  .string()
  .max(4096)
  .regex(/^[^\p{Cs}\0]*$/u, 'must be valid Unicode')

const noEmptySegment = (value: string) => value.split('.').every(segment => segment.trim() !== '')

/** Dotted and hierarchical, without empty segments: `Finance.Payroll`. Of one that is there. */
export const dottedName = z
  .string()
  .normalize('NFC')
  .min(1)
  .max(255)
  .regex(plainText, 'must not hold control characters')
  .refine(noEmptySegment, 'must not have empty segments')
/** A new tag, or a value that somebody is given. */
export const newDottedName = z
  .string()
  .overwrite(normalText)
  .min(1, { abort: true })
  .max(255)
  .superRefine(refuseBy(valueFault))
  .refine(noEmptySegment, 'must not have empty segments')

/** A user name, a group's name, a key: what policies name, and two may not look alike. */
export const label = z.string().overwrite(normalText).min(1, { abort: true }).max(255).superRefine(refuseBy(nameFault))

function refuseBy(faultOf: (text: string) => string | undefined) {
  return (text: string, context: z.RefinementCtx<string>) => {
    const message = faultOf(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  }
}

/** ISO 8601 with milliseconds, UTC. */
export const instant = z.iso.datetime({ precision: 3 })
const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
/**
 * What a client may send for an instant: ISO 8601 with any offset, but none that moves it out of four-digit years. The
 * seconds may be left out.
 */
export const instantInput = z
  .union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })], {
    error: 'must be a date and time with its offset, such as `2026-11-01T00:00Z`',
  })
  .refine(text => !(Date.parse(text) > lastInstant), 'must lie before the year 10000 in UTC')

export const level = z.enum(['READ', 'WRITE'])

/** Keyset paging: `cursor` is the `next` of the page before. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(500).optional(),
  search: z.string().max(255).optional(),
})

/** One page of a list; `next` is there exactly when more follows. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().optional(), total: z.number().int() })
}

/** Nothing is answered (204). */
export const nothing = z.undefined()
