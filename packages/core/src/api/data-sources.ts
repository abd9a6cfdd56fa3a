/** Data sources: one registered S3 scope each, with its tags and members (02). */
import { z } from 'zod'
import { accessPage, grantStates } from './access.ts'
import {
  dottedName,
  id,
  idParam,
  instant,
  instantInput,
  level,
  name,
  newName,
  nothing,
  page,
  pageQuery,
  text,
} from './common.ts'
import { endpoint } from './endpoint.ts'
import { mostAtOnce } from './native-s3.ts'
import { rules } from './needs.ts'

/** How a data source fares in AWS (02): its bucket and path as last looked at, and whether AWS refused grants of it. */
export const healthStates = ['healthy', 'path-missing', 'bucket-unreachable', 'provisioning-error'] as const
const health = z.object({
  status: z.enum(healthStates),
  /** What is wrong and what to do. */
  message: z.string().optional(),
  /** When bucket and path were last looked at; absent: not yet. */
  checkedAt: instant.optional(),
})
export type Health = z.output<typeof health>

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
  ownerGroups: z.array(z.object({ id, name: z.string() })),
  state: z.enum(['active', 'disabled']),
  health,
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

const dataSourceName = z.object({ id, name: z.string() })
const params = z.object({ id: idParam })
const memberBody = z.strictObject({ level, until: instantInput.optional(), reason: z.string().trim().min(1).max(1000) })
const owners = dataSource.pick({ owners: true, ownerGroups: true })
const tagsBody = z.strictObject({ tags: z.array(dottedName).min(1).max(100) })
const ownerOrGovernor = rules.changeDataSource

export const dataSources = {
  list: endpoint({
    method: 'GET',
    path: '/data-sources',
    summary: 'Data sources the caller may read',
    needs: rules.listDataSources,
    query: pageQuery.extend({
      /** Upwards by one of these, or downwards with `-`; `createdAt`: as they were registered. */
      sort: z.enum(['name', '-name', 'scope', '-scope', 'createdAt', '-createdAt']).default('name'),
      /** The tag itself or any of its children. */
      tag: dottedName.optional(),
      /** By hand or by tag. */
      domain: name.optional(),
      /** With a domain: only those that were put into it by hand, in it by tag as well or not. */
      byHand: z.stringbool().optional(),
      integrationId: idParam.optional(),
      state: z.enum(['active', 'disabled']).optional(),
      health: z.enum(healthStates).optional(),
      /** The caller's own status: those they own, by themselves or by a group; those they reach; those they do not. */
      mine: z.enum(['owner', 'access', 'none']).optional(),
    }),
    status: 200,
    response: page(
      dataSource.extend({
        /** What the caller is to it; without `level` they do not reach it. */
        mine: z.object({ owner: z.boolean(), level: level.optional() }),
      }),
    ),
    errors: [],
  }),
  update: endpoint({
    method: 'PATCH',
    path: '/data-sources/{id}',
    summary: 'Change name or description',
    needs: ownerOrGovernor,
    params,
    body: z.strictObject({ name: newName.optional(), description: text.optional() }),
    status: 200,
    response: dataSource,
    errors: ['data-source-not-found', 'data-source-name-taken', 'guardrail-would-drop'],
  }),
  check: endpoint({
    method: 'POST',
    path: '/data-sources/{id}/check',
    summary: 'Look at its bucket and path in AWS now',
    needs: ownerOrGovernor,
    params,
    status: 200,
    response: health,
    errors: ['data-source-not-found', 'integration-not-usable', 'aws-refused', 'aws-unreachable'],
  }),
  browse: endpoint({
    method: 'GET',
    path: '/integrations/{id}/browse',
    summary: 'Buckets, prefixes and objects one level below an integration, and how each is registered',
    needs: ['CREATE_S3_DATASOURCE', 'GOVERNANCE', 'APPLICATION_ADMIN'],
    params,
    query: z.strictObject({
      /** As in a registration but without the star: `teams/`, or the bucket and a slash first under `s3://`. */
      prefix: z.string().max(1100).default(''),
      limit: z.coerce.number().int().min(1).max(1000).default(200),
      cursor: z.string().max(4096).optional(),
    }),
    status: 200,
    response: z.object({
      items: z.array(
        z.object({
          kind: z.enum(['bucket', 'prefix', 'object']),
          /** What stands at this level; of a prefix with its slash. */
          name: z.string(),
          /** What registers it. */
          prefix: z.string(),
          scope: z.string(),
          /** Why it cannot be registered. */
          cannot: z.string().optional(),
          registered: z.object({
            exact: dataSourceName.optional(),
            /** Widest first. */
            coveredBy: z.array(dataSourceName),
            /** How many lie inside. */
            covers: z.number().int(),
          }),
        }),
      ),
      /** There while more follows, even after an empty page. */
      next: z.string().optional(),
    }),
    errors: ['integration-not-found', 'integration-not-usable', 'aws-refused', 'aws-unreachable'],
  }),
  changeTags: endpoint({
    method: 'PUT',
    path: '/data-sources/bulk/tags',
    summary: 'Apply and remove tags on many data sources: on all of them or, when one is refused, on none',
    needs: ownerOrGovernor,
    body: z.strictObject({
      dataSourceIds: z.array(idParam).min(1).max(mostAtOnce),
      add: z.array(dottedName).max(100).default([]),
      remove: z.array(dottedName).max(100).default([]),
    }),
    ifPreview: true,
    status: 200,
    /** How many tags came and went, over all the data sources. */
    response: z.object({ dataSources: z.number().int(), added: z.number().int(), removed: z.number().int() }),
    errors: ['data-source-not-found', 'tag-not-found', 'guardrail-would-drop', 'name-reserved'],
  }),
  setOwner: endpoint({
    method: 'PUT',
    path: '/data-sources/{id}/owners/{userId}',
    summary: 'Make a person an owner',
    needs: ownerOrGovernor,
    params: z.object({ id: idParam, userId: idParam }),
    status: 200,
    response: owners,
    errors: ['data-source-not-found', 'user-not-found'],
  }),
  removeOwner: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/owners/{userId}',
    summary: 'End the ownership of a person; only governors remove the last owner',
    needs: ownerOrGovernor,
    params: z.object({ id: idParam, userId: idParam }),
    status: 200,
    response: owners,
    errors: ['data-source-not-found', 'owner-not-found', 'last-owner'],
  }),
  setGroupOwner: endpoint({
    method: 'PUT',
    path: '/data-sources/{id}/group-owners/{groupId}',
    summary: 'Make everyone in a group an owner',
    needs: ownerOrGovernor,
    params: z.object({ id: idParam, groupId: idParam }),
    status: 200,
    response: owners,
    errors: ['data-source-not-found', 'group-not-found', 'group-built-in'],
  }),
  removeGroupOwner: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/group-owners/{groupId}',
    summary: 'End the ownership of a group; only governors remove the last owner',
    needs: ownerOrGovernor,
    params: z.object({ id: idParam, groupId: idParam }),
    status: 200,
    response: owners,
    errors: ['data-source-not-found', 'owner-not-found', 'last-owner'],
  }),
  get: endpoint({
    method: 'GET',
    path: '/data-sources/{id}',
    summary: 'One data source with its members, the policies that bind it, its audience and its grants by state',
    needs: rules.readDataSource,
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
          /** `manual`: who qualifies must subscribe too. */
          subscribe: z.enum(['automatic', 'manual']),
          /** Who does not qualify may find this data source by it. */
          discoverable: z.boolean(),
          /** Which part of its `appliesTo` takes in this data source, or the one in `via`. */
          why: z.string(),
          /** For a guardrail that binds through a covered data source. */
          via: z.object({ id, name: z.string() }).optional(),
        }),
      ),
      audience: z.number().int(),
      grants: z.partialRecord(z.enum(grantStates), z.number().int()),
      /** Of those in AWS, how many nobody is entitled to: the brake or the mode keeps them. */
      heldGrants: z.number().int(),
    }),
    errors: ['data-source-not-found'],
  }),
  access: endpoint({
    method: 'GET',
    path: '/data-sources/{id}/access',
    summary: 'Who reaches this data source, at which level, why, and where it stands in AWS',
    needs: rules.readDataSource,
    params,
    query: pageQuery,
    status: 200,
    response: accessPage,
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
