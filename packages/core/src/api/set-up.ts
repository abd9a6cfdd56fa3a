/** Set-up links: whoever holds one gives a person a password, once. The first one makes the first admin. */
import { z } from 'zod'
import { id, idParam, instant, label, newName } from './common.ts'
import { endpoint } from './endpoint.ts'

const token = z.string().min(1).max(200)

export const setUp = {
  link: endpoint({
    method: 'POST',
    path: '/users/{id}/set-up-link',
    summary: 'Make a link by which a person gives themselves a password, once; it is shown this once',
    needs: ['USER_ADMIN'],
    params: z.object({ id: idParam }),
    status: 201,
    response: z.object({
      token: z.string(),
      /** The page that takes it, to be put behind Headgate's address. The token stands after `#`, which no server sees. */
      path: z.string(),
      /** The whole link, where the setting `publicUrl` says what the address is. */
      url: z.string().optional(),
      expiresAt: instant,
    }),
    errors: [
      'user-not-found',
      'self-change',
      'permission-missing',
      'account-mightier',
      'local-accounts-off',
      'user-disabled',
      'user-of-provider',
    ],
  }),
  look: endpoint({
    method: 'POST',
    path: '/set-up/look',
    summary: 'What a set-up link is for',
    needs: 'nobody',
    body: z.strictObject({ token }),
    bodyLimit: 16 * 1024,
    status: 200,
    response: z.object({
      /** `first-admin`: user name and name are chosen too. */
      kind: z.enum(['first-admin', 'person']),
      userid: z.string().optional(),
      name: z.string().optional(),
      expiresAt: instant,
    }),
    errors: ['set-up-link-invalid', 'local-accounts-off'],
  }),
  use: endpoint({
    method: 'POST',
    path: '/set-up',
    summary: 'Use a set-up link up: sets the password, after which one signs in at POST /session',
    needs: 'nobody',
    body: z.strictObject({
      token,
      password: z.string().min(1).max(1024),
      /** Compulsory for the first admin, out of place otherwise. */
      userid: label.optional(),
      name: newName.optional(),
    }),
    bodyLimit: 16 * 1024,
    status: 200,
    response: z.object({ id, userid: z.string() }),
    errors: [
      'set-up-link-invalid',
      'password-refused',
      'local-accounts-off',
      'user-exists',
      'name-reserved',
      'csrf-refused',
    ],
  }),
}
