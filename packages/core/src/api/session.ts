/**
 * Signing in with a browser: a session in a cookie that scripts cannot read. Programs use API keys instead.
 *
 * Whoever writes with the cookie sends `X-CSRF-Token` besides, as `GET /session` tells it; an `Authorization` header wins
 * over the cookie.
 */
import { z } from 'zod'
import { id, idParam, instant, nothing } from './common.ts'
import { endpoint, permissions } from './endpoint.ts'
import { rules } from './needs.ts'

/** Long enough for any sentence, short enough to hash: the rules proper are told by `password-refused`. */
const typedPassword = z.string().min(1).max(1024)
const typedUserid = z.string().min(1).max(255)

const current = z.object({
  user: z.object({ id, userid: z.string(), name: z.string() }),
  /** What one may do here: one's own permissions, narrowed to those of the key. */
  permissions: z.array(z.enum(permissions)),
  /** `local`, the name of an identity provider, or `api-key`. */
  via: z.string(),
  /** To send as `X-CSRF-Token` with every write; absent with a key, which needs none. */
  csrfToken: z.string().optional(),
  /** When it ends unless one goes on; absent with a key. */
  endsAt: instant.optional(),
})
export type CurrentSession = z.output<typeof current>

const listed = z.object({
  id,
  via: z.string(),
  createdAt: instant,
  lastSeenAt: instant,
  endsAt: instant,
  /** Whether it is the one that asks. */
  isCurrent: z.boolean(),
  userAgent: z.string().optional(),
  ip: z.string().optional(),
})
export type ListedSession = z.output<typeof listed>
const list = z.object({ items: z.array(listed) })
const ended = z.object({ ended: z.number().int() })
const ofUser = z.object({ id: idParam })

export const session = {
  ways: endpoint({
    method: 'GET',
    path: '/session/ways',
    summary: 'How one may sign in here',
    needs: 'nobody',
    status: 200,
    response: z.object({
      /** With user name and password. */
      localAccounts: z.boolean(),
      /** Nobody has been made yet: the set-up link that the first start printed makes the first admin. */
      needsSetUp: z.boolean(),
    }),
    errors: [],
  }),
  start: endpoint({
    method: 'POST',
    path: '/session',
    summary: 'Sign in with user name and password: answers a cookie',
    needs: 'nobody',
    body: z.strictObject({ userid: typedUserid, password: typedPassword }),
    bodyLimit: 16 * 1024,
    status: 200,
    response: current,
    errors: ['sign-in-refused', 'local-accounts-off', 'csrf-refused'],
  }),
  get: endpoint({
    method: 'GET',
    path: '/session',
    summary: 'Who is signed in, how, and until when',
    needs: 'signedIn',
    status: 200,
    response: current,
    errors: [],
  }),
  end: endpoint({
    method: 'DELETE',
    path: '/session',
    summary: 'Sign out: the session ends at once, here and everywhere; a key stays as it is',
    needs: 'signedIn',
    status: 204,
    response: nothing,
    errors: [],
  }),
  changePassword: endpoint({
    method: 'PUT',
    path: '/session/password',
    summary: 'Change my own password: my other sessions end',
    needs: 'signedIn',
    body: z.strictObject({ current: typedPassword, password: typedPassword }),
    bodyLimit: 16 * 1024,
    status: 204,
    response: nothing,
    errors: ['password-wrong', 'password-refused', 'local-accounts-off'],
  }),
}

export const sessions = {
  list: endpoint({
    method: 'GET',
    path: '/sessions',
    summary: 'My sessions that have not ended, latest first',
    needs: 'signedIn',
    status: 200,
    response: list,
    errors: [],
  }),
  endOthers: endpoint({
    method: 'DELETE',
    path: '/sessions',
    summary: 'End all my sessions but the one that asks',
    needs: 'signedIn',
    status: 200,
    response: ended,
    errors: [],
  }),
  end: endpoint({
    method: 'DELETE',
    path: '/sessions/{id}',
    summary: 'End one of my sessions at once',
    needs: rules.endSession,
    params: ofUser,
    status: 204,
    response: nothing,
    errors: ['session-not-found'],
  }),
  listOf: endpoint({
    method: 'GET',
    path: '/users/{id}/sessions',
    summary: 'The sessions of a person that have not ended',
    needs: ['USER_ADMIN'],
    params: ofUser,
    status: 200,
    response: list,
    errors: ['user-not-found'],
  }),
  endOf: endpoint({
    method: 'DELETE',
    path: '/users/{id}/sessions',
    summary: 'End all sessions of a person at once',
    needs: ['USER_ADMIN'],
    params: ofUser,
    status: 200,
    response: ended,
    errors: ['user-not-found'],
  }),
}
