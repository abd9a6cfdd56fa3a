/** AWS identities of people and the advice on them: where each stands in AWS, as it was read last or as it is now. */
import { api, type PrincipalsOfUser, type RoomOfAccount } from '@headgate/core/api'
import { allowOnUser } from '../access/people.ts'
import { act } from '../db/act.ts'
import { usages } from '../db/capacity.ts'
import { listIntegrations } from '../db/integration.ts'
import type { Db } from '../db/open.ts'
import { confirmPrincipals } from '../db/principal.ts'
import { hastenChecks } from '../db/principal-check.ts'
import { accountsRead, advisedOf, listAdvised, shownPrincipals } from '../db/principal-view.ts'
import { getUser } from '../db/user-view.ts'
import { checkPerson } from '../directory/check-principals.ts'
import { mappingsOf } from '../directory/mapping.ts'
import { presentAdvice } from '../directory/principal-advice.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'
import { refuseSelf } from './users.ts'

export function principalRoutes(serve: Serve, world: World): void {
  const { db } = world

  serve(api.principals.read, async ({ params: { id }, caller }) => {
    await allowOnUser(caller, api.principals.read.needs, id)
    await getUser(db.kysely, id)
    return { body: await present(db.kysely, id) }
  })
  serve(api.principals.check, async ({ params: { id } }) => {
    await getUser(db.kysely, id)
    await checkPerson(world, id)
    return { body: await present(db.kysely, id) }
  })
  serve(api.principals.confirm, async ({ params: { id }, body, caller }) => {
    refuseSelf(caller, id, 'principals')
    const { sequence } = await act(db, caller, doing => confirmPrincipals(doing, id, body.identifier))
    return { body: await present(db.kysely, id), sequence }
  })

  serve(api.principalAdvice.list, async ({ query }) => {
    const page = await listAdvised(db.kysely, query)
    return { body: { ...page, items: await presentAdvice(db.kysely, page.items) } }
  })
  serve(api.principalAdvice.ofUser, async ({ params: { id }, caller }) => {
    await allowOnUser(caller, api.principalAdvice.ofUser.needs, id)
    await getUser(db.kysely, id)
    return { body: await presentAdvice(db.kysely, await advisedOf(db.kysely, id)) }
  })
  serve(api.principalAdvice.accounts, async () => ({ body: await db.snapshot(everyAccount) }))
  serve(api.principalAdvice.check, async () => {
    await hastenChecks(db.kysely, undefined, 0)
    return { body: undefined }
  })
}

async function present(db: Db['kysely'], id: number): Promise<PrincipalsOfUser> {
  const shown = (await shownPrincipals(db, [id]))(id)
  const folded = Map.groupBy(shown.principals, row =>
    JSON.stringify([row.kind, row.identifier, row.source, row.integration_id === null]),
  )
  return {
    principals: [...folded.values()].flatMap(([first, ...more]) => {
      if (!first) return []
      const integrationIds = [first, ...more].flatMap(row => row.integration_id ?? []).map(String)
      return [
        {
          kind: first.kind,
          identifier: first.identifier,
          ...(integrationIds.length === 0 ? {} : { integrationIds }),
          source: first.source,
          ...(first.unique_id === null ? {} : { uniqueId: first.unique_id }),
          ...(first.found_id === null ? {} : { waitingUniqueId: first.found_id }),
          ...(first.warning === null ? {} : { warning: first.warning }),
          ...(first.checked_at === null ? {} : { checkedAt: new Date(first.checked_at).toISOString() }),
        },
      ]
    }),
    notStored: shown.notStored.map(({ source, kind, identifier, problem }) => ({
      source,
      kind,
      identifier,
      reason: problem ?? '',
    })),
    integrations: mappingsOf(shown, await listIntegrations(db)),
  }
}

/** What AWS gives at most, raised or not. */
const mostRoles = 5000

async function everyAccount(tx: Parameters<typeof usages>[0]): Promise<RoomOfAccount[]> {
  const instances = Map.groupBy(await usages(tx), ({ accountId }) => accountId)
  const read = new Map((await accountsRead(tx)).map(row => [row.account_id, row]))
  return [...instances].map(([awsAccountId, places]) => {
    const row = read.get(awsAccountId)
    const known = row?.roles ?? undefined
    const quota = row?.roles_quota ?? mostRoles
    return {
      awsAccountId,
      ...(known === undefined ? {} : { roles: { used: known, of: quota, ...fullness(known, quota) } }),
      instances: places.map(({ region, grants }) => ({
        awsRegion: region,
        grants: { used: grants.used, of: grants.of },
      })),
      ...(row && known !== undefined ? { readAt: new Date(row.read_at).toISOString() } : {}),
      ...(row?.problem == null ? {} : { problem: row.problem }),
    }
  })
}

function fullness(used: number, of: number): { readonly percent: number; readonly warning?: string } {
  const percent = Math.round((used * 1000) / of) / 10
  if (percent < 80) return { percent }
  const next = of < mostRoles ? `ask AWS to raise the quota, up to ${mostRoles}` : 'there is no more room than that'
  const warning = `${used} of ${of} IAM roles are in use: ${next}; Identity Center users need no role of their own`
  return { percent, warning }
}
