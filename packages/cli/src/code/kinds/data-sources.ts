import { isReserved } from '@headgate/core'
import { api, type Caller, type HypotheticalChange, type DataSource as Read } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from '../../refused.ts'
import { everyItem, type Kind, type Names } from '../kind.ts'

const { each } = api.nativeS3.register.items
const item = z.strictObject({
  name: each.shape.dataSourceName,
  /** The integration's name. */
  integration: z.string(),
  /** Below the integration's location, as in a registration. */
  prefix: each.shape.prefix,
  description: each.shape.description.default(''),
  tags: each.shape.tags.default([]),
  /** Accept a star that does not follow a slash. */
  midSegment: each.shape.midSegment,
  /** Accept that this scope covers or lies inside another's. */
  allowOverlap: each.shape.allowOverlap,
})
type DataSource = z.output<typeof item>
export type DataSourceFile = DataSource

/** Owners and members stay as they are. Where it lies never changes: another place is another data source. */
export const dataSources: Kind<DataSource> = {
  ...{ name: 'dataSources', one: 'data source', item },
  keyOf: ({ name }) => name,
  comparable: ({ name, integration, prefix, description, tags }) => ({
    ...{ name, integration, prefix: withSlash(prefix), description },
    tags: tags.toSorted(),
  }),
  async read(caller, { dataSources: ids, integrations }) {
    const names = new Map([...integrations].map(([name, id]) => [id, name]))
    const found = await everyItem(query => caller.dataSources.list({ query: { ...query, state: 'active' } }))
    for (const { id, name } of found) ids.set(name, String(id))
    return found.map(one => ({ id: String(one.id), content: asWritten(one, names.get(one.integrationId) ?? '') }))
  },
  async create(caller, wanted, names) {
    const [made] = await caller.nativeS3.register({ body: registration(wanted, names) })
    if (made !== undefined) names.dataSources.set(wanted.name, String(made.dataSourceId))
  },
  async change(caller, { id, content }, wanted) {
    const params = { id }
    if (wanted.description !== content.description)
      await caller.dataSources.update({ params, body: { description: wanted.description } })
    const { added, removed } = tagsThatMove(content, wanted)
    if (added.length > 0) await caller.dataSources.addTags({ params, body: { tags: added } })
    if (removed.length > 0) await caller.dataSources.removeTags({ params, body: { tags: removed } })
  },
  /** Its grants are revoked and it may be restored: only people delete one for good. */
  remove: async (caller: Caller, { id }) => void (await caller.dataSources.remove({ params: { id } })),
  check({ key, wanted, current }) {
    if (wanted === undefined || current === undefined) return
    const { integration, prefix } = current.content
    if (wanted.integration !== integration || withSlash(wanted.prefix) !== withSlash(prefix))
      throw new Refused(
        `the data source ${key} lies at ${prefix} of ${integration}, and a data source never moves`,
        'give the new place a new name, or delete the data source first',
      )
  },
  effect({ do: what, wanted, current }, names): readonly HypotheticalChange[] {
    const dataSource = Number(current?.id)
    if (what === 'delete') return [{ change: 'disableDataSource', dataSource }]
    if (wanted === undefined) return []
    if (current === undefined) {
      const { integrationId, dataSources: items } = registration(wanted, names)
      return [{ change: 'registerDataSources', integrationId: Number(integrationId), dataSources: items }]
    }
    const { added, removed } = tagsThatMove(current.content, wanted)
    return [
      ...(added.length > 0 ? [{ change: 'addTags' as const, dataSource, tags: added }] : []),
      ...(removed.length > 0 ? [{ change: 'removeTags' as const, dataSource, tags: removed }] : []),
    ]
  },
}

function registration({ name, integration, ...said }: DataSource, { integrations }: Names) {
  const integrationId = integrations.get(integration)
  if (integrationId === undefined)
    throw new Refused(
      `the data source ${name} is of the integration ${integration}, which is not there`,
      'integrations hold secrets and are made by `headgate integration create`',
    )
  return { type: 'Native S3' as const, integrationId, dataSources: [{ dataSourceName: name, ...said }] }
}

function tagsThatMove(before: DataSource, after: DataSource) {
  return {
    added: after.tags.filter(tag => !before.tags.includes(tag)),
    removed: before.tags.filter(tag => !after.tags.includes(tag)),
  }
}

function asWritten({ name, prefix, description, tags }: Read, integration: string): DataSource {
  // Whatever is there was accepted once.
  return {
    name,
    integration,
    prefix,
    description,
    tags: tags.filter(tag => !isReserved(tag)),
    midSegment: true,
    allowOverlap: true,
  }
}

function withSlash(prefix: string): string {
  return prefix.replace(/^\/?/, '/')
}
