/** Forms: what is asked of whoever asks for access. A request keeps the version by which it was made. */
import { z } from 'zod'
import { id, idParam, newName, text } from './common.ts'
import { templateRoutes } from './template-routes.ts'

const line = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters')
const option = line
const amount = z.number().int().min(1).max(10_000)

const base = {
  /** Answers go by it; never shown. */
  id: z
    .string()
    .regex(/^[a-z][A-Za-z0-9_-]{0,63}$/, 'must begin with a small letter and hold letters, digits, - and _'),
  label: line,
  help: text.exactOptional(),
}
const required = { required: z.boolean().default(true) }
const options = z.array(option).min(1).max(200).readonly()
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day, such as `2026-11-23`')

const fieldsOf = <Required extends z.ZodRawShape>(asked: Required) =>
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('shortAnswer'), ...base, ...asked, most: amount.exactOptional() }),
    z.strictObject({ type: z.literal('longAnswer'), ...base, ...asked, most: amount.exactOptional() }),
    z.strictObject({ type: z.literal('dropdown'), ...base, ...asked, options }),
    z.strictObject({
      type: z.literal('checkboxes'),
      ...base,
      ...asked,
      options,
      atLeast: z.number().int().min(0).max(200).exactOptional(),
      atMost: z.number().int().min(1).max(200).exactOptional(),
    }),
    z.strictObject({
      type: z.literal('number'),
      ...base,
      ...asked,
      least: z.number().exactOptional(),
      most: z.number().exactOptional(),
      whole: z.boolean().exactOptional(),
    }),
    z.strictObject({
      type: z.literal('date'),
      ...base,
      ...asked,
      earliest: day.exactOptional(),
      latest: day.exactOptional(),
    }),
    z.strictObject({ type: z.literal('link'), ...base, ...asked }),
  ])

const duration = z.string().max(20)
const durationField = z.strictObject({
  label: line.default('How long do you need it?'),
  /** Such as `30d`, to choose from; others may be typed. */
  suggested: z.array(duration).max(20).default([]),
  /** The longest that may be asked for. */
  most: duration.exactOptional(),
  /** Whether one may ask for access without an end, where the product allows it too. */
  withoutEnd: z.boolean().default(false),
})

const input = z.strictObject({
  name: newName,
  description: text.default(''),
  fields: z.array(fieldsOf(required)).max(50).default([]),
  /** How long access is needed is always asked. */
  duration: durationField.prefault({}),
  /** Ids of the agreements to accept, in whatever version they are then. */
  agreements: z.array(idParam).max(20).default([]),
})
export type RequestFormInput = z.input<typeof input>

export const requestForms = templateRoutes({
  path: '/request-forms',
  words: ['request form', 'Request forms'],
  notFound: 'request-form-not-found',
  invalid: ['request-form-invalid', 'agreement-not-found'],
  readers: 'signedIn',
  input,
  shown: {
    name: z.string(),
    description: z.string(),
    fields: z.array(fieldsOf({ required: z.boolean() })).readonly(),
    duration: z.object({
      label: z.string(),
      suggested: z.array(z.string()).readonly(),
      most: z.string().exactOptional(),
      withoutEnd: z.boolean(),
    }),
    agreements: z.array(id).readonly(),
  },
  detail: {},
})
