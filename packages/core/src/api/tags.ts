/** The tag catalogue: dotted, hierarchical labels that governors create (02). */
import { z } from 'zod'
import { dottedName, instant, newDottedName, nothing, page, pageQuery, text } from './common.ts'
import { endpoint } from './endpoint.ts'

export const tag = z.object({
  name: z.string(),
  description: z.string(),
  /** Data sources that carry it, not counting its children. */
  dataSources: z.number().int(),
  createdAt: instant,
})
export type Tag = z.output<typeof tag>

const needs = ['GOVERNANCE'] as const

export const tags = {
  list: endpoint({
    method: 'GET',
    path: '/tags',
    summary: 'The catalogue',
    needs: 'signedIn',
    query: pageQuery.extend({
      /** Upwards by one of these, or downwards with `-`; `dataSources`: by how many carry it. */
      sort: z.enum(['name', '-name', 'dataSources', '-dataSources']).default('name'),
    }),
    status: 200,
    response: page(tag),
    errors: [],
  }),
  create: endpoint({
    method: 'POST',
    path: '/tags',
    summary: 'Create a tag; its parents are created with it',
    needs,
    body: z.strictObject({ name: newDottedName, description: text.default('') }),
    ifPreview: true,
    status: 201,
    response: tag,
    errors: ['tag-exists', 'name-reserved'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/tags/{name}',
    summary: 'Delete a tag that no data source, domain, policy or child uses',
    needs,
    params: z.object({ name: dottedName }),
    status: 204,
    response: nothing,
    errors: ['tag-not-found', 'tag-in-use', 'name-reserved'],
  }),
}
