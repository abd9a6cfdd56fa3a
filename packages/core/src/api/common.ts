/** Shapes that several resources share: ids, names, instants, pages. */
import { z } from 'zod'

/** An id as the API takes it: a number or its digits. */
export const idParam = z
  .union([z.number(), z.string().regex(/^\d{1,16}$/, 'must be a number or its digits')], {
    error: 'must be a number or its digits',
  })
  .transform(Number)
  .pipe(z.number().int().positive().max(Number.MAX_SAFE_INTEGER))
/** An id as the API answers it. */
export const id = z.number().int().positive()

// Control characters would make two names look alike in a list and break log lines.
const plainText = /^[^\p{Cc}\p{Cs}]*$/u
export const name = z.string().trim().min(1).max(255).regex(plainText, 'must not hold control characters')
export const text = z
  .string()
  .max(4096)
  .regex(/^[^\p{Cs}\0]*$/u, 'must be valid Unicode')

/** Dotted and hierarchical, without empty segments: `Finance.Payroll`. */
export const dottedName = z
  .string()
  .min(1)
  .max(255)
  .regex(plainText, 'must not hold control characters')
  .refine(value => value.split('.').every(segment => segment.trim() !== ''), 'must not have empty segments')

/** A path segment that becomes a key, a group name or a user name. */
export const label = z.string().min(1).max(255).regex(plainText, 'must not hold control characters')

/** ISO 8601 with milliseconds, UTC. */
export const instant = z.iso.datetime({ precision: 3 })
const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
/** What a client may send for an instant: ISO 8601 with any offset, but none that moves it out of four-digit years. */
export const instantInput = z.iso
  .datetime({ offset: true })
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
