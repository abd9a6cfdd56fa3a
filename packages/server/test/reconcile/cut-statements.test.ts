/**
 * kill -9 at every statement that writes and every call of AWS, in a process of its own: of provisioning, of the brake, of a
 * comparison with AWS and of an edit of the integration, all at once. The next server makes everything as it should be.
 *
 * The boundaries are found by letting one process tell of them. `npm test` tries some, drawn by HEADGATE_SEED; the long run
 * tries all, HEADGATE_CUT_AT=text those that contain it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CreateRoleCommand } from '@aws-sdk/client-iam'
import { findIntegration } from '../../src/db/integration.ts'
import { resumeIntegrations } from '../../src/integrations/lifecycle.ts'
import { trust } from '../support/aws-account.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { age, compare, createByHand, deleteByHand, instanceOf, tenantOf, told } from './audit-world.ts'
import { inAws, type Lake, lake, person, quiet, register, until } from './reconcile-world.ts'

const isLong = Boolean(process.env.HEADGATE_TEST_LONG)
const seed = Number(process.env.HEADGATE_SEED ?? 1)
const only = process.env.HEADGATE_CUT_AT
const some = 4
/** Who was killed is given up sooner than usual. */
const impatient = { callTimeoutMs: 50, leaseMs: 2000 }
const program = fileURLToPath(new URL('statement-process.ts', import.meta.url))

test('killed at any statement or call: nothing is lost, doubled or forgotten', {
  timeout: isLong ? 1_800_000 : 120_000,
}, async t => {
  const here = await lake(t)
  const story = await beginStory(here)
  const boundaries = new Set<string>()
  await story.play(program => {
    program.on('message', boundary => boundaries.add(String(boundary)))
  })
  const all = [...boundaries].sort()
  // Each step of the story has left its mark.
  for (const part of ['accessgrantsinstance/grant', 'insert into ledger', 'drift_report', 'audit_event', 'location'])
    assert.ok(
      all.some(one => one.includes(part)),
      `${part} in\n${all.join('\n')}`,
    )
  const tried = only === undefined ? (isLong ? all : drawn(all)) : all.filter(one => one.includes(only))
  let met = 0
  for (const boundary of tried) {
    try {
      if ((await story.play(() => {}, boundary)) === 'killed') met += 1
    } catch (cause) {
      throw new Error(`killed at \`${boundary}\``, { cause })
    }
  }
  t.diagnostic(`${all.length} boundaries, ${tried.length} tried, ${met} met; HEADGATE_SEED=${seed}`)
  assert.ok(met >= tried.length / 2)
})

function drawn(all: readonly string[]): string[] {
  const step = Math.max(1, Math.floor(all.length / some))
  return all.filter((_, at) => at % step === seed % step).slice(0, some)
}

/** People who stay, a grant that somebody removes by hand each time, and a loop that is well while nobody plays. */
async function beginStory(here: Lake) {
  const { admin, world } = here.server
  const people = new Map<string, number>()
  for (const name of ['ann', 'bob', 'cy', 'di', 'eve', 'fay', 'gus']) people.set(name, await person(here, name))
  const stable = await register(here, 's3://research-data/stable/*')
  const set = (id: number, name: string, level: 'READ' | 'WRITE') => {
    const params = { id, userId: people.get(name) ?? 0 }
    return admin.dataSources.setMember({ params, body: { level, reason: 'needed' } })
  }
  await set(stable, 'gus', 'READ')
  await admin.restraint.setBrake({ params: { id: here.integration }, body: { revocations: 0, percent: 0 } })
  const { Role } = await here.account.owner.iam.send(
    new CreateRoleCommand({ RoleName: 'second', AssumeRolePolicyDocument: trust }),
  )
  const roles = [here.account.locationRole, Role?.Arn ?? '']
  let plays = 0
  let loop = await here.start(impatient)

  /** Answers how the process ended. */
  async function play(watch: (program: ChildProcess) => void, boundary?: string): Promise<'killed' | 'done'> {
    plays += 1
    const scope = `s3://research-data/cut-${plays}/*`
    const id = await register(here, scope)
    for (const name of ['ann', 'bob']) await set(id, name, 'READ')
    const project = { key: 'project', value: `cut-${plays}` }
    const staff = [people.get('eve') ?? 0, people.get('fay') ?? 0]
    for (const member of staff) await admin.users.addAttribute({ params: { id: member, ...project } })
    const who = { when: `@hasAttribute('project', '${project.value}')` }
    await admin.policies.create({
      body: { name: scope, kind: 'grant', level: 'READ', who, appliesTo: { any: [{ name: scope }] }, state: 'active' },
    })
    const on = () => inAws(here).filter(one => one.endsWith(scope))
    await until('the grants to begin with', () => on().length === 4)
    await quiet(here)
    await loop.stop()

    await age(here)
    await deleteByHand(here, grantOn(here, 'stable/'))
    const tags = { 'headgate:tenant': await tenantOf(here), 'headgate:intent': randomUUID() }
    const orphan = await createByHand(here, 'gus', { prefix: `lost-${plays}/*`, tags })
    await set(id, 'ann', 'WRITE')
    for (const name of ['cy', 'di']) await set(id, name, 'READ')
    // At once: each waits in vain for a leader to say how much of it is held.
    await Promise.all([
      admin.dataSources.removeMember({ params: { id, userId: people.get('bob') ?? 0 } }),
      ...staff.map(member => admin.users.removeAttribute({ params: { id: member, ...project } })),
    ])
    await admin.drift.resync({ params: { id: here.integration } })
    await beginEdit(here, roles[plays % 2] ?? '')

    // Bob is held, too, where the edit ended before: then nobody can tell that it was not for the edit.
    const isDone = async () => {
      const isThere = on().includes(`READWRITE ann ${scope}`) && on().includes(`READ di ${scope}`)
      if (!isThere || instanceOf(here).grants.has(orphan) || inAws(here).every(one => !one.includes('stable'))) return
      const { status } = await admin.integrations.get({ params: { id: here.integration } })
      const { lastScan } = await admin.drift.read({ params: { id: here.integration } })
      return status === 'enabled' && lastScan?.finishedAt !== undefined && (await heldOf(here)) >= 2
    }
    const how = await run(here, boundary, watch, isDone).catch(async cause => {
      throw new Error(JSON.stringify([inAws(here), await stateOf(here)]), { cause })
    })

    loop = await here.start(impatient)
    await resumeIntegrations(world)
    await until('all that was meant', isDone)
    await quiet(here)
    await assertAsEntitled(here)
    const { held } = await admin.restraint.get({ params: { id: here.integration } })
    for (const { id: run } of held.runs) await admin.runs.release({ params: { id: run } })
    await until('the released gone', () => on().length === 3)
    await quiet(here)
    await assertAsEntitled(here)
    await age(here)
    const grants = instanceOf(here).grants.size
    assert.equal(told(await compare(here)), `${grants} checked, ${grants} equal`)
    const [location, ...more] = instanceOf(here).locations.values()
    assert.deepEqual([location?.roleArn, more], [roles[plays % 2], []])
    return how
  }
  return { play }
}

/** Until it kills itself, or has done all there is to do. */
async function run(
  { server }: Lake,
  boundary: string | undefined,
  watch: (program: ChildProcess) => void,
  isDone: () => Promise<boolean | undefined>,
): Promise<'killed' | 'done'> {
  const child = fork(program, [server.databaseUrl, server.sandbox.url, ...(boundary === undefined ? [] : [boundary])])
  watch(child)
  const ended = once(child, 'exit')
  try {
    await until('its end, or that of the work', () => {
      assert.equal(child.exitCode, null, 'it ended by itself')
      return child.signalCode !== null || isDone()
    })
    return child.signalCode === null ? 'done' : 'killed'
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

async function stateOf({ server, integration }: Lake) {
  const params = { id: integration }
  const { status, statusMessage } = await server.admin.integrations.get({ params })
  const { lastScan } = await server.admin.drift.read({ params })
  const { held } = await server.admin.restraint.get({ params })
  const ledger = await server.db.kysely.selectFrom('ledger').selectAll().where('state', '<>', 'revoked').execute()
  const rows = ledger.map(({ state, key, grantee_id: grantee, error_code: code }) => ({ state, key, grantee, code }))
  return { status, statusMessage, lastScan, held, rows }
}

async function heldOf({ server, integration }: Lake): Promise<number> {
  return (await server.admin.restraint.get({ params: { id: integration } })).held.byBrake
}

function grantOn(here: Lake, prefix: string): string {
  const found = [...instanceOf(here).grants.values()].find(({ scope }) => scope.includes(prefix))
  return found?.id ?? assert.fail(`no grant on ${prefix}`)
}

/** As `PUT /integrations/{id}` would store it before anything is called. */
async function beginEdit({ server, integration }: Lake, locationRole: string): Promise<void> {
  const row = await findIntegration(server.db.kysely, Number(integration))
  assert.ok(row)
  const { name, authentication_type: authenticationType, access_key_id: accessKeyId } = row
  const { secret_access_key: secretAccessKey } = row
  const edit = { name, locationRole, authenticationType, accessKeyId, secretAccessKey, assumedRole: null }
  await server.db.kysely
    .updateTable('integration')
    .set({ status: 'editing', edit: JSON.stringify(edit) })
    .execute()
}
