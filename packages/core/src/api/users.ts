/** People: users with their groups, attributes, permissions and AWS principals (03). */
import { z } from 'zod'
import { accessPage } from './access.ts'
import {
  dottedName,
  id,
  idParam,
  instant,
  label,
  name,
  newDottedName,
  newName,
  nothing,
  page,
  pageQuery,
  text,
} from './common.ts'
import { endpoint, permissions } from './endpoint.ts'
import { rules } from './needs.ts'

export const userKinds = ['person', 'role-user', 'service'] as const

export const principal = z.object({
  kind: z.enum(['iamUser', 'iamRole', 'identityCenterUser']),
  identifier: z.string(),
  integrationIds: z.array(z.string()).optional(),
  /** The identity provider that says so; absent: it was set here. */
  source: z.string().optional(),
})
export type Principal = z.output<typeof principal>
const principalInput = z.strictObject({
  kind: z.enum(['iamUser', 'iamRole', 'identityCenterUser']),
  identifier: z.string().min(1).max(2048),
  integrationIds: z.array(idParam).min(1).max(1000).optional(),
})

const attribute = z.object({
  key: z.string(),
  value: z.string(),
  /** `local`, an identity provider, or `marketplace`: the value of a data product. */
  source: z.string(),
  /** When a value of the marketplace ends; absent: it has no end. */
  until: instant.optional(),
})
export const user = z.object({
  id,
  userid: z.string(),
  name: z.string(),
  email: z.string().optional(),
  kind: z.enum(userKinds),
  /** By an admin, or because the identity provider that manages them says that they are not active. */
  disabled: z.boolean(),
  /** The identity provider that manages them; absent: nobody else does. */
  provider: z.string().optional(),
  /** What it says; there for whoever it manages. */
  activeAtProvider: z.boolean().optional(),
  permissions: z.array(z.enum(permissions)),
  /** Where CREATE_S3_DATASOURCE holds; absent: everywhere, for whoever has it. */
  dataSourceScopes: z.array(z.string()).optional(),
  groups: z.array(z.object({ id, name: z.string(), source: z.string() })),
  /** Their own; those inherited from groups stand on the groups. */
  attributes: z.array(attribute),
  principals: z.array(principal),
  /** What a user admin should look into, e.g. a principal that AWS does not know (yet). */
  warnings: z.array(z.string()),
  createdAt: instant,
})
export type User = z.output<typeof user>

const params = z.object({ id: idParam })
const attributeParams = z.object({ id: idParam, key: label, value: newDottedName })
/** What was given before names were held to a form can be taken away. */
const heldAttributeParams = z.object({ id: idParam, key: name, value: dottedName })
const needs = ['USER_ADMIN'] as const
const readers = ['USER_ADMIN', 'GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'] as const

export const users = {
  me: endpoint({
    method: 'GET',
    path: '/users/me',
    summary: 'The person whose key this is',
    needs: 'signedIn',
    status: 200,
    response: user,
    errors: [],
  }),
  list: endpoint({
    method: 'GET',
    path: '/users',
    summary: 'People; the search looks at user name, name and e-mail, whatever their case',
    needs: readers,
    query: pageQuery.extend({
      /** Upwards by one of these, or downwards with `-`. */
      sort: z.enum(['userid', '-userid', 'name', '-name', 'createdAt', '-createdAt']).default('userid'),
      disabled: z.stringbool().optional(),
      kind: z.enum(userKinds).optional(),
      /** Who manages them: an identity provider, or `local`. */
      provider: name.optional(),
      /** In this group, by whatever source. */
      group: idParam.optional(),
      /** Whether they lack an AWS principal: any at all, or for the integration named. */
      unmapped: z.stringbool().optional(),
      integration: idParam.optional(),
    }),
    status: 200,
    response: page(user),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/users/{id}',
    summary: 'One person; oneself always',
    needs: rules.readUser,
    params,
    status: 200,
    response: user,
    errors: ['user-not-found'],
  }),
  access: endpoint({
    method: 'GET',
    path: '/users/{id}/access',
    summary: 'Everything a person reaches, why, and where it stands in AWS; oneself, GOVERNANCE and AUDIT',
    needs: rules.readAccessOfUser,
    params,
    query: pageQuery,
    status: 200,
    response: accessPage,
    errors: ['user-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/users',
    summary: 'Create a user',
    needs,
    body: z.strictObject({
      userid: label,
      name: newName,
      email: z.email().max(320).optional(),
      kind: z.enum(userKinds).default('person'),
      permissions: z.array(z.enum(permissions)).max(permissions.length).default([]),
    }),
    status: 201,
    response: user,
    errors: ['user-exists', 'name-reserved', 'duties-separated'],
  }),
  update: endpoint({
    method: 'PATCH',
    path: '/users/{id}',
    summary: 'Change name or e-mail, disable or enable; disabling revokes everything at once',
    needs,
    params,
    body: z.strictObject({
      name: newName.optional(),
      email: z.email().max(320).nullable().optional(),
      disabled: z.boolean().optional(),
    }),
    ifPreview: true,
    status: 200,
    response: user,
    errors: ['user-not-found', 'self-change', 'last-admin', 'user-managed'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/users/{id}',
    summary: 'Delete a user: everything is revoked, history is kept',
    needs,
    params,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['user-not-found', 'self-change', 'last-admin'],
  }),
  setPermissions: endpoint({
    method: 'PUT',
    path: '/users/{id}/permissions',
    summary: 'Replace what a person may do in Headgate',
    needs,
    params,
    body: z.strictObject({
      permissions: z.array(z.enum(permissions)).max(permissions.length),
      /** Confines CREATE_S3_DATASOURCE to scopes such as `s3://lake/teams/*`; without it, it holds everywhere. */
      dataSourceScopes: z.array(z.string().max(1100)).min(1).max(1000).optional(),
    }),
    status: 200,
    response: user,
    errors: ['user-not-found', 'self-change', 'last-admin', 'duties-separated'],
  }),
  setPrincipals: endpoint({
    method: 'PUT',
    path: '/users/{id}/principals',
    summary: 'Replace the AWS identities of a user',
    needs,
    params,
    body: z.array(principalInput).max(100),
    ifPreview: true,
    status: 200,
    response: user,
    errors: ['user-not-found', 'self-change', 'principal-invalid', 'principal-taken', 'integration-not-found'],
  }),
  addAttribute: endpoint({
    method: 'PUT',
    path: '/users/{id}/attributes/{key}/{value}',
    summary: 'Give a person a value under a key',
    needs,
    params: attributeParams,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['user-not-found', 'self-change', 'name-reserved'],
  }),
  removeAttribute: endpoint({
    method: 'DELETE',
    path: '/users/{id}/attributes/{key}/{value}',
    summary: 'Take a value away; nothing happens where it is not held',
    needs,
    params: heldAttributeParams,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['user-not-found', 'self-change', 'name-reserved'],
  }),
}

export const group = z.object({
  id,
  name: z.string(),
  description: z.string(),
  /** The identity provider that made it; absent: it was made here. */
  provider: z.string().optional(),
  members: z.number().int(),
  attributes: z.array(attribute),
  createdAt: instant,
})
export type Group = z.output<typeof group>

export const groups = {
  list: endpoint({
    method: 'GET',
    path: '/groups',
    summary: 'Groups',
    needs: readers,
    query: pageQuery.extend({
      /** Upwards by one of these, or downwards with `-`; `members`: by how many there are. */
      sort: z.enum(['name', '-name', 'members', '-members']).default('name'),
      /** With this person in them, by whatever source; `All Users` is not among them. */
      member: idParam.optional(),
      /** Who made them: an identity provider, or `local`. */
      provider: name.optional(),
    }),
    status: 200,
    response: page(group),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/groups/{id}',
    summary: 'One group',
    needs: readers,
    params,
    status: 200,
    response: group,
    errors: ['group-not-found'],
  }),
  members: endpoint({
    method: 'GET',
    path: '/groups/{id}/members',
    summary: 'The people in a group, by user name',
    needs: readers,
    params,
    query: pageQuery,
    status: 200,
    response: page(z.object({ id, userid: z.string(), name: z.string(), source: z.string() })),
    errors: ['group-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/groups',
    summary: 'Create a group',
    needs,
    body: z.strictObject({ name: label, description: z.string().max(4096).default('') }),
    status: 201,
    response: group,
    errors: ['group-exists', 'name-reserved'],
  }),
  update: endpoint({
    method: 'PATCH',
    path: '/groups/{id}',
    summary: 'Describe a group otherwise; its name is what policies name, so it never changes',
    needs,
    params,
    body: z.strictObject({ description: text }),
    status: 200,
    response: group,
    errors: ['group-not-found', 'group-built-in'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/groups/{id}',
    summary: 'Delete a group with its memberships',
    needs,
    params,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['group-not-found', 'group-built-in', 'group-managed', 'self-change'],
  }),
  addMember: endpoint({
    method: 'PUT',
    path: '/groups/{id}/members/{userId}',
    summary: 'Put a person into a group',
    needs,
    params: z.object({ id: idParam, userId: idParam }),
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['group-not-found', 'group-built-in', 'user-not-found', 'self-change'],
  }),
  removeMember: endpoint({
    method: 'DELETE',
    path: '/groups/{id}/members/{userId}',
    summary: 'Take a person out of a group; nothing happens where they are not in it',
    needs,
    params: z.object({ id: idParam, userId: idParam }),
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['group-not-found', 'group-built-in', 'user-not-found', 'self-change'],
  }),
  addAttribute: endpoint({
    method: 'PUT',
    path: '/groups/{id}/attributes/{key}/{value}',
    summary: 'Give everyone in a group a value under a key',
    needs,
    params: attributeParams,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['group-not-found', 'self-change', 'name-reserved'],
  }),
  removeAttribute: endpoint({
    method: 'DELETE',
    path: '/groups/{id}/attributes/{key}/{value}',
    summary: 'Take a value away from a group; nothing happens where it is not held',
    needs,
    params: heldAttributeParams,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['group-not-found', 'self-change', 'name-reserved'],
  }),
}
