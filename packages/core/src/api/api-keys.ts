/** API keys: how programs sign in (03). Everyone manages their own. */
import { z } from 'zod'
import { id, idParam, instant, instantInput, name, nothing } from './common.ts'
import { endpoint, permissions } from './endpoint.ts'
import { rules } from './needs.ts'

const apiKey = z.object({
  id,
  name: z.string(),
  /** When there: the key may do no more than these, whatever its owner may. */
  permissions: z.array(z.enum(permissions)).optional(),
  createdAt: instant,
  expiresAt: instant.optional(),
  lastUsedAt: instant.optional(),
})
export type ApiKey = z.output<typeof apiKey>

export const apiKeys = {
  listOf: endpoint({
    method: 'GET',
    path: '/users/{id}/api-keys',
    summary: 'The keys of a person that still work',
    needs: ['USER_ADMIN'],
    params: z.object({ id: idParam }),
    status: 200,
    response: z.object({ items: z.array(apiKey) }),
    errors: ['user-not-found'],
  }),
  list: endpoint({
    method: 'GET',
    path: '/api-keys',
    summary: 'My keys that still work',
    needs: 'signedIn',
    status: 200,
    response: z.object({ items: z.array(apiKey) }),
    errors: [],
  }),
  create: endpoint({
    method: 'POST',
    path: '/api-keys',
    summary: 'Make a key; it is shown this once',
    needs: rules.makeKey,
    body: z.strictObject({
      name,
      expiresAt: instantInput.optional(),
      permissions: z.array(z.enum(permissions)).max(permissions.length).optional(),
      /** For another user; needs USER_ADMIN, and nobody may hand out more than they hold. */
      userId: idParam.optional(),
    }),
    status: 201,
    response: apiKey.extend({ key: z.string() }),
    errors: ['user-not-found', 'permission-missing', 'account-mightier'],
  }),
  revoke: endpoint({
    method: 'DELETE',
    path: '/api-keys/{id}',
    summary: 'Revoke a key at once',
    needs: rules.revokeKey,
    params: z.object({ id: idParam }),
    status: 204,
    response: nothing,
    errors: ['api-key-not-found'],
  }),
}
