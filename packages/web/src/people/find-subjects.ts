/** What a person, a group or a data source is found by, wherever one is picked. */
import { hg } from '../api.ts'
import type { Choosable } from './find-choice.tsx'

const most = 20

export async function findPeople(search: string): Promise<readonly Choosable[]> {
  const { items } = await hg.users.list({ query: { search, limit: most } })
  return items.map(({ id, name, userid }) => ({ id, name: name === userid ? name : `${name} (${userid})` }))
}

export async function findGroups(search: string): Promise<readonly Choosable[]> {
  return (await hg.groups.list({ query: { search, limit: most } })).items
}

export async function findDataSources(search: string): Promise<readonly Choosable[]> {
  return (await hg.dataSources.list({ query: { search, limit: most } })).items
}
