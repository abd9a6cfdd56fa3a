/** The settings of the whole deployment that an application admin changes while it runs. */
import { z } from 'zod'
import { endpoint } from './endpoint.ts'

/** What comes after the address would be lost or doubled when links are made of it. */
const publicUrl = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .refine(text => {
    const { origin } = URL.parse(text) ?? {}
    return text === origin || text === `${origin}/`
  }, 'must be an address alone, such as `https://headgate.example.com`')
  .transform(text => text.replace(/\/$/, ''))

const switches = {
  localAccounts: z.boolean(),
  separationOfDuties: z.boolean(),
  sessionIdleMinutes: z.number().int().min(5).max(1440),
  sessionHours: z.number().int().min(1).max(720),
}
const answered = z.object({
  /** Where browsers find Headgate; null: wherever they happen to. */
  publicUrl: z.string().nullable(),
  /** Whether one may sign in with user name and password. */
  ...switches,
})
export type Settings = z.output<typeof answered>

export const settings = {
  get: endpoint({
    method: 'GET',
    path: '/settings',
    summary: 'The settings of this deployment',
    needs: ['APPLICATION_ADMIN', 'AUDIT'],
    status: 200,
    response: answered,
    errors: [],
  }),
  replace: endpoint({
    method: 'PUT',
    path: '/settings',
    summary: 'Replace the settings',
    needs: ['APPLICATION_ADMIN'],
    body: z
      .strictObject({ publicUrl: publicUrl.nullable(), ...switches })
      .refine(({ sessionIdleMinutes, sessionHours }) => sessionIdleMinutes <= sessionHours * 60, {
        path: ['sessionIdleMinutes'],
        message: 'must not be longer than `sessionHours`',
      }),
    ifMatch: true,
    status: 200,
    response: answered,
    errors: ['version-stale', 'local-accounts-needed', 'duties-held-together'],
  }),
}
