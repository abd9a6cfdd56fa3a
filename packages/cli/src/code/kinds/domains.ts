import { api } from '@headgate/core/api'
import type { z } from 'zod'
import { everyItem, type Kind } from '../kind.ts'

export type DomainFile = Domain
type Domain = z.output<typeof api.domains.create.body>

/** Which data sources are in one by tag; what was put in by hand, and who has rights in it, stays as it is. */
export const domains: Kind<Domain> = {
  ...{ name: 'domains', one: 'domain', item: api.domains.create.body },
  keyOf: ({ name }) => name,
  comparable: ({ tags, ...rest }) => ({ ...rest, tags: tags.toSorted() }),
  async read(caller) {
    const found = await everyItem(query => caller.domains.list({ query }))
    return found.map(({ name, description, tags }) => ({ id: name, content: { name, description, tags } }))
  },
  create: async (caller, body) => void (await caller.domains.create({ body })),
  change: async (caller, { id }, { name: _, ...body }) =>
    void (await caller.domains.edit({ params: { name: id }, body })),
  remove: async (caller, { id }) => void (await caller.domains.remove({ params: { name: id } })),
  effect({ do: what, key: domain, wanted }) {
    if (what === 'delete') return [{ change: 'deleteDomain', domain }]
    if (wanted === undefined) return []
    return what === 'create'
      ? [{ change: 'createDomain', domain: wanted }]
      : [{ change: 'editDomain', domain, tags: wanted.tags }]
  },
}
