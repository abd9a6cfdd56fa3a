import { api, type Caller } from '@headgate/core/api'
import { z } from 'zod'
import { type Current, everyItem, type Kind, said } from '../kind.ts'
import type { Write } from '../write.ts'

const item = z.strictObject({
  /** How files call it, for ever: the name may change. */
  key: api.dataProducts.putByKey.params.shape.key,
  ...api.dataProducts.putByKey.body.shape,
})
type DataProduct = z.output<typeof item>

/** One without a key was made by hand: files do not speak of it. */
export const dataProducts: Kind<DataProduct> = {
  ...{ name: 'dataProducts', one: 'data product', item },
  keyOf: ({ key }) => key,
  comparable: ({ state, dataSources, levels, expert, ...rest }, other) => ({
    ...rest,
    ...{ dataSources: dataSources.map(String).toSorted(), levels: levels.toSorted(), expert: expert && String(expert) },
    // What is not said stays as it is.
    ...(state !== undefined && other?.state !== undefined && { state }),
  }),
  async read(caller) {
    const found = await everyItem(query => caller.dataProducts.list({ query }))
    const keyed = found.filter(({ key, state }) => key !== undefined && state !== 'retired')
    return Promise.all(
      keyed.map(async ({ id, key = '' }) => {
        const read = await caller.dataProducts.get({ params: { id } })
        return { id, version: read.version, content: asWritten(key, read) }
      }),
    )
  },
  writes({ wanted, current }, names) {
    if (wanted === undefined) return current === undefined ? [] : [removal(current)]
    const { key, form, reviewFlow, ...rest } = wanted
    // Made by the same plan, and nothing that access hangs on.
    const product = said({
      ...rest,
      form: isThere(form, names.requestForms) ? form : undefined,
      reviewFlow: isThere(reviewFlow, names.reviewFlows) ? reviewFlow : undefined,
    }) as Body
    const { key: _, ...body } = wanted
    // Of a domain its data sources have to be in it first, and they may be put there once they are made.
    const isInside = wanted.domain === undefined || wanted.dataSources.every(one => isThere(one, names.dataSources))
    // So is its expert, where files speak of people.
    const isTold = isInside && (names.users.size === 0 || !wanted.expert || isThere(wanted.expert, names.users))
    return [
      {
        shown: isTold ? { change: 'putDataProduct', key, product } : 'untold',
        send: (caller, bound) => caller.dataProducts.putByKey({ params: { key }, body, ...bound }),
      },
    ]
  },
}

/** Part of every Headgate, and what stands where a product names none. */
const standard: ReadonlySet<string> = new Set(['Standard form', 'Standard review'])

type Body = z.output<typeof api.dataProducts.putByKey.body>

/** Refused while it has members: ending their access is for people to say. */
function removal({ id, version }: Current<DataProduct>): Write {
  const call = { params: { id }, ifMatch: String(version) }
  return {
    shown: { change: 'deleteDataProduct', id },
    send: (caller, bound) => caller.dataProducts.remove({ ...call, ...bound }),
  }
}

function isThere(name: string | number | undefined, known: ReadonlyMap<string, string>): boolean {
  return typeof name === 'number' || (name !== undefined && known.has(name))
}

type Read = Awaited<ReturnType<Caller['dataProducts']['get']>>

function asWritten(key: string, read: Read): DataProduct {
  const { name, domain, description, levels, colour, links, longest, withoutEnd, form, reviewFlow, state } = read
  return said({
    ...{ key, name, domain, description, levels, colour, links, longest, withoutEnd },
    ...{ dataSources: read.dataSources.map(one => one.name), expert: read.expert?.userid },
    ...{ form: standard.has(form.name) ? undefined : form.name },
    ...{ reviewFlow: standard.has(reviewFlow.name) ? undefined : reviewFlow.name },
    state,
  }) as DataProduct
}
