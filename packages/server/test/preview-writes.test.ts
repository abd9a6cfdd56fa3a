/** Which writes can be previewed: the contract, the previews and the tokens speak of the same ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { api, type Endpoint, type HypotheticalChange } from '@headgate/core/api'
import { hashOfWrite, writeOf } from '../src/previews/writes.ts'

const content = {
  name: 'p',
  kind: 'grant' as const,
  level: 'READ' as const,
  appliesTo: { everything: true as const },
  who: { everyone: true as const },
  subscribe: 'automatic' as const,
  discoverable: false,
  description: '',
}
const product = { name: 'p', description: '', dataSources: [], levels: ['READ' as const], links: [], withoutEnd: false }
const attribute = { key: 'k', value: 'v' }

/** One of each kind. */
const changes: readonly HypotheticalChange[] = [
  { change: 'createPolicy', policy: content },
  { change: 'editPolicy', id: 1, policy: content },
  { change: 'activatePolicy', id: 1 },
  { change: 'stagePolicy', id: 1 },
  { change: 'archivePolicy', id: 1 },
  { change: 'deletePolicy', id: 1 },
  { change: 'restorePolicy', id: 1, version: 1 },
  { change: 'createTag', tag: { name: 'A', description: '' } },
  { change: 'createDomain', domain: { name: 'd', description: '', tags: [] } },
  { change: 'addTags', dataSource: 1, tags: ['A'] },
  { change: 'removeTags', dataSource: 1, tags: ['A'] },
  { change: 'changeTags', dataSourceIds: [1, 2], add: ['A'], remove: [] },
  { change: 'editDomain', domain: 'd', tags: ['A'] },
  { change: 'deleteDomain', domain: 'd' },
  { change: 'putIntoDomain', domain: 'd', dataSource: 1 },
  { change: 'takeOutOfDomain', domain: 'd', dataSource: 1 },
  { change: 'selectPolicy', dataSource: 1, policy: 1 },
  { change: 'deselectPolicy', dataSource: 1, policy: 1 },
  { change: 'subscribe', dataSource: 1, level: 'READ' },
  { change: 'unsubscribe', dataSource: 1 },
  { change: 'registerDataSources', integrationId: 1, dataSources: [{ dataSourceName: 'a', prefix: 's3://b/*' }] },
  { change: 'disableDataSource', dataSource: 1 },
  { change: 'deleteDataSource', dataSource: 1 },
  { change: 'restoreDataSource', dataSource: 1 },
  { change: 'setMember', dataSource: 1, user: 1, level: 'READ' },
  { change: 'setMember', dataSource: 1, group: 1, level: 'READ' },
  { change: 'removeMember', dataSource: 1, user: 1 },
  { change: 'removeMember', dataSource: 1, group: 1 },
  { change: 'giveAttribute', user: 1, ...attribute },
  { change: 'giveAttribute', group: 1, ...attribute },
  { change: 'takeAttribute', user: 1, ...attribute },
  { change: 'takeAttribute', group: 1, ...attribute },
  { change: 'addToGroup', group: 1, user: 1 },
  { change: 'removeFromGroup', group: 1, user: 1 },
  { change: 'deleteGroup', group: 1 },
  { change: 'disableUser', user: 1 },
  { change: 'enableUser', user: 1 },
  { change: 'deleteUser', user: 1 },
  { change: 'setPrincipals', user: 1, principals: [] },
  { change: 'editDataProduct', id: 'p1', product },
  { change: 'putDataProduct', key: 'p', product },
  { change: 'restoreDataProduct', id: 'p1', version: 1 },
  { change: 'publishDataProduct', id: 'p1' },
  { change: 'unpublishDataProduct', id: 'p1' },
  { change: 'deleteDataProduct', id: 'p1', revoke: true },
  { change: 'deleteIntegration', id: 1 },
]

test('exactly the routes that take `If-Preview` can be previewed', () => {
  const printed = ({ method, path }: Endpoint) => `${method} ${path}`
  const all = Object.values(api).flatMap(resource => Object.values<Endpoint>(resource))
  const taking = all.filter(one => one.ifPreview).map(printed)
  const previewed = new Set(changes.map(one => printed(writeOf(one).endpoint)))
  assert.deepEqual([...previewed].sort(), taking.sort())
})

test('every kind of change is a write of its own, whatever order it is said in and why', () => {
  const hash = (one: HypotheticalChange) => {
    const { endpoint, params, query, body } = writeOf(one)
    return hashOfWrite(endpoint, { params, query, body }).toString('hex')
  }
  assert.equal(new Set(changes.map(hash)).size, changes.length)
  const write = (body: object) => hashOfWrite(api.dataSources.setMember, { params: { id: 1 }, query: undefined, body })
  assert.deepEqual(write({ level: 'READ', reason: 'a' }), write({ reason: 'b', level: 'READ', until: undefined }))
  assert.notDeepEqual(write({ level: 'READ', reason: 'a' }), write({ level: 'WRITE', reason: 'a' }))
})
