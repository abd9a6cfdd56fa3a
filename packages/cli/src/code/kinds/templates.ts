/** What requests are made by and decided by: agreements, request forms and review flows. No access hangs on them at once. */
import { api, type Caller } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from '../../refused.ts'
import { type Current, everyItem, type Kind, type Names } from '../kind.ts'

type Agreement = z.output<typeof api.agreements.create.body>
type Form = Omit<z.output<typeof api.requestForms.create.body>, 'agreements'> & { readonly agreements: string[] }
type Flow = z.output<typeof api.reviewFlows.create.body>

const formItem = z.strictObject({
  ...api.requestForms.create.body.shape,
  /** By name. */
  agreements: z.array(z.string()).max(20).default([]),
})

/** What the three have in common. */
interface Kept {
  readonly id: number
  readonly version: number
  readonly builtIn: boolean
  readonly name: string
}

function read<Content>(
  found: readonly Kept[],
  ids: Map<string, string>,
  contentOf: (one: never) => Content,
): Current<Content>[] {
  for (const { id, name } of found) ids.set(name, String(id))
  return found.map(one => ({
    ...{ id: String(one.id), version: one.version, content: contentOf(one as never) },
    ...(one.builtIn && { untouched: true as const }),
  }))
}

const params = ({ id, version }: Current<unknown>) => ({ params: { id }, ifMatch: String(version) })

export const agreements: Kind<Agreement> = {
  ...{ name: 'agreements', one: 'agreement', item: api.agreements.create.body },
  keyOf: ({ name }) => name,
  async read(caller, names) {
    const found = await everyItem(query => caller.agreements.list({ query }))
    return read(found, names.agreements, ({ name, description, text }: Agreement) => ({ name, description, text }))
  },
  async create(caller, body, names) {
    names.agreements.set(body.name, String((await caller.agreements.create({ body })).id))
  },
  change: async (caller, current, body) => void (await caller.agreements.edit({ ...params(current), body })),
  remove: async (caller, current) => void (await caller.agreements.remove(params(current))),
  effect: () => [],
}

export const requestForms: Kind<Form> = {
  ...{ name: 'requestForms', one: 'request form', item: formItem },
  keyOf: ({ name }) => name,
  async read(caller, names) {
    const found = await everyItem(query => caller.requestForms.list({ query }))
    const nameOf = (id: number) => [...names.agreements].find(([, known]) => known === String(id))?.[0] ?? String(id)
    return read(found, names.requestForms, ({ name, description, fields, duration, agreements: ids }: FormRead) => ({
      ...{ name, description, fields, duration, agreements: ids.map(nameOf) },
    }))
  },
  async create(caller, wanted, names) {
    const { id } = await caller.requestForms.create({ body: formBody(wanted, names) })
    names.requestForms.set(wanted.name, String(id))
  },
  change: async (caller, current, wanted, names) =>
    void (await caller.requestForms.edit({ ...params(current), body: formBody(wanted, names) })),
  remove: async (caller, current) => void (await caller.requestForms.remove(params(current))),
  effect: () => [],
}

type FormRead = Omit<Form, 'agreements'> & { readonly agreements: readonly number[] }

function formBody({ agreements: wanted, ...rest }: Form, names: Names) {
  const ids = wanted.map(name => {
    const id = names.agreements.get(name)
    if (id === undefined)
      throw new Refused(`the request form ${rest.name} asks for the agreement ${name}, which is not there`)
    return Number(id)
  })
  return { ...rest, agreements: ids }
}

export const reviewFlows: Kind<Flow> = {
  ...{ name: 'reviewFlows', one: 'review flow', item: api.reviewFlows.create.body },
  keyOf: ({ name }) => name,
  async read(caller: Caller, names) {
    const found = await everyItem(query => caller.reviewFlows.list({ query }))
    return read(found, names.reviewFlows, ({ name, description, rules, otherwise }: Flow) => ({
      ...{ name, description, rules, otherwise },
    }))
  },
  async create(caller, body, names) {
    names.reviewFlows.set(body.name, String((await caller.reviewFlows.create({ body })).id))
  },
  change: async (caller, current, body) => void (await caller.reviewFlows.edit({ ...params(current), body })),
  remove: async (caller, current) => void (await caller.reviewFlows.remove(params(current))),
  effect: () => [],
}
