/** What an application admin settles of a provider's SCIM: how it is read, and the token that it calls with. */
import { z } from 'zod'
import { idParam, instant, label, nothing } from './common.ts'
import { endpoint } from './endpoint.ts'
import { principalKinds } from './identity-providers.ts'

/** `title`, `emails[type eq "work"].value`, or an attribute of the enterprise extension by its URN. */
const path = z.string().min(1).max(500)

/** Which attributes of SCIM say what. What is not there says that there is nothing. */
export const scimMapping = z.strictObject({
  attributes: z
    .array(z.strictObject({ path, key: label }))
    .max(100)
    .default([]),
  /** Where the AWS principal stands, and what kind it is of; `none`, as without it: nobody has one by this provider. */
  principal: z.strictObject({ path, kind: z.enum(principalKinds) }).optional(),
})
export type ScimMapping = z.output<typeof scimMapping>

const scimSettings = z.object({
  mapping: scimMapping,
  /** What to give to the provider as its SCIM address. */
  address: z.string(),
  /** Newest first; the one before the newest serves until it expires. */
  tokens: z.array(z.object({ createdAt: instant, expiresAt: instant.optional(), lastUsedAt: instant.optional() })),
})

const params = z.object({ id: idParam })
const needs = ['APPLICATION_ADMIN'] as const
const shared = { needs, params, path: '/identity-providers/{id}/scim' } as const

export const scimSettingsRoutes = {
  get: endpoint({
    ...shared,
    method: 'GET',
    summary: 'How an identity provider syncs people by SCIM',
    status: 200,
    response: scimSettings,
    errors: ['identity-provider-not-found', 'scim-not-set-up'],
  }),
  replace: endpoint({
    ...shared,
    method: 'PUT',
    summary: 'Let an identity provider sync people by SCIM, with this mapping; holds for what it says from now on',
    body: scimMapping,
    status: 200,
    response: scimSettings,
    errors: ['identity-provider-not-found', 'identity-provider-invalid', 'name-reserved'],
  }),
  remove: endpoint({
    ...shared,
    method: 'DELETE',
    summary: 'No more SCIM from an identity provider: its tokens end, what it said stays',
    status: 204,
    response: nothing,
    errors: ['identity-provider-not-found'],
  }),
  rotateToken: endpoint({
    ...shared,
    path: '/identity-providers/{id}/scim/token',
    method: 'POST',
    summary: 'A new bearer token, shown once; the one before serves for another 24 hours',
    status: 201,
    response: z.object({ token: z.string() }),
    errors: ['identity-provider-not-found', 'scim-not-set-up'],
  }),
}
