import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '@headgate/core/api'
import { badItems, type Item, lake, register } from './support/lake.ts'

test('items of a wrong shape are named with the others, each by its index and what is wrong', async t => {
  const { server, integrationId } = await lake(t)
  const items = [
    { dataSourceName: 'good', prefix: '/good/*' },
    { dataSourceName: 'no prefix' },
    { dataSourceName: '  ', prefix: '/blank/*', tags: ['a..b'] },
    'not an object',
    { dataSourceName: 'unknown', prefix: '/u/*', owner: 'ann' },
    { dataSourceName: 'nul', prefix: '/n/*', description: 'a\0b' },
    { dataSourceName: 'star', prefix: '/a*/b' },
    { dataSourceName: 'above', prefix: '/*' },
  ] as unknown as Item[]
  const error = await register(server.admin, integrationId, ...items).catch((reason: unknown) => reason)
  assert.ok(error instanceof ApiError)
  const found = error.body.items as { index: number; code: string; message: string }[]
  assert.deepEqual(
    found.map(({ index, code }) => `${index} ${code}`),
    [
      '1 request-invalid',
      '2 request-invalid',
      '3 request-invalid',
      '4 request-invalid',
      '5 request-invalid',
      '6 scope-wildcard',
      '7 data-source-overlap',
    ],
  )
  assert.match(found[0]?.message ?? '', /`prefix` invalid input: expected string/)
  assert.match(found[1]?.message ?? '', /`dataSourceName` .*; `tags\.0` must not have empty segments/)
  assert.match(found[3]?.message ?? '', /`owner` is not known here: remove it/)
  assert.equal((await server.admin.dataSources.list()).total, 0)
})

test('ten thousand bad items are all named; one item more is refused as a whole', { timeout: 60_000 }, async t => {
  const { server, integrationId } = await lake(t)
  const items = Array.from({ length: 10_000 }, (_, at) => ({ dataSourceName: `bad ${at}`, prefix: `/x*/${at}` }))
  const { status, items: found } = await badItems(register(server.admin, integrationId, ...items))
  assert.equal(status, 422)
  assert.deepEqual(
    found,
    items.map((_, at) => `${at} scope-wildcard`),
  )
  const more = [...items, { dataSourceName: 'one more', prefix: '/one-more/*' }]
  const refused = await badItems(register(server.admin, integrationId, ...more))
  assert.deepEqual(refused, { status: 422, code: 'request-invalid', items: [] })
})

test('a registration may be 32 MiB, any other body 1 MiB', async t => {
  const { server, integrationId } = await lake(t)
  const description = 'd'.repeat(4000)
  const items = Array.from({ length: 2000 }, (_, at) => ({
    dataSourceName: `s ${at}`,
    prefix: `/${at}/*`,
    description,
  }))
  assert.equal((await register(server.admin, integrationId, ...items)).length, 2000)
  const send = async (path: string, bytes: number) => {
    const headers = { 'content-type': 'application/json' }
    const response = await server.admin.send(path, { method: 'POST', headers, body: `"${'x'.repeat(bytes)}"` })
    return ((await response.json()) as { code: string }).code
  }
  assert.equal(await send('/native-s3/handler', 32 * 1024 * 1024), 'body-too-large')
  assert.equal(await send('/tags', 1024 * 1024), 'body-too-large')
})
