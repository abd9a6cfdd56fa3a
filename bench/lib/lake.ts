/** A whole server, its database and a sandbox each in a process of their own, connected; filled with people and data sources. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { sql } from 'kysely'
import { integrationBody } from '../../packages/server/test/support/aws-account.ts'
import { type TestServer, testServer } from '../../packages/server/test/support/server.ts'
import { type LakeProcess, program } from './lake-process.ts'

export interface BenchLake {
  readonly server: TestServer
  readonly sandbox: LakeProcess
  /** Tells of every request for a grant. */
  readonly process: ChildProcess
  readonly integration: string
  setFaults(faults: object): Promise<void>
  /** Calls that came in so far. */
  calls(operation: string): Promise<number>
  close(): Promise<void>
}

export async function connectedLake(people: number): Promise<BenchLake> {
  const child = fork(program, [String(people)])
  const [sandbox] = (await once(child, 'message')) as [LakeProcess]
  // No comparison with AWS in between: it is a question of its own.
  const environment = { HEADGATE_AWS_ENDPOINT: sandbox.url, HEADGATE_AUDIT_MINUTES: '0' }
  const server = await testServer({ environment })
  const { id } = await server.admin.integrations.create({ body: integrationBody(sandbox) })
  await server.world.background.idle()
  const { status, statusMessage } = await server.admin.integrations.get({ params: { id } })
  assert.equal(status, 'enabled', statusMessage)
  return {
    ...{ server, sandbox, process: child, integration: id },
    async setFaults(faults) {
      const answer = await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(faults) })
      assert.equal(answer.status, 200)
    },
    async calls(operation) {
      const counts = (await (await fetch(`${sandbox.url}/_sandbox/calls`)).json()) as Record<string, number>
      return counts[`s3control.${operation}`] ?? 0
    },
    async close() {
      await server.close()
      child.kill()
    },
  }
}

/** Before anything listens: `people` employees with an IAM user each, and `dataSources` prefixes side by side. */
export async function fill({ server, sandbox, integration }: BenchLake, people: number, dataSources: number) {
  const db = server.db.kysely
  await sql`insert into person (userid, name, kind)
    select 'person-' || n, 'Person', 'person' from generate_series(0, ${people - 1}::int) n`.execute(db)
  await sql`insert into principal (person_id, kind, identifier)
    select id, 'iamUser', ${`arn:aws:iam::${sandbox.accountId}:user/`} || userid from person
    where userid like 'person-%'`.execute(db)
  await sql`insert into person_attribute (person_id, key, value)
    select id, 'employee', 'yes' from person where userid like 'person-%'`.execute(db)
  await sql`insert into data_source (name, integration_id, account_id, region, prefix, bucket, key, kind, created_by)
    select 'source ' || n, ${Number(integration)}, ${sandbox.accountId}, ${sandbox.region}, 'source-' || n || '/*',
      'research-data', 'source-' || n || '/', 'prefix', (select min(id) from person)
    from generate_series(0, ${dataSources - 1}::int) n`.execute(db)
}
