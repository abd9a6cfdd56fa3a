import { isReserved } from '@headgate/core'
import { api, type DataSource as Read } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from '../../refused.ts'
import { type Current, everyItem, type Kind, type Names } from '../kind.ts'
import { registering, type Write } from '../write.ts'

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
/** Files speak of none that is disabled: to name one is to restore it. */
type DataSource = z.output<typeof item> & { readonly state?: 'disabled' }
export type DataSourceFile = DataSource

/** Owners and members stay as they are. Where it lies never changes: another place is another data source. */
export const dataSources: Kind<DataSource> = {
  ...{ name: 'dataSources', one: 'data source', item },
  keyOf: ({ name }) => name,
  comparable: ({ name, integration, prefix, description, tags, state = 'active' }) => ({
    ...{ name, integration, prefix: withSlash(prefix), description, state },
    tags: tags.toSorted(),
  }),
  async read(caller, { dataSources: ids, integrations }) {
    const names = new Map([...integrations].map(([name, id]) => [id, name]))
    const found = await everyItem(query => caller.dataSources.list({ query }))
    for (const { id, name } of found) ids.set(name, String(id))
    return found.map(one => ({
      ...{ id: String(one.id), content: asWritten(one, names.get(one.integrationId) ?? '') },
      ...(one.state === 'disabled' && { isOff: true as const }),
    }))
  },
  check({ key, wanted, current }) {
    if (wanted === undefined || current === undefined) return
    const { integration, prefix } = current.content
    if (wanted.integration !== integration || withSlash(wanted.prefix) !== withSlash(prefix))
      throw new Refused(
        `the data source ${key} lies at ${prefix} of ${integration}, and a data source never moves`,
        'give the new place a new name, or delete the data source first',
      )
  },
  writes({ wanted, current }, names) {
    if (current === undefined) return wanted === undefined ? [] : [registering(registration(wanted, names), names)]
    return wanted === undefined ? [disabling(current)] : changes(current, wanted)
  },
}

function disabling({ id }: Current<DataSource>): Write {
  const shown = { change: 'disableDataSource', dataSource: Number(id) } as const
  /** Its grants are revoked and it may be restored: only people delete one for good. */
  return { shown, send: (caller, bound) => caller.dataSources.remove({ params: { id }, ...bound }) }
}

function changes({ id, content }: Current<DataSource>, wanted: DataSource): Write[] {
  const [params, dataSource] = [{ id }, Number(id)]
  const { added, removed } = tagsThatMove(content, wanted)
  const { description } = wanted
  const all: readonly (readonly [boolean, Write])[] = [
    [
      content.state === 'disabled',
      {
        shown: { change: 'restoreDataSource', dataSource },
        send: (caller, bound) => caller.dataSources.restore({ params, ...bound }),
      },
    ],
    [
      description !== content.description,
      { send: caller => caller.dataSources.update({ params, body: { description } }) },
    ],
    [
      added.length > 0,
      {
        shown: { change: 'addTags', dataSource, tags: added },
        send: (caller, bound) => caller.dataSources.addTags({ params, body: { tags: added }, ...bound }),
      },
    ],
    [
      removed.length > 0,
      {
        shown: { change: 'removeTags', dataSource, tags: removed },
        send: (caller, bound) => caller.dataSources.removeTags({ params, body: { tags: removed }, ...bound }),
      },
    ],
  ]
  return all.filter(([isNeeded]) => isNeeded).map(([, write]) => write)
}

function registration({ name, integration, ...said }: DataSource, { integrations }: Names) {
  const integrationId = integrations.get(integration)
  if (integrationId === undefined)
    throw new Refused(
      `the data source ${name} is of the integration ${integration}, which is not there`,
      'integrations hold secrets and are made by `headgate integration create`',
    )
  const dataSources = [{ dataSourceName: name, ...said }]
  return { change: 'registerDataSources' as const, integrationId: Number(integrationId), dataSources }
}

function tagsThatMove(before: DataSource, after: DataSource) {
  return {
    added: after.tags.filter(tag => !before.tags.includes(tag)),
    removed: before.tags.filter(tag => !after.tags.includes(tag)),
  }
}

function asWritten({ name, prefix, description, tags, state }: Read, integration: string): DataSource {
  // Whatever is there was accepted once.
  return {
    name,
    integration,
    prefix,
    description,
    tags: tags.filter(tag => !isReserved(tag)),
    midSegment: true,
    allowOverlap: true,
    ...(state === 'disabled' && { state }),
  }
}

function withSlash(prefix: string): string {
  return prefix.replace(/^\/?/, '/')
}
