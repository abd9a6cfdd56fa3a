/** Domains: named sets of data sources, in which rights are delegated to users and groups (02). */
import { z } from 'zod'
import { dottedName, id, idParam, instant, name, newName, nothing, page, pageQuery, text } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'

export const domainRights = ['MANAGE_POLICIES', 'MANAGE_DATA_PRODUCTS', 'AUDIT_ACTIVITY'] as const
const right = z.enum(domainRights)
export type DomainRight = (typeof domainRights)[number]

const domain = z.object({
  /** Never changes: policies name it. */
  name: z.string(),
  description: z.string(),
  /** Data sources with one of these tags, or a child of one, are in the domain. */
  tags: z.array(z.string()),
  /** By hand and by tag. */
  dataSources: z.number().int(),
  /** Policies of this domain, and those whose conditions name it. */
  policies: z.number().int(),
  /** What the caller may do here by the rights given to them or to a group of theirs. */
  mine: z.array(right),
  createdAt: instant,
})
export type Domain = z.output<typeof domain>

const domainDetail = domain.extend({
  /** Data sources put in by hand, not counting those that are in by tag. */
  dataSourcesByHand: z.number().int(),
  rights: z.array(
    z.object({
      subject: z.union([
        z.object({ user: z.object({ id, userid: z.string() }) }),
        z.object({ group: z.object({ id, name: z.string() }) }),
      ]),
      rights: z.array(right),
    }),
  ),
})
export type DomainDetail = z.output<typeof domainDetail>

const tags = z.array(dottedName).max(100)
const params = z.object({ name })
const needs = ['GOVERNANCE'] as const
const rightsBody = z.strictObject({ rights: z.array(right).min(1).max(domainRights.length) })
const userParams = params.extend({ userId: idParam })
const groupParams = params.extend({ groupId: idParam })
const sourceParams = params.extend({ id: idParam })
const rightsErrors = ['domain-not-found', 'self-change'] as const

export const domains = {
  list: endpoint({
    method: 'GET',
    path: '/domains',
    summary: 'Domains, by name: GOVERNANCE and AUDIT all, others those in which they have a right',
    needs: rules.listDomains,
    query: pageQuery,
    status: 200,
    response: page(domain),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/domains/{name}',
    summary: 'One domain with who has which right in it',
    needs: rules.readDomain,
    params,
    status: 200,
    response: domainDetail,
    errors: ['domain-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/domains',
    summary: 'Create a domain; its name stays',
    needs,
    body: z.strictObject({ name: newName, description: text.default(''), tags: tags.default([]) }),
    ifPreview: true,
    status: 201,
    response: domainDetail,
    errors: ['domain-exists', 'tag-not-found', 'name-reserved'],
  }),
  edit: endpoint({
    method: 'PATCH',
    path: '/domains/{name}',
    summary: 'Change the description, or the tags whose data sources are in it',
    needs,
    params,
    body: z.strictObject({ description: text.optional(), tags: tags.optional() }),
    ifPreview: true,
    status: 200,
    response: domainDetail,
    errors: ['domain-not-found', 'tag-not-found', 'name-reserved'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/domains/{name}',
    summary: 'Delete a domain that no policy names and into which no data source was put by hand',
    needs,
    params,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['domain-not-found', 'domain-in-use'],
  }),
  addDataSource: endpoint({
    method: 'PUT',
    path: '/domains/{name}/data-sources/{id}',
    summary: 'Put a data source into a domain by hand',
    needs,
    params: sourceParams,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['domain-not-found', 'data-source-not-found'],
  }),
  removeDataSource: endpoint({
    method: 'DELETE',
    path: '/domains/{name}/data-sources/{id}',
    summary: 'Take a data source out that was put in by hand; its tags may keep it in',
    needs,
    params: sourceParams,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['domain-not-found', 'data-source-not-found'],
  }),
  setUserRights: endpoint({
    method: 'PUT',
    path: '/domains/{name}/user-rights/{userId}',
    summary: 'Replace what a person may do in a domain',
    needs,
    params: userParams,
    body: rightsBody,
    status: 200,
    response: domainDetail,
    errors: [...rightsErrors, 'user-not-found'],
  }),
  removeUserRights: endpoint({
    method: 'DELETE',
    path: '/domains/{name}/user-rights/{userId}',
    summary: 'Take all rights in a domain from a person; those of their groups stay',
    needs,
    params: userParams,
    status: 204,
    response: nothing,
    errors: [...rightsErrors, 'user-not-found'],
  }),
  setGroupRights: endpoint({
    method: 'PUT',
    path: '/domains/{name}/group-rights/{groupId}',
    summary: 'Replace what everyone in a group may do in a domain',
    needs,
    params: groupParams,
    body: rightsBody,
    status: 200,
    response: domainDetail,
    errors: [...rightsErrors, 'group-not-found'],
  }),
  removeGroupRights: endpoint({
    method: 'DELETE',
    path: '/domains/{name}/group-rights/{groupId}',
    summary: 'Take all rights in a domain from a group',
    needs,
    params: groupParams,
    status: 204,
    response: nothing,
    errors: [...rightsErrors, 'group-not-found'],
  }),
}
