/**
 * A member added over HTTP to the request for the grant arriving at AWS, PostgreSQL's commits included: in a warm server
 * with 100,000 people, as many grants, and nothing else to do. The same for a request for a data product that is approved over
 * HTTP, and for a membership alone, as an approval stores it. Beside them one bare call of the SDK, there and back.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateAccessGrantCommand } from '@aws-sdk/client-s3-control'
import { sql } from 'kysely'
import { act, system } from '../packages/server/src/db/act.ts'
import { insertKey } from '../packages/server/src/db/api-key.ts'
import { lastSequence } from '../packages/server/src/db/fact-change.ts'
import { findIntegration } from '../packages/server/src/db/integration.ts'
import { newKey } from '../packages/server/src/directory/new-key.ts'
import { addMembership } from '../packages/server/src/market/memberships.ts'
import { setTaggedSources } from '../packages/server/src/market/tagged-sources.ts'
import { startChangeLoop } from '../packages/server/src/reconcile/change-loop.ts'
import { storeProduct } from '../packages/server/test/support/products.ts'
import { personAt, type TestPerson, type TestServer } from '../packages/server/test/support/server.ts'
import { type BenchLake, connectedLake, fill } from './lib/lake.ts'
import { type Arrival, microseconds, userName } from './lib/lake-process.ts'
import { randomOf } from './lib/random.ts'
import { type Bench, spreadOf } from './lib/report.ts'

export async function measure(smoke: boolean): Promise<Bench> {
  const [people, dataSources, additions, products] = smoke ? [500, 10, 5, 2] : [100_000, 1000, 400, 100]
  const lake = await connectedLake(people)
  try {
    await fill(lake, people, dataSources)
    const grants = await settle(lake, dataSources)
    await publish(lake, products)
    await lake.server.world.index.start()
    const loop = await startChangeLoop(lake.server.world)
    try {
      await quiet(lake)
      assert.equal(await lake.calls('CreateAccessGrant'), 0, 'every grant is there')
      const given = { people, dataSources, products, additions, warmUp: smoke ? 1 : 40 }
      const { asked, answered, decided, approved, bare } = await add(lake, given)
      const of = (name: string, values: readonly number[], reach?: number) => {
        const { median, p99, min, max } = spreadOf(values)
        const figure = (what: string, value: number) => {
          return { name: `${name}: ${what}`, value, unit: 'ms', better: 'lower' as const }
        }
        return [
          { ...figure('p99', p99), ...(reach === undefined ? {} : { reach }) },
          ...[figure('median', median), figure('fastest', min), figure('slowest', max)],
        ]
      }
      return {
        settings: { people, dataSources, products, grants, additions, policies: 12 },
        figures: [
          ...of('member added to CreateAccessGrant at AWS', asked, smoke ? undefined : 250),
          ...of('member added to its answer', answered),
          ...of('request approved over HTTP to CreateAccessGrant at AWS', decided, smoke ? undefined : 250),
          ...of('membership stored to CreateAccessGrant at AWS', approved, smoke ? undefined : 250),
          ...of('bare SDK call, there and back', bare),
        ],
      }
    } finally {
      await loop.stop()
    }
  } finally {
    await lake.close()
  }
}

/** A person in ten is a contractor, whom the guardrail keeps out. */
const isContractor = (person: number) => person % 10 === 9

/** A team for each data source, policies for teams and countries, a guardrail over everything; all grants made long ago. */
async function settle({ server, integration, sandbox }: BenchLake, teams: number): Promise<number> {
  const db = server.db.kysely
  const numbered = sql`(select id, split_part(userid, '-', 2)::int as n from person where userid like 'person-%') p`
  for (const [key, value] of [
    ['team', sql`'team-' || n % ${teams}::int`],
    ['country', sql`'country-' || n % 10`],
    ['kind', sql`case when n % 10 = 9 then 'contractor' else 'staff' end`],
    ['site', sql`'site-' || n % 200`],
    ['cost-centre', sql`'cc-' || n % 500`],
  ] as const)
    await sql`insert into person_attribute (person_id, key, value) select id, ${key}, ${value} from ${numbered}`.execute(
      db,
    )
  await sql`insert into tag (name) select 'team-' || n from generate_series(0, ${teams - 1}::int) n`.execute(db)
  await sql`insert into data_source_tag (data_source_id, tag)
    select id, 'team-' || split_part(name, ' ', 2) from data_source`.execute(db)

  const everything = { everything: true as const }
  const some = { level: 'READ' as const, appliesTo: everything, state: 'active' as const }
  const { id, version } = await server.admin.policies.create({
    body: { ...some, name: 'teams', kind: 'grant', who: { when: "@hasTagAsAttribute('team', 'dataSource')" } },
  })
  await server.admin.policies.create({
    body: {
      ...some,
      name: 'no contractors',
      kind: 'guardrail',
      who: { when: "@hasAttribute('employee', 'yes') AND NOT @hasAttribute('kind', 'contractor')" },
    },
  })
  // Of people who are nowhere, so that they are looked at and give nothing.
  for (let n = 0; n < 10; n += 1) {
    const when = `@hasAttribute('country', 'country-${n}') AND @hasAttribute('site', 'nowhere')`
    await server.admin.policies.create({ body: { ...some, name: `country ${n}`, kind: 'grant', who: { when } } })
  }

  const because = JSON.stringify([{ kind: 'policy', id, version, level: 'READ' }])
  await sql`insert into leadership (integration_id, epoch) values (${Number(integration)}, 1)
    on conflict (integration_id) do nothing`.execute(db)
  const { numAffectedRows } = await sql`insert into ledger (integration_id, data_source_id, person_id, grantee_type,
      grantee_id, bucket, key, kind, permission, state, aws_grant_id, because, cause, epoch, active_at, updated_at)
    select ${Number(integration)}, d.id, p.id, 'IAM',
      ${`arn:aws:iam::${sandbox.accountId}:user/person-`} || p.n, d.bucket, d.key, d.kind, 'READ', 'active',
      gen_random_uuid(), ${because}::jsonb, 'filled', 1, now() - interval '1 hour', now() - interval '1 hour'
    from ${numbered} join data_source d on d.name = 'source ' || p.n % ${teams}::int
    where p.n % 10 <> 9`.execute(db)
  await sql`analyze`.execute(db)
  return Number(numAffectedRows)
}

/** A product for each of the first data sources; nobody is in them yet. */
async function publish({ server: { db } }: BenchLake, products: number): Promise<void> {
  const { rows } = await sql<{ id: number }>`select id from data_source
    order by split_part(name, ' ', 2)::int limit ${products}`.execute(db.kysely)
  for (const [n, { id }] of rows.entries()) {
    await storeProduct(db, { id: `product${n}` })
    const tagged = { dataSources: [id], levels: ['READ' as const] }
    await act(db, system, doing => setTaggedSources(doing, `product${n}`, tagged, 'product-published'))
  }
}

/** All that was said has been followed to its end. */
async function quiet({ server }: BenchLake): Promise<void> {
  const last = await lastSequence(server.db)
  const isQuiet = async () => {
    const { rows } = await sql<{ is: boolean }>`select min(checkpoint) >= ${last} and not exists (
      select 1 from ledger where state in ('intended', 'creating', 'revoking')) as is from leadership`.execute(
      server.db.kysely,
    )
    return rows[0]?.is === true
  }
  while (!(await isQuiet())) await sleep(20)
}

interface Additions {
  readonly people: number
  readonly dataSources: number
  /** Each of them tags the data source of its number. */
  readonly products: number
  readonly additions: number
  /** So many more before, which do not count. */
  readonly warmUp: number
}

async function add(lake: BenchLake, { people, dataSources, products, additions, warmUp }: Additions) {
  const { server, sandbox, integration } = lake
  const random = randomOf(3)
  const { rows: ids } = await sql<{ id: number }>`
    select id from person where userid like 'person-%' order by split_part(userid, '-', 2)::int`.execute(
    server.db.kysely,
  )
  const { rows: sources } = await sql<{ id: number }>`
    select id from data_source order by split_part(name, ' ', 2)::int`.execute(server.db.kysely)
  const row = await findIntegration(server.db.kysely, Number(integration))
  assert.ok(row)
  const { s3Control } = server.world.aws.of(row)

  const taken = new Set<number>()
  function nobodyYet(): number {
    const n = random.below(people)
    if (taken.has(n) || isContractor(n)) return nobodyYet()
    taken.add(n)
    return n
  }
  const arrival = async () => ((await once(lake.process, 'message')) as [Arrival])[0].at

  const governor = await server.as(['GOVERNANCE'], 'governor')
  const [asked, answered]: [number[], number[]] = [[], []]
  const [decided, approved, bare]: [number[], number[], number[]] = [[], [], []]
  for (let at = 0; at < additions + warmUp; at += 1) {
    const n = nobodyYet()
    // Of another team, so that there is no grant yet.
    const source = sources[(n + 1 + random.below(dataSources - 1)) % dataSources]!.id
    const arrived = arrival()
    const begun = microseconds()
    await server.admin.dataSources.setMember({
      params: { id: source, userId: ids[n]!.id },
      body: { level: 'READ', reason: 'a project' },
    })
    const answeredAt = microseconds()
    const arrivedAt = await arrived
    await quiet(lake)

    const productFor = (person: number) =>
      `product${((person % dataSources) % products === at % products ? at + 1 : at) % products}`
    const asker = nobodyYet()
    const request = await ask(server, { id: ids[asker]!.id, userid: userName(asker) }, productFor(asker))
    const decisionArrived = arrival()
    const decidedAt = microseconds()
    await governor.requests.decide({ params: { id: request }, body: { verdict: 'approve' } })
    const decidedMs = ((await decisionArrived) - decidedAt) / 1000
    await quiet(lake)

    const next = nobodyYet()
    const approvalArrived = arrival()
    const approvedAt = microseconds()
    await act(server.db, system, doing =>
      addMembership(doing, { product: productFor(next), person: ids[next]!.id, level: 'READ' }),
    )
    const approvedMs = ((await approvalArrived) - approvedAt) / 1000
    await quiet(lake)

    const bareArrived = arrival()
    const bareBegun = microseconds()
    await s3Control.send(
      new CreateAccessGrantCommand({
        AccountId: sandbox.accountId,
        AccessGrantsLocationId: row.aws_location_id ?? '',
        AccessGrantsLocationConfiguration: { S3SubPrefix: `bare-${at}/*` },
        Grantee: {
          GranteeType: 'IAM',
          GranteeIdentifier: `arn:aws:iam::${sandbox.accountId}:user/${userName(n)}`,
        },
        Permission: 'READ',
        Tags: [{ Key: 'made-by', Value: 'hand' }],
      }),
    )
    const bareMs = (microseconds() - bareBegun) / 1000
    await bareArrived
    if (at < warmUp) continue
    asked.push((arrivedAt - begun) / 1000)
    decided.push(decidedMs)
    approved.push(approvedMs)
    answered.push((answeredAt - begun) / 1000)
    bare.push(bareMs)
  }
  return { asked, answered, decided, approved, bare }
}

/** As the person themselves, with a key of their own. @returns the request's id */
async function ask(
  { db, url }: TestServer,
  person: Pick<TestPerson, 'id' | 'userid'>,
  product: string,
): Promise<number> {
  const { key, hash } = newKey()
  await act(db, system, ({ tx }) =>
    insertKey(tx, { person: person.id, name: 'bench', hash, permissions: null, expiresAt: null, openedBy: null }),
  )
  const { id } = await personAt(url, { ...person, key }).requests.askForProduct({
    params: { id: product },
    body: { answers: { purpose: 'a report' }, duration: '30d' },
  })
  return id
}
