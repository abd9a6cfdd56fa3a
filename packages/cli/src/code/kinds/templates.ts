/** What requests are made by and decided by: agreements, request forms and review flows. No access hangs on them at once. */
import { api, type Caller } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from '../../refused.ts'
import { type Current, everyItem, type Kind, type Names, type Step } from '../kind.ts'

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

interface Calls<Content> {
  create(caller: Caller, content: Content): Promise<{ readonly id: number }>
  edit(caller: Caller, at: At, content: Content): Promise<unknown>
  remove(caller: Caller, at: At): Promise<unknown>
}
type At = ReturnType<typeof params>

const params = ({ id, version }: Current<unknown>) => ({ params: { id }, ifMatch: String(version) })

function written<Content>({ wanted, current, key }: Step<Content>, ids: Map<string, string>, calls: Calls<Content>) {
  const send = async (caller: Caller) => {
    if (wanted === undefined) return void (current && (await calls.remove(caller, params(current))))
    if (current !== undefined) return void (await calls.edit(caller, params(current), wanted))
    ids.set(key, String((await calls.create(caller, wanted)).id))
  }
  return [{ send }]
}

export const agreements: Kind<Agreement> = {
  ...{ name: 'agreements', one: 'agreement', item: api.agreements.create.body },
  keyOf: ({ name }) => name,
  async read(caller, names) {
    const found = await everyItem(query => caller.agreements.list({ query }))
    return read(found, names.agreements, ({ name, description, text }: Agreement) => ({ name, description, text }))
  },
  writes: (step, names) =>
    written(step, names.agreements, {
      create: (caller, body) => caller.agreements.create({ body }),
      edit: (caller, at, body) => caller.agreements.edit({ ...at, body }),
      remove: (caller, at) => caller.agreements.remove(at),
    }),
  isGround: true,
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
  writes: (step, names) =>
    written(step, names.requestForms, {
      create: (caller, wanted) => caller.requestForms.create({ body: formBody(wanted, names) }),
      edit: (caller, at, wanted) => caller.requestForms.edit({ ...at, body: formBody(wanted, names) }),
      remove: (caller, at) => caller.requestForms.remove(at),
    }),
  isGround: true,
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
  writes: (step, names) =>
    written(step, names.reviewFlows, {
      create: (caller, body) => caller.reviewFlows.create({ body }),
      edit: (caller, at, body) => caller.reviewFlows.edit({ ...at, body }),
      remove: (caller, at) => caller.reviewFlows.remove(at),
    }),
  isGround: true,
}
