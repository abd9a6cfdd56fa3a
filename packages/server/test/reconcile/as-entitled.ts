/**
 * What must hold once a fault is over, asked of the sandbox and not of Headgate: AWS gives everybody exactly what the facts
 * entitle them to, key by key, and the ledger tells of every grant there is, of none that there is not, and of none twice.
 *
 * Only what is held, by the brake or a mode, may give more.
 */
import assert from 'node:assert/strict'
import { deriveEntitlements, type Level, printScope } from '@headgate/core'
import { loadFacts } from '../support/facts.ts'
import type { Lake } from './reconcile-world.ts'

type Stored = Awaited<ReturnType<typeof ledgerOf>>[number]
type AwsGrant = ReturnType<typeof grantsIn>[number]

export async function assertAsEntitled(here: Lake): Promise<void> {
  const [ledger, held] = [await ledgerOf(here), grantsIn(here)]
  const live = ledger.filter(({ state }) => state !== 'revoked' && state !== 'abandoned')
  assertNoOrphan(live, held)
  assertNothingTwice(ledger, live, held)
  assertEachAsMeant(live, held)
  await assertReach(here, live, held)
}

/** No row speaks of a grant that AWS does not have, and AWS has none without a row. */
function assertNoOrphan(live: readonly Stored[], held: readonly AwsGrant[]): void {
  assert.deepEqual(
    live.map(row => row.aws_grant_id).sort(),
    held.map(({ id }) => id).sort(),
    'AWS and the ledger hold the same grants',
  )
  assert.deepEqual(
    live.filter(({ state }) => state !== 'active').map(({ state, error_code: code }) => ({ state, code })),
    [],
    'nothing is under way or failed',
  )
}

function assertNothingTwice(ledger: readonly Stored[], live: readonly Stored[], held: readonly AwsGrant[]): void {
  const once = (what: string, keys: readonly string[]) => {
    const twice = keys.filter((key, at) => keys.indexOf(key) !== at)
    if (new Set(keys).size < keys.length) assert.deepEqual(twice, [], what)
  }
  const known = ledger.flatMap(row => (row.aws_grant_id === null ? [] : [row.aws_grant_id]))
  once('a grant of AWS belongs to one row', known)
  once(
    'nobody has two grants in AWS on one scope',
    held.map(grant => `${grant.granteeIdentifier} ${grant.scope}`),
  )
  once(
    'nobody has two rows for one scope',
    live.map(row => `${row.grantee_id} ${scopeOf(row)}`),
  )
}

function assertEachAsMeant(live: readonly Stored[], held: readonly AwsGrant[]): void {
  const byId = new Map(held.map(grant => [grant.id, grant]))
  for (const row of live) {
    const { permission, granteeIdentifier, scope } = byId.get(row.aws_grant_id ?? '') ?? assert.fail('no such grant')
    assert.deepEqual([permission, granteeIdentifier, scope], [row.permission, row.grantee_id, scopeOf(row)])
  }
}

/** Everybody mapped, at a key of each data source's own: what AWS opens is what they are entitled to. */
async function assertReach({ server }: Lake, live: readonly Stored[], held: readonly AwsGrant[]): Promise<void> {
  const { facts, now } = await loadFacts(server.db)
  const scopes = new Map(facts.dataSources.map(({ id, scope }) => [id, printScope(scope)]))
  const entitled = Map.groupBy(deriveEntitlements(facts, now), ({ user }) => user)
  const kept = new Set(live.flatMap(row => (row.held === null ? [] : [row.aws_grant_id])))
  const opened = Map.groupBy(held, ({ granteeIdentifier }) => granteeIdentifier)
  for (const { user, identifier } of facts.principals) {
    const own = (entitled.get(user) ?? []).map(({ dataSource, level }): Opening => [scopes.get(dataSource)!, level])
    const grants = opened.get(identifier) ?? []
    for (const scope of scopes.values()) {
      const key = scope.endsWith('*') ? `${scope.slice(0, -1)}~` : scope
      const wanted = levelAt(own, key)
      const all = levelAt(grants.map(openingOf), key)
      const unheld = levelAt(grants.filter(({ id }) => !kept.has(id)).map(openingOf), key)
      const text = `${identifier} at ${key}: ${unheld} of AWS, ${all} with what is held, entitled to ${wanted}`
      assert.ok(unheld <= wanted && all >= wanted, text)
    }
  }
  const known = new Set(facts.principals.map(({ identifier }) => identifier))
  const strangers = held.filter(({ id, granteeIdentifier }) => !known.has(granteeIdentifier) && !kept.has(id))
  assert.deepEqual(strangers, [], 'grants of nobody')
}

type Opening = readonly [scope: string, level: Level]

function openingOf({ scope, permission }: AwsGrant): Opening {
  return [scope, permission === 'READ' ? 'READ' : 'WRITE']
}

/** 0 nothing, 1 READ, 2 WRITE. */
function levelAt(openings: readonly Opening[], key: string): number {
  return openings.reduce((highest, [scope, level]) => {
    const isOpen = scope.endsWith('*') ? key.startsWith(scope.slice(0, -1)) : key === scope
    return isOpen ? Math.max(highest, level === 'WRITE' ? 2 : 1) : highest
  }, 0)
}

function grantsIn({ server, account }: Lake) {
  const instance = server.sandbox.state.accounts.get(account.accountId)?.accessGrants.get(account.region)
  return [...(instance?.grants.values() ?? [])]
}

function ledgerOf({ server }: Lake) {
  return server.db.kysely.selectFrom('ledger').selectAll().execute()
}

function scopeOf({ bucket, key, kind }: Stored): string {
  return printScope({ bucket, key, kind })
}
