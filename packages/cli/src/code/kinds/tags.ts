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
    // One that something carries stays, however little it is named.
    return found
      .filter(({ name }) => !isReserved(name))
      .map(({ name, description, dataSources }) => ({
        ...{ id: name, content: { name, description } },
        ...(dataSources > 0 && { isUsed: true as const }),
      }))
  },
  writes({ wanted, current, key: name }) {
    if (wanted === undefined) return [{ send: caller => caller.tags.remove({ params: { name } }) }]
    if (current !== undefined) return []
    const shown = { change: 'createTag', tag: wanted } as const
    return [{ shown, send: (caller, bound) => caller.tags.create({ body: wanted, ...bound }) }]
  },
}
