/** How e-mail is sent. The password goes in and never comes out. */
import { z } from 'zod'
import { instant } from './common.ts'
import { endpoint } from './endpoint.ts'
import { emailSecurities } from './notifications.ts'

const host = z
  .string()
  .trim()
  .max(253)
  .regex(/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/i, 'must be the name or address of a mail server')
const sender = z.email({ error: 'must be an e-mail address alone, such as `headgate@example.com`' }).max(254)
const printable = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must not hold control characters')
const caCertificate = z
  .string()
  .max(50_000)
  .regex(/^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/, 'must be certificates in PEM')

const shown = {
  enabled: z.boolean(),
  host: z.string().nullable(),
  port: z.number().int().min(1).max(65_535),
  /** `tls`: from the first byte on; `starttls`: or nothing is sent; `none`: to allowed private addresses only. */
  security: z.enum(emailSecurities),
  username: z.string().nullable(),
  sender: z.string().nullable(),
  /** Trusted besides the well-known ones. */
  caCertificate: z.string().nullable(),
  mostPerMinute: z.number().int().min(1).max(10_000),
}
const answered = z.object({
  ...shown,
  hasPassword: z.boolean(),
  /** Mails that wait to be sent, and those of the last day that never will be. */
  waiting: z.number().int(),
  failedLately: z.number().int(),
  /** Of the last attempt, where it failed. */
  lastProblem: z.object({ at: instant, problem: z.string() }).optional(),
})
export type EmailSettings = z.output<typeof answered>

const wanted = z
  .strictObject({
    ...shown,
    host: host.nullable(),
    username: printable.nullable(),
    sender: sender.nullable(),
    caCertificate: caCertificate.nullable(),
    /** Absent: the one that is stored stays, as long as host and user name do. */
    password: printable.optional(),
  })
  .refine(({ enabled, host: to, sender: from }) => !enabled || (to !== null && from !== null), {
    path: ['enabled'],
    message: 'needs `host` and `sender`',
  })
  .refine(({ username, password }) => password === undefined || username !== null, {
    path: ['password'],
    message: 'needs a `username`',
  })
export type WantedEmailSettings = z.output<typeof wanted>

export const emailSettings = {
  get: endpoint({
    method: 'GET',
    path: '/settings/e-mail',
    summary: 'How e-mail is sent, and how it goes',
    needs: ['APPLICATION_ADMIN'],
    status: 200,
    response: answered,
    errors: [],
  }),
  replace: endpoint({
    method: 'PUT',
    path: '/settings/e-mail',
    summary: 'Replace how e-mail is sent',
    needs: ['APPLICATION_ADMIN'],
    body: wanted,
    ifMatch: true,
    status: 200,
    response: answered,
    errors: ['version-stale', 'address-refused', 'email-password-missing'],
  }),
  test: endpoint({
    method: 'POST',
    path: '/settings/e-mail/test',
    summary: 'Send a test mail to oneself, as it is set, and say how it went',
    needs: ['APPLICATION_ADMIN'],
    status: 200,
    response: z.object({ to: z.string(), messageId: z.string(), answer: z.string() }),
    errors: ['email-not-set-up', 'email-address-missing', 'email-refused'],
  }),
}
