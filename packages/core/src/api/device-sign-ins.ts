/**
 * Signing a terminal in through a browser, after RFC 8628: the terminal shows a short code and polls with a long one that only it
 * knows; a person who is signed in types the short one, sees who asks, and lets it have an API key of theirs, or not.
 */
import { z } from 'zod'
import { instant, name, nothing } from './common.ts'
import { endpoint } from './endpoint.ts'

const deviceCode = z.string().min(1).max(128)
/** As people type it: case, blanks and hyphens do not matter. */
const userCode = z.string().min(1).max(64)

const asked = z.object({
  /** What the terminal calls itself; nothing proves it. */
  device: z.string(),
  /** Where the call came from. */
  ip: z.string(),
  createdAt: instant,
  expiresAt: instant,
})
export type AskedSignIn = z.output<typeof asked>

const polled = z.discriminatedUnion('state', [
  z.object({ state: z.literal('waiting') }),
  z.object({ state: z.literal('denied') }),
  z.object({
    state: z.literal('approved'),
    /** Told this once. */
    key: z.string(),
    keyId: z.number().int(),
    expiresAt: instant,
    user: z.object({ userid: z.string(), name: z.string() }),
  }),
])

export const deviceSignIns = {
  begin: endpoint({
    method: 'POST',
    path: '/device-sign-ins',
    summary: 'Ask, as a terminal, for an API key that a person will approve in a browser',
    needs: 'nobody',
    body: z.strictObject({ device: name }),
    status: 201,
    response: z.object({
      /** To poll with; told to nobody else. */
      deviceCode: z.string(),
      /** To be shown to the person: four letters, a hyphen, four letters. */
      userCode: z.string(),
      /** Where the person types it, below the address of the server. */
      path: z.string(),
      expiresAt: instant,
      pollAfterSeconds: z.number().int(),
    }),
    errors: [],
  }),
  poll: endpoint({
    method: 'POST',
    path: '/device-sign-ins/poll',
    summary: 'Whether somebody approved; answers the key once',
    needs: 'nobody',
    body: z.strictObject({ deviceCode }),
    status: 200,
    response: polled,
    errors: ['device-sign-in-not-found', 'user-disabled', 'user-not-found'],
  }),
  look: endpoint({
    method: 'POST',
    path: '/device-sign-ins/look',
    summary: 'Who asks, by the code that a terminal shows',
    needs: 'signedIn',
    body: z.strictObject({ userCode }),
    status: 200,
    response: asked,
    errors: ['device-sign-in-not-found'],
  }),
  decide: endpoint({
    method: 'POST',
    path: '/device-sign-ins/decide',
    summary: 'Let a terminal have a key of mine, or refuse it',
    needs: 'signedIn',
    body: z.strictObject({
      userCode,
      verdict: z.enum(['approve', 'deny']),
      /** How long the key lasts; no longer than the key that approves, if one does. */
      days: z.int().min(1).max(365).default(30),
    }),
    status: 204,
    response: nothing,
    errors: ['device-sign-in-not-found'],
  }),
}
