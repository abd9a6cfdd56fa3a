/** What the tests of the audit share: time that has passed for the ledger, comparisons on demand, and hands in AWS. */
import assert from 'node:assert/strict'
import { CreateAccessGrantCommand, DeleteAccessGrantCommand } from '@aws-sdk/client-s3-control'
import { sql } from 'kysely'
import { type Lake, person, quiet, register, until } from './reconcile-world.ts'

export type Drift = Awaited<ReturnType<Lake['server']['admin']['drift']['read']>>
export type Latest = NonNullable<Drift['latest']>

/** As if the ledger had last changed so long ago that lists must have noticed. */
export async function age({ server }: Lake): Promise<void> {
  await sql`update ledger set updated_at = updated_at - interval '10 minutes'`.execute(server.db.kysely)
  await sql`update stray_grant set removed_at = removed_at - interval '10 minutes'`.execute(server.db.kysely)
}

/** Asks for a comparison, and waits for its end. */
export async function compare(here: Lake, integration: string | number = here.integration): Promise<Latest> {
  const { admin } = here.server
  const params = { id: integration }
  const before = (await admin.drift.read({ params })).latest?.id ?? 0
  await admin.drift.resync({ params })
  return until('a comparison', async () => {
    const { latest, lastScan } = await admin.drift.read({ params })
    return latest !== undefined && latest.id > before && lastScan?.finishedAt !== undefined && latest
  })
}

/** `3 checked, 2 equal, 1 missing`: the counts that are not zero. */
export function told(report: Latest): string {
  const counts = ['checked', 'equal', 'missing', 'changed', 'orphans', 'foreign', 'unjudged'] as const
  return counts.flatMap(name => (report[name] > 0 ? [`${report[name]} ${name}`] : [])).join(', ')
}

/** `missing recreate`, once for each finding. */
export function found({ findings }: Latest): string[] {
  return findings.map(({ kind, done }) => `${kind} ${done}`).sort()
}

export function instanceOf({ server, account }: Lake) {
  return (
    server.sandbox.state.accounts.get(account.accountId)?.accessGrants.get(account.region) ?? assert.fail('no instance')
  )
}

/** These people on one data source, their grants in AWS for ten minutes; answers the data source. */
export async function settled(here: Lake, ...people: readonly string[]): Promise<number> {
  const id = await register(here, 's3://research-data/finance/*')
  for (const name of people) {
    const userId = await person(here, name)
    const body = { level: 'READ' as const, reason: 'needed' }
    await here.server.admin.dataSources.setMember({ params: { id, userId }, body })
  }
  await until('the grants', () => instanceOf(here).grants.size === people.length)
  await quiet(here)
  await age(here)
  return id
}

export function grantOf(here: Lake, name: string) {
  const grants = [...instanceOf(here).grants.values()]
  return grants.find(grant => grant.granteeIdentifier.endsWith(`/${name}`)) ?? assert.fail(`no grant of ${name}`)
}

export async function deleteByHand({ account }: Lake, id: string): Promise<void> {
  await account.owner.s3Control.send(new DeleteAccessGrantCommand({ AccountId: account.accountId, AccessGrantId: id }))
}

/** A grant made past Headgate; answers its id. */
export async function createByHand(
  here: Lake,
  name: string,
  options: { prefix?: string; location?: string; tags?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const { account } = here
  const { prefix = 'finance/*', location = [...instanceOf(here).locations.keys()][0], tags = {} } = options
  const made = await account.owner.s3Control.send(
    new CreateAccessGrantCommand({
      AccountId: account.accountId,
      AccessGrantsLocationId: location,
      AccessGrantsLocationConfiguration: { S3SubPrefix: prefix },
      Grantee: { GranteeType: 'IAM', GranteeIdentifier: `arn:aws:iam::${account.accountId}:user/${name}` },
      Permission: 'READ',
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  )
  return made.AccessGrantId ?? assert.fail('nothing was made')
}

export async function tenantOf({ server }: Lake): Promise<string> {
  return (await server.db.kysely.selectFrom('tenant').select('id').executeTakeFirstOrThrow()).id
}

/** To be called after grants were changed in the sandbox's state itself, which knows an index of them. */
export function reindex({ server }: Lake): void {
  const { applicationInUniqueness: is } = server.sandbox.unknowns
  server.sandbox.changeUnknowns({ applicationInUniqueness: !is })
}
