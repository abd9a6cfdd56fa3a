import { api, type Group } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from '../../refused.ts'
import { everyItem, type Kind, type Names } from '../kind.ts'
import type { Write } from '../write.ts'
import { attributes, attributesThatMove, attributeWrites, localAttributes, sorted } from './attributes.ts'

const item = z.strictObject({
  ...api.groups.create.body.shape,
  /** Key → values, of everyone in it; not said: they stay as they are. */
  attributes: attributes.optional(),
})
type GroupFile = z.output<typeof item>

/** Those that are looked after here; one that an identity provider makes is never touched. Who is in one stands with the people. */
export const groups: Kind<GroupFile> = {
  ...{ name: 'groups', one: 'group', item },
  keyOf: ({ name }) => name,
  comparable: ({ attributes: given, ...rest }, other) => ({
    ...rest,
    ...(given && (other === undefined || other.attributes) && { attributes: sorted(given) }),
  }),
  async read(caller, names) {
    const found = await everyItem(query => caller.groups.list({ query }))
    for (const { id, name } of found) names.groups.set(name, String(id))
    return found.map(one => ({
      ...{ id: String(one.id), content: asWritten(one) },
      ...((one.provider !== undefined || one.name === everybody) && { untouched: true as const }),
    }))
  },
  writes({ key: name, wanted, current }, names) {
    if (wanted === undefined) return current === undefined ? [] : [deletion(current.id)]
    const { description } = wanted
    const made: Write[] =
      current === undefined
        ? [
            {
              send: async caller =>
                names.groups.set(name, String((await caller.groups.create({ body: { name, description } })).id)),
            },
          ]
        : description === current.content.description
          ? []
          : [{ send: caller => caller.groups.update({ params: { id: current.id }, body: { description } }) }]
    const moves = attributesThatMove(
      current?.content.attributes ?? {},
      wanted.attributes ?? current?.content.attributes ?? {},
    )
    const params = () => ({ id: groupId(name, names) })
    return [
      ...made,
      ...attributeWrites(moves, {
        // Nobody is in a new one.
        shown: (change, what) => current && { change, group: Number(current.id), ...what },
        give: what => (caller, bound) => caller.groups.addAttribute({ params: { ...params(), ...what }, ...bound }),
        take: what => (caller, bound) => caller.groups.removeAttribute({ params: { ...params(), ...what }, ...bound }),
      }),
    ]
  },
  ...{ isGround: true, isOptional: true },
}

/** Built in. */
const everybody = 'All Users'

function deletion(id: string): Write {
  return {
    shown: { change: 'deleteGroup', group: Number(id) },
    send: (caller, bound) => caller.groups.remove({ params: { id }, ...bound }),
  }
}

/** Known by the time that it is needed. */
export function groupId(name: string, { groups: known }: Names): string {
  const id = known.get(name)
  if (id === undefined) throw new Refused(`there is no group ${name}`, 'add it to the files, or fix its name')
  return id
}

function asWritten({ name, description, attributes: given }: Group): GroupFile {
  return { name, description, attributes: localAttributes(given) }
}
