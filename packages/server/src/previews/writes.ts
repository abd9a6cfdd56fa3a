/**
 * What a hypothetical change would be as a write of the API, and the one canonical form in which two writes are compared.
 *
 * A preview rehearses these very writes, so nothing here says what a change does.
 */
import { createHash } from 'node:crypto'
import { api, type Endpoint, type HypotheticalChange } from '@headgate/core/api'

/** As a client would send it, before it is checked. */
export interface Write {
  readonly endpoint: Endpoint
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** Every acknowledgement is given: the write itself has to ask for it, a preview need not. */
const acknowledge = ['open-by-absence']

export function writeOf(one: HypotheticalChange): Write {
  const { policies, dataProducts, dataSources, domains, subscriptions, groups, users } = api
  switch (one.change) {
    case 'createPolicy':
      return { endpoint: policies.create, body: { ...one.policy, state: 'active', acknowledge } }
    case 'editPolicy':
      return { endpoint: policies.edit, params: { id: one.id }, body: { ...one.policy, acknowledge } }
    case 'activatePolicy':
      return { endpoint: policies.activate, params: { id: one.id }, body: { acknowledge } }
    case 'stagePolicy':
      return { endpoint: policies.stage, params: { id: one.id } }
    case 'archivePolicy':
      return { endpoint: policies.archive, params: { id: one.id } }
    case 'deletePolicy':
      return { endpoint: policies.remove, params: { id: one.id } }
    case 'restorePolicy':
      return { endpoint: policies.restore, params: { id: one.id }, body: { version: one.version, acknowledge } }
    case 'createTag':
      return { endpoint: api.tags.create, body: one.tag }
    case 'createDomain':
      return { endpoint: domains.create, body: one.domain }
    case 'addTags':
      return { endpoint: dataSources.addTags, params: { id: one.dataSource }, body: { tags: one.tags } }
    case 'removeTags':
      return { endpoint: dataSources.removeTags, params: { id: one.dataSource }, body: { tags: one.tags } }
    case 'changeTags': {
      const { dataSourceIds, add, remove } = one
      return { endpoint: dataSources.changeTags, body: { dataSourceIds, add, remove } }
    }
    case 'editDomain':
      return { endpoint: domains.edit, params: { name: one.domain }, body: { tags: one.tags } }
    case 'deleteDomain':
      return { endpoint: domains.remove, params: { name: one.domain } }
    case 'putIntoDomain':
      return { endpoint: domains.addDataSource, params: { name: one.domain, id: one.dataSource } }
    case 'takeOutOfDomain':
      return { endpoint: domains.removeDataSource, params: { name: one.domain, id: one.dataSource } }
    case 'selectPolicy':
      return { endpoint: subscriptions.select, params: { id: one.dataSource, policyId: one.policy } }
    case 'deselectPolicy':
      return { endpoint: subscriptions.deselect, params: { id: one.dataSource, policyId: one.policy } }
    case 'subscribe':
      return { endpoint: subscriptions.subscribe, params: { id: one.dataSource }, body: { level: one.level } }
    case 'unsubscribe': {
      const query = one.level === undefined ? {} : { level: one.level }
      return { endpoint: subscriptions.unsubscribe, params: { id: one.dataSource }, query }
    }
    case 'registerDataSources': {
      const { integrationId, dataSources: items } = one
      return { endpoint: api.nativeS3.register, body: { type: 'Native S3', integrationId, dataSources: items } }
    }
    case 'disableDataSource':
      return { endpoint: dataSources.remove, params: { id: one.dataSource } }
    case 'deleteDataSource':
      return { endpoint: dataSources.remove, params: { id: one.dataSource }, query: { hard: 'true' } }
    case 'restoreDataSource':
      return { endpoint: dataSources.restore, params: { id: one.dataSource } }
    case 'setMember': {
      const { dataSource: id, user: userId, group: groupId, level, until } = one
      const body = { level, ...(until === undefined ? {} : { until }), reason: 'a preview' }
      return groupId === undefined
        ? { endpoint: dataSources.setMember, params: { id, userId }, body }
        : { endpoint: dataSources.setGroupMember, params: { id, groupId }, body }
    }
    case 'removeMember': {
      const { dataSource: id, user: userId, group: groupId } = one
      return groupId === undefined
        ? { endpoint: dataSources.removeMember, params: { id, userId } }
        : { endpoint: dataSources.removeGroupMember, params: { id, groupId } }
    }
    case 'giveAttribute':
      return { endpoint: (one.group === undefined ? users : groups).addAttribute, params: attributeParams(one) }
    case 'takeAttribute':
      return { endpoint: (one.group === undefined ? users : groups).removeAttribute, params: attributeParams(one) }
    case 'addToGroup':
      return { endpoint: groups.addMember, params: { id: one.group, userId: one.user } }
    case 'removeFromGroup':
      return { endpoint: groups.removeMember, params: { id: one.group, userId: one.user } }
    case 'deleteGroup':
      return { endpoint: groups.remove, params: { id: one.group } }
    case 'disableUser':
      return { endpoint: users.update, params: { id: one.user }, body: { disabled: true } }
    case 'enableUser':
      return { endpoint: users.update, params: { id: one.user }, body: { disabled: false } }
    case 'deleteUser':
      return { endpoint: users.remove, params: { id: one.user } }
    case 'setPrincipals':
      return { endpoint: users.setPrincipals, params: { id: one.user }, body: one.principals }
    case 'editDataProduct':
      return { endpoint: dataProducts.edit, params: { id: one.id }, body: one.product }
    case 'putDataProduct':
      return { endpoint: dataProducts.putByKey, params: { key: one.key }, body: one.product }
    case 'restoreDataProduct':
      return { endpoint: dataProducts.restore, params: { id: one.id }, body: { version: one.version } }
    case 'publishDataProduct':
      return { endpoint: dataProducts.publish, params: { id: one.id } }
    case 'unpublishDataProduct':
      return { endpoint: dataProducts.unpublish, params: { id: one.id } }
    case 'deleteDataProduct': {
      const query = one.revoke ? { revoke: 'true' } : {}
      return { endpoint: dataProducts.remove, params: { id: one.id }, query }
    }
    case 'deleteIntegration': {
      const { dataSources, removeForeign } = one
      const query = { ...(dataSources && { dataSources }), ...(removeForeign && { removeForeign }) }
      return { endpoint: api.integrations.remove, params: { id: one.id }, query }
    }
  }
}

type Attributed = Extract<HypotheticalChange, { change: 'giveAttribute' | 'takeAttribute' }>

function attributeParams({ user, group, key, value }: Attributed) {
  return { id: group ?? user, key, value }
}

/** SHA-256 of what a checked write would do; what only says why it is made, or that it is meant, is left out. */
export function hashOfWrite(
  { method, path }: Endpoint,
  { params, query, body }: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
): Buffer {
  const parts = [method, path, canonical(params), canonical(query), canonical(body)]
  return createHash('sha256').update(JSON.stringify(parts), 'utf8').digest()
}

const sayingWhy: ReadonlySet<string> = new Set(['acknowledge', 'reason'])

/** Null where nothing is left. */
function canonical(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return inOrder(part ?? null)
  const said = Object.entries(part).filter(([key, value]) => value !== undefined && !sayingWhy.has(key))
  return said.length === 0 ? null : inOrder(Object.fromEntries(said))
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, inOrder(item)]))
}
