/** Identity providers: who may assert what about whom (03). Signing in through one stands in `sign-in.ts`. */
import { z } from 'zod'
import { id, idParam, instant, label, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'

/** `groups`, or inside of others: `realm_access.roles`. A claim that has dots in its own name is called by that name. */
const claim = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{C}\p{Z}]+$/u, 'must be the name of a claim')
/** With it, a text is several values: `a,b`. Without it one, since group names may hold any character. */
const separator = z.string().min(1).max(5).optional()

const groupsFrom = z.strictObject({ claim, separator })
const attributeFrom = z.strictObject({ claim, separator, key: label })
export const principalKinds = ['iamUser', 'iamRole', 'identityCenterUser', 'none'] as const
const principalFrom = z.strictObject({ claim, kind: z.enum(principalKinds) })

/** Which claims say what. A claim that is not there says that there is nothing. */
export const claimMapping = z.strictObject({
  groups: z.array(groupsFrom).max(20).default([]),
  attributes: z.array(attributeFrom).max(100).default([]),
  /** `none`, as without it: nobody has one by this provider. */
  principal: principalFrom.optional(),
})
export type ClaimMapping = z.output<typeof claimMapping>

const issuer = z
  .url({ protocol: /^https?$/, error: 'must be an address such as `https://login.example.com`' })
  .max(1000)
  .refine(text => {
    const { username, password, search, hash } = URL.parse(text) ?? {}
    return !username && !password && !search && !hash
  }, 'must hold neither user, query nor fragment')

const scope = z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]{1,255}$/, 'must be a scope')

export const clientAuthentications = ['client_secret_basic', 'client_secret_post', 'none'] as const

const oidcShape = {
  /** As the provider writes it in its own discovery document. Never changes once somebody has signed in. */
  issuer,
  clientId: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[\x20-\x7E]+$/, 'must be printable ASCII'),
  /** `none`: a public client, kept by PKCE alone. */
  clientAuthentication: z.enum(clientAuthentications).default('client_secret_basic'),
  scopes: z
    .array(scope)
    .max(50)
    .default(['openid', 'profile', 'email'])
    .refine(scopes => scopes.includes('openid'), 'must hold `openid`'),
  /** Which claim is the user name: `preferred_username`, `email`, `sub`, or any other. */
  userNameClaim: claim.default('preferred_username'),
  fullNameClaim: claim.default('name'),
  emailClaim: claim.default('email'),
  /** Whether an e-mail address may be the user name though the provider does not say that it was verified. */
  trustsEmail: z.boolean().default(false),
  /** Whether somebody who is unknown here is made at their first sign-in. */
  createsUsers: z.boolean().default(false),
  mapping: claimMapping.prefault({}),
}
const oidcAnswer = z.object({ ...oidcShape, hasClientSecret: z.boolean() })
export type OidcSettings = Omit<z.output<typeof oidcAnswer>, 'hasClientSecret'>

const oidcInput = z
  .strictObject({
    ...oidcShape,
    /** Never answered. Left out: as it is; null: none. */
    clientSecret: z
      .string()
      .min(1)
      .max(2000)
      .regex(/^[\x20-\x7E]+$/, 'must be printable ASCII')
      .nullable()
      .optional(),
  })
  .refine(oidc => oidc.clientAuthentication !== 'none' || typeof oidc.clientSecret !== 'string', {
    path: ['clientSecret'],
    message: 'must be left out for a public client',
  })

/** `*` is any run of characters; compared like names, whatever their case. */
const groupPattern = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'must not hold control characters')

const allowed = {
  /** The attribute keys that it may assert; none by default. What is not allowed is left out, and told. */
  attributeKeys: z.array(label).max(1000).default([]),
  groupPatterns: z.array(groupPattern).max(1000).default([]),
}
const changeable = {
  enabled: z.boolean().default(true),
  ...allowed,
  /** null: nobody signs in through it. */
  oidc: oidcInput.nullable().default(null),
}

/** Who holds what the provider brought. */
const counts = z.object({
  /** People it made, and those linked to it. */
  people: z.number().int(),
  groups: z.number().int(),
})

export const identityProvider = z.object({
  id,
  /** What `source` says of all that it asserts; never changes. */
  name: z.string(),
  enabled: z.boolean(),
  attributeKeys: z.array(z.string()),
  groupPatterns: z.array(z.string()),
  oidc: oidcAnswer.nullable(),
  /** Where the provider has to send browsers back to; absent while settings have no `publicUrl`. */
  redirectUri: z.string().optional(),
  /** Whether groups, attributes and principals come by SCIM. */
  hasScim: z.boolean(),
  ...counts.shape,
  version: z.number().int(),
  createdAt: instant,
})
export type IdentityProvider = z.output<typeof identityProvider>

/** One thing that was looked at, and what to do where it is wrong. */
const checkStep = z.object({
  name: z.string(),
  status: z.enum(['passed', 'failed', 'warning', 'skipped']),
  message: z.string().optional(),
})
export type CheckStep = z.output<typeof checkStep>

const params = z.object({ id: idParam })
const person = z.object({ id: idParam, userId: idParam })
const needs = ['APPLICATION_ADMIN'] as const
const readers = ['APPLICATION_ADMIN', 'USER_ADMIN', 'AUDIT'] as const

export const identityProviders = {
  list: endpoint({
    method: 'GET',
    path: '/identity-providers',
    summary: 'Identity providers, by name',
    needs: readers,
    query: pageQuery,
    status: 200,
    response: page(identityProvider),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/identity-providers/{id}',
    summary: 'One identity provider; `ETag` is the version to edit',
    needs: readers,
    params,
    status: 200,
    response: identityProvider,
    errors: ['identity-provider-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/identity-providers',
    summary: 'Create an identity provider',
    needs,
    body: z.strictObject({ name: label, ...changeable }),
    status: 201,
    response: identityProvider,
    errors: ['identity-provider-exists', 'identity-provider-invalid', 'name-reserved'],
  }),
  replace: endpoint({
    method: 'PUT',
    path: '/identity-providers/{id}',
    summary:
      'Replace what an identity provider may do: what it may assert no more goes; switched off, nobody signs in through it and the rest stays',
    needs,
    params,
    body: z.strictObject(changeable),
    ifMatch: true,
    status: 200,
    response: identityProvider,
    errors: [
      'identity-provider-not-found',
      'identity-provider-invalid',
      'name-reserved',
      'version-missing',
      'version-stale',
    ],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/identity-providers/{id}',
    summary:
      'Delete an identity provider; while people or groups are of it only with `force`, which takes all that it asserted',
    needs,
    params,
    query: z.strictObject({ force: z.literal('true').optional() }),
    status: 204,
    response: nothing,
    errors: ['identity-provider-not-found', 'identity-provider-in-use'],
  }),
  check: endpoint({
    method: 'POST',
    path: '/identity-providers/{id}/check',
    summary: 'Asks the provider for its discovery document and keys, and says in words what is wrong',
    needs,
    params,
    status: 200,
    response: z.object({ status: z.enum(['passed', 'failed', 'warning']), steps: z.array(checkStep) }),
    errors: ['identity-provider-not-found'],
  }),
  people: endpoint({
    method: 'GET',
    path: '/identity-providers/{id}/people',
    summary: 'Whom an identity provider knows, by user name',
    needs: readers,
    params,
    query: pageQuery,
    status: 200,
    response: page(
      z.object({
        id,
        userid: z.string(),
        name: z.string(),
        /** Absent: has not signed in through it yet; their user name counts the first time. */
        subject: z.string().optional(),
        /** Whether it says who they are; else they were here before and are linked. */
        isManaged: z.boolean(),
      }),
    ),
    errors: ['identity-provider-not-found'],
  }),
  link: endpoint({
    method: 'PUT',
    path: '/identity-providers/{id}/people/{userId}',
    summary:
      'Let somebody sign in through an identity provider: by its `subject`, or else by their user name the next time',
    needs: ['USER_ADMIN'],
    params: person,
    body: z.strictObject({ subject: z.string().min(1).max(255).optional() }),
    status: 204,
    response: nothing,
    errors: [
      'identity-provider-not-found',
      'user-not-found',
      'self-change',
      'permission-missing',
      'account-mightier',
      'identity-taken',
    ],
  }),
  unlink: endpoint({
    method: 'DELETE',
    path: '/identity-providers/{id}/people/{userId}',
    summary: 'Somebody signs in through it no longer; what it asserted of them goes',
    needs: ['USER_ADMIN'],
    params: person,
    status: 204,
    response: nothing,
    errors: ['identity-provider-not-found', 'user-not-found', 'self-change', 'identity-managed'],
  }),
}
