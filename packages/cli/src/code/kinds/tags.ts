import { isReserved } from '@headgate/core'
import { api } from '@headgate/core/api'
import type { z } from 'zod'
import { everyItem, type Kind } from '../kind.ts'

type Tag = z.output<typeof api.tags.create.body>

/** The description is said when a tag is made, and not compared: the API changes none. */
export const tags: Kind<Tag> = {
  ...{ name: 'tags', one: 'tag', item: api.tags.create.body },
  keyOf: ({ name }) => name,
  within: name => (name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : undefined),
  comparable: ({ name }) => ({ name }),
  async read(caller) {
    const found = await everyItem(query => caller.tags.list({ query }))
    // Children before their parents, as they would be deleted; one that something carries stays, however little it is named.
    return found
      .filter(({ name }) => !isReserved(name))
      .toSorted((a, b) => (a.name < b.name ? 1 : -1))
      .map(({ name, description, dataSources }) => ({
        ...{ id: name, content: { name, description } },
        ...(dataSources > 0 && { isUsed: true as const }),
      }))
  },
  create: async (caller, body) => void (await caller.tags.create({ body })),
  change: async () => {},
  remove: async (caller, { id }) => void (await caller.tags.remove({ params: { name: id } })),
  effect: ({ do: what, wanted }) =>
    what === 'create' && wanted !== undefined ? [{ change: 'createTag', tag: wanted }] : [],
}
