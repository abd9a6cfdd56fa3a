import { api, type Policy as Read } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from '../../refused.ts'
import { everyItem, type Kind, type Names, said } from '../kind.ts'
import type { Write } from '../write.ts'

const { shape } = api.policies.create.body
const item = z.strictObject({
  ...shape,
  /** Conditions on an integration may name it. */
  appliesTo: z
    .custom<AppliesTo>(value => typeof value === 'object' && value !== null, 'must say what it applies to')
    .optional(),
  /** The name of the one data source that it is about. */
  dataSource: z.string().optional(),
})
type Policy = z.output<typeof item>
export type PolicyFile = Policy
type AppliesTo = Readonly<Record<string, unknown>>

export const policies: Kind<Policy> = {
  ...{ name: 'policies', one: 'policy', item },
  keyOf: ({ name }) => name,
  comparable: ({ acknowledge: _, appliesTo = { everything: true }, ...rest }) => ({ ...rest, appliesTo }),
  async read(caller, names) {
    const found = await everyItem(query => caller.policies.list({ query }))
    return found
      .filter(({ state }) => state !== 'archived')
      .map(one => ({
        ...{ id: String(one.id), version: one.version, content: asWritten(one, names) },
        ...(one.protected && { untouched: true as const }),
      }))
  },
  check({ key, wanted, current }) {
    if (wanted === undefined || current === undefined) return
    if (wanted.domain !== current.content.domain || wanted.dataSource !== current.content.dataSource)
      throw new Refused(
        `the policy ${key} stays of the reach that it was made with`,
        'give the other one a name of its own',
      )
  },
  writes({ wanted, current }, names) {
    if (current === undefined) return wanted === undefined ? [] : [creation(wanted, names)]
    const { id, version, content } = current
    if (wanted === undefined) {
      const call = { params: { id }, ifMatch: String(version) }
      const send: Write['send'] = (caller, bound) => caller.policies.remove({ ...call, ...bound })
      return [{ shown: { change: 'deletePolicy', id: Number(id) }, send }]
    }
    return changes({ id, version: Number(version) }, content, wanted, names)
  },
}

function creation(wanted: Policy, names: Names): Write {
  const send: Write['send'] = (caller, bound) => caller.policies.create({ body: asSent(wanted, names), ...bound })
  if (wanted.state !== 'active') return { send }
  // Its data source is not there before the plan is carried out.
  if (wanted.dataSource !== undefined && !names.dataSources.has(wanted.dataSource)) return { shown: 'untold', send }
  const { state, acknowledge, ...policy } = asSent(wanted, names)
  return { shown: { change: 'createPolicy', policy }, send }
}

/** Each write is of the version that the one before it left. */
function changes(
  { id, version }: { id: string; version: number },
  before: Policy,
  wanted: Policy,
  names: Names,
): Write[] {
  const params = { id }
  const { state, domain, dataSource, ...body } = asSent(wanted, names)
  const { acknowledge, ...policy } = body
  let now = version
  const edit: Write = {
    shown: { change: 'editPolicy', id: Number(id), policy },
    async send(caller, bound) {
      now = (await caller.policies.edit({ params, ifMatch: String(now), body, ...bound })).version
    },
  }
  const move: Write = {
    shown: { change: state === 'active' ? 'activatePolicy' : 'stagePolicy', id: Number(id) },
    send(caller, bound) {
      const call = { params, ifMatch: String(now), ...bound }
      return state === 'active'
        ? caller.policies.activate({ ...call, body: { acknowledge } })
        : caller.policies.stage(call)
    },
  }
  return [...(differs(before, wanted) ? [edit] : []), ...(state === before.state ? [] : [move])]
}

function differs(before: Policy, { state: _, acknowledge: __, ...after }: Policy): boolean {
  const { state, acknowledge, ...content } = before
  return JSON.stringify(sorted(content)) !== JSON.stringify(sorted({ appliesTo: { everything: true }, ...after }))
}

function asSent({ appliesTo, dataSource, ...rest }: Policy, names: Names) {
  const found = dataSource === undefined ? undefined : names.dataSources.get(dataSource)
  if (dataSource !== undefined && found === undefined)
    throw new Refused(`the policy ${rest.name} is about the data source ${dataSource}, which is not there`)
  const said = appliesTo && withIntegrations(appliesTo, name => idOf(name, names))
  return {
    ...rest,
    ...(said !== undefined && { appliesTo: said as z.output<typeof shape.appliesTo> & object }),
    ...(found !== undefined && { dataSource: Number(found) }),
  }
}

function asWritten(read: Read, { integrations }: Names): Policy {
  const { name, kind, level, who, subscribe, discoverable, description, domain, dataSource, state } = read
  const isOpen = read.warnings.some(({ code }) => code === 'open-by-absence')
  const nameOf = (id: unknown) => [...integrations].find(([, known]) => known === String(id))?.[0] ?? id
  return said({
    ...{ name, kind, level, who, subscribe, discoverable, description, domain },
    ...{ appliesTo: withIntegrations(read.appliesTo, nameOf), dataSource: dataSource?.name },
    // Whatever is active was accepted once.
    acknowledge: state === 'active' && isOpen ? ['open-by-absence'] : [],
    state: state === 'active' ? 'active' : 'staged',
  }) as Policy
}

function idOf(name: unknown, { integrations }: Names): unknown {
  if (typeof name === 'number') return name
  const id = integrations.get(String(name))
  if (id === undefined) throw new Refused(`a policy speaks of the integration ${String(name)}, which is not there`)
  return Number(id)
}

function withIntegrations(appliesTo: AppliesTo, convert: (integration: unknown) => unknown): AppliesTo {
  const converted = Object.entries(appliesTo).map(([how, conditions]) => [
    how,
    Array.isArray(conditions)
      ? conditions.map(one => ('integration' in one ? { integration: convert(one.integration) } : one))
      : conditions,
  ])
  return Object.fromEntries(converted)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  )
}
