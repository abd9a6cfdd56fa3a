/** What the search of the whole finds: by the server's own searches, each asked only where it would answer. */
import { api, type User } from '@headgate/core/api'
import type { LinkProps } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { mayCall } from '../me.ts'
import { seesPolicies } from '../shell/screens.ts'

export interface Hit {
  readonly id: string
  readonly name: string
  readonly note?: string
  readonly link: LinkProps
}

export interface Hits {
  readonly kind: string
  readonly hits: readonly Hit[]
}

/** Of each kind. */
const most = 5

export async function findEverything(text: string, me: User, hasDomains: boolean): Promise<readonly Hits[]> {
  const query = { search: text.slice(0, 255), limit: most }
  const kinds: readonly (readonly [kind: string, isAsked: boolean, find: () => Promise<readonly Hit[]>])[] = [
    ['People', mayCall(me, api.users.list), () => people(query)],
    ['Data sources', true, () => dataSources(query)],
    ['Policies', seesPolicies(me, hasDomains), () => policies(query)],
    ['Data products', true, () => products(query)],
    ['Tags', true, () => tags(query)],
    ['Integrations', mayCall(me, api.integrations.list), () => integrations(text)],
  ]
  const asked = kinds.filter(([, isAsked]) => isAsked)
  const found = await Promise.allSettled(asked.map(([, , find]) => find()))
  // One that fails leaves the others; where none answers there is something to say.
  const [first] = found
  if (first?.status === 'rejected' && found.every(({ status }) => status === 'rejected')) throw first.reason
  return asked.flatMap(([kind], place) => {
    const answer = found[place]
    return answer?.status === 'fulfilled' && answer.value.length > 0 ? [{ kind, hits: answer.value }] : []
  })
}

interface Query {
  readonly search: string
  readonly limit: number
}

async function people(query: Query): Promise<readonly Hit[]> {
  const { items } = await hg.users.list({ query })
  return items.map(({ id, name, userid }) => ({
    id: `person ${id}`,
    name,
    note: userid,
    link: { to: '/people/$id', params: { id: String(id) } },
  }))
}

async function dataSources(query: Query): Promise<readonly Hit[]> {
  const { items } = await hg.dataSources.list({ query })
  return items.map(({ id, name, scope }) => ({
    id: `data source ${id}`,
    name,
    note: scope,
    link: { to: '/data-sources/$id', params: { id: String(id) } },
  }))
}

async function policies(query: Query): Promise<readonly Hit[]> {
  const { items } = await hg.policies.list({ query })
  return items.map(({ id, name, state }) => ({
    id: `policy ${id}`,
    name,
    note: state,
    link: { to: '/policies/$id', params: { id: String(id) } },
  }))
}

async function products(query: Query): Promise<readonly Hit[]> {
  const { items } = await hg.marketplace.list({ query })
  return items.map(({ id, name, domain }) => ({
    id: `product ${id}`,
    name,
    ...(domain !== undefined && { note: `in ${domain}` }),
    link: { to: '/marketplace/$id', params: { id } },
  }))
}

async function tags(query: Query): Promise<readonly Hit[]> {
  const { items } = await hg.tags.list({ query })
  return items.map(({ name, description }) => ({
    id: `tag ${name}`,
    name,
    note: description,
    link: { to: '/data-sources', search: { tag: name } },
  }))
}

/** There are few, so the server lists them whole. */
async function integrations(text: string): Promise<readonly Hit[]> {
  const all = await hg.integrations.list()
  const wanted = text.toLowerCase()
  return all
    .filter(({ config }) => `${config.name} ${config.awsAccountId}`.toLowerCase().includes(wanted))
    .slice(0, most)
    .map(({ id, config }) => ({
      id: `integration ${id}`,
      name: config.name,
      note: config.awsAccountId,
      link: { to: '/integrations/$id', params: { id } },
    }))
}
