/** What the tests of SCIM share: a server with a provider, and calls in the order in which a provider makes them. */
import assert from 'node:assert/strict'
import type { ScimMapping } from '@headgate/core/api'
import { sql } from 'kysely'
import { newKey } from '../../src/directory/new-key.ts'
import type { TestServer } from '../support/server.ts'

export type Told = { readonly [name: string]: unknown }

export interface ScimAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Told
}

export interface TestProvider {
  readonly name: string
  readonly token: string
  send(call: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<ScimAnswer>
}

export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
export const coreUser = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const coreGroup = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

export const mapping: ScimMapping = {
  attributes: [
    { path: `${enterprise}:department`, key: 'department' },
    { path: 'title', key: 'title' },
    { path: 'roles', key: 'role' },
  ],
  principal: { path: 'entitlements[type eq "aws"].value', kind: 'iamRole' },
}

export async function provider(
  server: TestServer,
  name: string,
  options: { readonly mapping?: ScimMapping; readonly groupPatterns?: readonly string[] } = {},
): Promise<TestProvider> {
  const keys = ['department', 'title', 'role']
  const patterns = options.groupPatterns ?? ['*']
  await sql`insert into identity_provider (name, look_alike, attribute_keys, group_patterns, scim)
    values (${name}, look_alike(${name}), ${keys}, ${patterns}, ${JSON.stringify(options.mapping ?? mapping)})`.execute(
    server.db.kysely,
  )
  const { key: token, hash } = newKey('hgs_')
  await sql`insert into scim_token (hash, provider) values (${hash}, ${name})`.execute(server.db.kysely)
  return { name, token, send: sender(server.url, token) }
}

export function sender(url: string, token: string): TestProvider['send'] {
  return async (call, body, headers = {}) => {
    const [method = '', path = ''] = call.split(/ (.*)/s)
    const answer = await fetch(`${url}/scim/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (text !== '') assert.match(answer.headers.get('content-type') ?? '', /^application\/scim\+json/)
    return { status: answer.status, headers: answer.headers, body: text === '' ? {} : (JSON.parse(text) as Told) }
  }
}

/** One call of a sequence: what is sent, and what of the answer matters. `{name}` stands for an id that was kept. */
export interface Step {
  readonly send: string
  readonly body?: unknown
  readonly status: number
  /** What the answer has at least; `absent` must not be there. */
  readonly answers?: unknown
  /** Keeps the id under this name. */
  readonly keep?: string
}

export const absent = Symbol('absent')

export async function play(provider: TestProvider, steps: readonly Step[]): Promise<ReadonlyMap<string, string>> {
  const ids = new Map<string, string>()
  const filled = <T>(value: T): T =>
    value === undefined
      ? value
      : (JSON.parse(JSON.stringify(value).replaceAll(/\{(\w+)\}/g, (all, name) => ids.get(name) ?? all)) as T)
  for (const { send, body, status, answers, keep } of steps) {
    const call = filled(send).replace(
      /filter=(.*?)(&[a-zA-Z]+=|$)/,
      (_, filter, rest) => `filter=${encodeURIComponent(filter)}${rest}`,
    )
    const answer = await provider.send(call, filled(body))
    assert.equal(answer.status, status, `${send} → ${JSON.stringify(answer.body)}`)
    if (keep !== undefined) ids.set(keep, String(answer.body.id))
    if (answers !== undefined) contains(answer.body, withIds(answers, ids), send)
  }
  return ids
}

function withIds(value: unknown, ids: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return value.replaceAll(/\{(\w+)\}/g, (all, name) => ids.get(name) ?? all)
  if (Array.isArray(value)) return value.map(one => withIds(one, ids))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withIds(one, ids)]))
}

/** Objects may have more, lists may not. */
export function contains(found: unknown, wanted: unknown, where: string): void {
  if (wanted === absent) assert.equal(found, undefined, where)
  else if (Array.isArray(wanted)) {
    assert.ok(Array.isArray(found) && found.length === wanted.length, `${where}: ${JSON.stringify(found)}`)
    for (const [at, one] of wanted.entries()) contains(found[at], one, `${where}[${at}]`)
  } else if (typeof wanted === 'object' && wanted !== null) {
    for (const [key, one] of Object.entries(wanted))
      contains((found as Told | undefined)?.[key], one, `${where}.${key}`)
  } else assert.deepEqual(found, wanted, where)
}
