/** Data sources: one registered S3 scope each, with its tags and members (02). */
import { z } from 'zod'
import { accessRow, grantStates } from './access.ts'
import {
  dottedName,
  id,
  idParam,
  instant,
  instantInput,
  level,
  name,
  nothing,
  page,
  pageQuery,
  text,
} from './common.ts'
import { endpoint } from './endpoint.ts'

const MiB = 1024 * 1024

/** What a bulk call takes at most. */
const mostAtOnce = 10_000

/** One data source of a registration. */
const registrationItem = z.strictObject({
  dataSourceName: name,
  prefix: z.string().max(2000),
  tags: z.array(dottedName).max(100).optional(),
  description: text.optional(),
  /** Accept a star that does not follow a slash: `demographics*` also matches `demographics-old/…`. */
  midSegment: z.boolean().optional(),
  /** Accept that this scope covers or lies inside another's; needs GOVERNANCE. */
  allowOverlap: z.boolean().optional(),
})

const registration = z.strictObject({
  type: z.literal('Native S3'),
  integrationId: idParam,
  dataSources: z.array(z.custom<z.input<typeof registrationItem>>()).min(1).max(mostAtOnce),
})

/** The documented routes of the reference product (seed 001). */
export const nativeS3 = {
  register: endpoint({
    method: 'POST',
    path: '/native-s3/handler',
    summary: 'Register data sources: all of them or, when one is bad, none',
    needs: ['CREATE_S3_DATASOURCE'],
    body: registration,
    items: { in: 'dataSources', each: registrationItem },
    ifPreview: true,
    status: 200,
    response: z.array(
      z.object({
        dataSourceId: id,
        dataSourceName: z.string(),
        prefix: z.string(),
        warnings: z.array(z.string()).optional(),
      }),
    ),
    errors: [
      'integration-not-found',
      'integration-not-usable',
      'data-sources-invalid',
      'data-source-name-taken',
      'data-source-scope-taken',
      'data-source-overlap',
      'tag-not-found',
      'aws-refused',
      'aws-unreachable',
    ],
    bodyLimit: 32 * MiB,
  }),
  get: endpoint({
    method: 'GET',
    path: '/native-s3/handler/{id}',
    summary: 'Where one data source lies',
    needs: 'signedIn',
    params: z.object({ id: idParam }),
    status: 200,
    response: z.object({
      id,
      metadata: z.object({ prefix: z.string(), integrationId: z.number().int(), scope: z.string() }),
    }),
    errors: ['data-source-not-found'],
  }),
}

export const dataSource = z.object({
  id,
  name: z.string(),
  description: z.string(),
  integrationId: z.string(),
  prefix: z.string(),
  scope: z.string(),
  kind: z.enum(['bucket', 'prefix', 'object']),
  tags: z.array(z.string()),
  owners: z.array(z.object({ id, userid: z.string() })),
  state: z.enum(['active', 'disabled']),
  createdAt: instant,
})
export type DataSource = z.output<typeof dataSource>

export const member = z.object({
  id,
  subject: z.union([
    z.object({ user: z.object({ id, userid: z.string() }) }),
    z.object({ group: z.object({ id, name: z.string() }) }),
  ]),
  level,
  until: instant.optional(),
  reason: z.string(),
  addedBy: z.string(),
  addedAt: instant,
})
export type Member = z.output<typeof member>

const params = z.object({ id: idParam })
const memberBody = z.strictObject({ level, until: instantInput.optional(), reason: z.string().trim().min(1).max(1000) })
const tagsBody = z.strictObject({ tags: z.array(dottedName).min(1).max(100) })
/** Owners may do this as well; others get 403, or 404 where they may not even read the data source. */
const ownerOrGovernor = 'signedIn' as const

export const dataSources = {
  list: endpoint({
    method: 'GET',
    path: '/data-sources',
    summary: 'Data sources the caller may read, by name',
    needs: 'signedIn',
    query: pageQuery.extend({
      /** The tag itself or any of its children. */
      tag: dottedName.optional(),
      integrationId: idParam.optional(),
      state: z.enum(['active', 'disabled']).optional(),
    }),
    status: 200,
    response: page(dataSource),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/data-sources/{id}',
    summary: 'One data source with its members, the policies that bind it, its audience and its grants by state',
    needs: 'signedIn',
    params,
    status: 200,
    response: dataSource.extend({
      members: z.array(member),
      policies: z.array(
        z.object({
          id,
          name: z.string(),
          kind: z.enum(['grant', 'guardrail']),
          level,
          /** Why it binds: its own `appliesTo`, or, for a guardrail, a covered data source. */
          via: z.object({ id, name: z.string() }).optional(),
        }),
      ),
      audience: z.number().int(),
      grants: z.partialRecord(z.enum(grantStates), z.number().int()),
    }),
    errors: ['data-source-not-found'],
  }),
  access: endpoint({
    method: 'GET',
    path: '/data-sources/{id}/access',
    summary: 'Who reaches this data source, at which level, why, and where it stands in AWS',
    needs: 'signedIn',
    params,
    query: pageQuery,
    status: 200,
    response: page(accessRow),
    errors: ['data-source-not-found'],
  }),
  addTags: endpoint({
    method: 'PUT',
    path: '/data-sources/{id}/tags',
    summary: 'Apply tags of the catalogue; those already there stay',
    needs: ownerOrGovernor,
    params,
    body: tagsBody,
    ifPreview: true,
    status: 200,
    response: z.object({ tags: z.array(z.string()) }),
    errors: ['data-source-not-found', 'tag-not-found', 'name-reserved'],
  }),
  removeTags: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/tags',
    summary: 'Remove tags; those not there are ignored. Only governors take it out of the reach of a guardrail',
    needs: ownerOrGovernor,
    params,
    body: tagsBody,
    ifPreview: true,
    status: 200,
    response: z.object({ tags: z.array(z.string()) }),
    errors: ['data-source-not-found', 'guardrail-would-drop', 'name-reserved'],
  }),
  setMember: endpoint({
    method: 'PUT',
    path: '/data-sources/{id}/members/{userId}',
    summary: 'Add a person by name, or change their level or end',
    needs: ownerOrGovernor,
    params: z.object({ id: idParam, userId: idParam }),
    body: memberBody,
    ifPreview: true,
    status: 200,
    response: member,
    errors: ['data-source-not-found', 'data-source-disabled', 'user-not-found'],
  }),
  removeMember: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/members/{userId}',
    summary: 'Remove a person; policies may still let them in',
    needs: ownerOrGovernor,
    params: z.object({ id: idParam, userId: idParam }),
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['data-source-not-found', 'member-not-found'],
  }),
  setGroupMember: endpoint({
    method: 'PUT',
    path: '/data-sources/{id}/group-members/{groupId}',
    summary: 'Add everyone in a group, or change its level or end',
    needs: ownerOrGovernor,
    params: z.object({ id: idParam, groupId: idParam }),
    body: memberBody,
    ifPreview: true,
    status: 200,
    response: member,
    errors: ['data-source-not-found', 'data-source-disabled', 'group-not-found'],
  }),
  removeGroupMember: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/group-members/{groupId}',
    summary: 'Remove a group; policies and other memberships may still let its people in',
    needs: ownerOrGovernor,
    params: z.object({ id: idParam, groupId: idParam }),
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['data-source-not-found', 'member-not-found'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}',
    summary: 'Disable: its grants are revoked at once; `hard=true` removes it for good',
    needs: ownerOrGovernor,
    params,
    query: z.strictObject({ hard: z.stringbool().optional() }),
    ifPreview: true,
    status: 200,
    response: z.object({ id, state: z.enum(['disabled', 'deleted']), message: z.string() }),
    errors: ['data-source-not-found', 'guardrail-would-drop'],
  }),
  /** The documented route of the reference product (02): its clients call twice, until `hardDelete` is true. */
  removeInSteps: endpoint({
    method: 'DELETE',
    path: '/dataSource/{id}',
    summary: 'Disable at the first call, remove for good at the second',
    needs: ownerOrGovernor,
    params,
    status: 200,
    response: z.object({ id, hardDelete: z.boolean(), message: z.string() }),
    errors: ['data-source-not-found', 'guardrail-would-drop'],
  }),
  restore: endpoint({
    method: 'POST',
    path: '/data-sources/{id}/restore',
    summary: 'Bring a disabled data source back with its tags and members',
    needs: ownerOrGovernor,
    params,
    ifPreview: true,
    status: 200,
    response: dataSource,
    errors: ['data-source-not-found', 'integration-not-usable'],
  }),
}
