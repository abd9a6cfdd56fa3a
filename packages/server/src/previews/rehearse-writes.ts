/**
 * Writes done by the very code of their routes, one after the other, and taken back: what each would change.
 *
 * Whoever may not make a write may not preview it, and what the write would be refused for, its preview is refused for;
 * only GOVERNANCE previews what others may do. AWS is asked what the writes ask it, and never told anything.
 */
import type { EntitlementIndex, UserId } from '@headgate/core'
import { type Endpoint, permissions } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { versionOfProduct } from '../db/data-product.ts'
import type { UnstoredChange } from '../db/open.ts'
import { findPolicy } from '../db/policy.ts'
import { rehearse } from '../db/rehearsal.ts'
import { dataProductRoutes } from '../http/data-products.ts'
import { dataSourceRoutes } from '../http/data-sources.ts'
import { domainRoutes } from '../http/domains.ts'
import { groupRoutes } from '../http/groups.ts'
import { integrationRoutes } from '../http/integrations.ts'
import { nativeS3Routes } from '../http/native-s3.ts'
import { parseRequest } from '../http/parse.ts'
import { policyRoutes } from '../http/policies.ts'
import { type Caller, needPermission, type Serve } from '../http/serve.ts'
import { subscriptionRoutes } from '../http/subscriptions.ts'
import { tagRoutes } from '../http/tags.ts'
import { userRoutes } from '../http/users.ts'
import { realChanges } from '../live-index/apply.ts'
import { newsOf, type Unstored } from '../live-index/news.ts'
import type { World } from '../world.ts'
import { hashOfWrite, type Write } from './writes.ts'

export interface Rehearsed {
  readonly hash: Buffer
  /** What it changes, to be asked for while the writes before it are in the index. */
  readonly changes: (index: EntitlementIndex) => ReturnType<typeof realChanges>
}

/** The routes of all writes that can be previewed. */
const routes = [
  policyRoutes,
  dataProductRoutes,
  dataSourceRoutes,
  tagRoutes,
  domainRoutes,
  subscriptionRoutes,
  nativeS3Routes,
  userRoutes,
  groupRoutes,
  integrationRoutes,
]

/**
 * @param look called while the writes are done: what they touch stays as it is until the answer
 * @throws Problem as the writes would
 */
export async function rehearseWrites<T>(
  world: World,
  caller: Caller,
  writes: readonly Write[],
  look: (steps: readonly Rehearsed[]) => Promise<T>,
): Promise<T> {
  const { principalOwners } = await world.index.fresh()
  const newOwners = new Map<number, UserId>()
  const owners = { get: (id: number) => newOwners.get(id) ?? principalOwners.get(id) }
  const said: UnstoredChange[] = []
  return rehearse(
    world.db,
    changes => void said.push(...changes),
    async (within, tx) => {
      const handlers = handlersOf({ ...world, db: within, background: idle })
      const steps: Rehearsed[] = []
      for (const write of writes) {
        const parsed = await checked(tx, write)
        if (!caller.permissions.has('GOVERNANCE')) needPermission(caller, write.endpoint)
        await handlers.get(write.endpoint)?.({ ...parsed, caller: inRehearsal(caller) })
        const news = await newsIn(tx, owners, said.splice(0))
        for (const { id, principal } of news.rows.principals ?? []) newOwners.set(id, principal.user)
        steps.push({ hash: hashOfWrite(write.endpoint, parsed), changes: index => realChanges(index, news) })
      }
      return look(steps)
    },
  )
}

/** What changes that are not stored yet were about, as their transaction sees it. */
export async function newsIn(
  tx: Tx,
  principalOwners: Parameters<typeof newsOf>[1],
  changes: readonly UnstoredChange[],
): Promise<Unstored> {
  const news = await newsOf(tx, principalOwners, changes)
  if (!news) throw new Error('changes that the index does not understand')
  return news
}

type Handler = (call: object) => Promise<unknown>

function handlersOf(world: World): ReadonlyMap<Endpoint, Handler> {
  const handlers = new Map<Endpoint, Handler>()
  const serve: Serve = (endpoint, handle) => {
    handlers.set(endpoint, call => handle(call as Parameters<typeof handle>[0]))
  }
  for (const addRoutes of routes) addRoutes(serve, world)
  return handlers
}

async function checked(tx: Tx, { endpoint, params = {}, query = {}, body }: Write) {
  // Whatever version it has now: what matters is what is changed, not what was read.
  const ifMatch = endpoint.ifMatch ? String(await versionNow(tx, endpoint, params.id)) : undefined
  return parseRequest(endpoint, { params, query, body, ifMatch })
}

/** Of the policy or data product; 0 where there is none, which its route refuses by itself. */
async function versionNow(tx: Tx, { path }: Endpoint, id: unknown): Promise<number> {
  if (path.startsWith('/data-products/')) return (await versionOfProduct(tx, String(id))) ?? 0
  return (await findPolicy(tx, Number(id)))?.version ?? 0
}

/** A governor sees what user admins and others could do; who it is stays, since nobody changes themselves. */
function inRehearsal(caller: Caller): Caller {
  return caller.permissions.has('GOVERNANCE') ? { ...caller, permissions: new Set(permissions) } : caller
}

const idle: World['background'] = { run: () => {}, idle: async () => {}, close: async () => {} }
