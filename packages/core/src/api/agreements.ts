/** Data use agreements: texts that have to be accepted before data is asked for. The version accepted is recorded. */
import { z } from 'zod'
import { newName, text } from './common.ts'
import { templateRoutes } from './template-routes.ts'

const input = z.strictObject({
  name: newName,
  description: text.default(''),
  /** Markdown. */
  text: z
    .string()
    .min(1)
    .max(100_000)
    .regex(/^[^\p{Cs}\0]*$/u, 'must be valid Unicode'),
})

export const agreements = templateRoutes({
  path: '/agreements',
  words: ['data use agreement', 'Data use agreements'],
  notFound: 'agreement-not-found',
  invalid: [],
  readers: 'signedIn',
  input,
  shown: { name: z.string(), description: z.string(), text: z.string() },
  detail: {},
})
