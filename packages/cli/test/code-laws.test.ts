/** Laws of configuration as code, for random folders against real servers: few in each run of the tests, many in the long one. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Caller } from '@headgate/core/api'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { act, system } from '../../server/src/db/act.ts'
import { insertPerson } from '../../server/src/db/person.ts'
import { prepareAccount } from '../../server/test/support/aws-account.ts'
import { create } from '../../server/test/support/integrations.ts'
import { type TestServer, testServer } from '../../server/test/support/server.ts'
import { carryOut } from '../src/code/carry-out.ts'
import { planFolder } from '../src/code/configuration.ts'
import { previewOf } from '../src/code/effect.ts'
import { pulledFiles } from '../src/code/pull.ts'
import { asSaved, refuseWhatMoved, type SavedPlan } from '../src/code/saved-plan.ts'
import { writesOf } from '../src/code/write.ts'
import { Refused } from '../src/refused.ts'
import { type Content, randomFolder } from './random-folder.ts'

const isLong = Boolean(process.env.HEADGATE_TEST_LONG)
const integration = 'S3 integration'

describe('configuration as code, for any folder', () => {
  let home: string
  let here: TestServer
  /** Another deployment, empty of all but people and the integration. */
  let there: TestServer
  before(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'headgate-laws-'))
    ;[here, there] = await Promise.all([deployment(), deployment()])
  })
  after(async () => {
    await Promise.all([here.close(), there.close()])
    await rm(home, { recursive: true })
  })

  async function folder(name: string, content: Content): Promise<string> {
    const at = path.join(home, name)
    await mkdir(at, { recursive: true })
    await writeFile(path.join(at, 'all.yaml'), stringify(content, { aliasDuplicateObjects: false }))
    return at
  }

  async function pull({ admin }: TestServer, name: string, people: boolean) {
    const at = path.join(home, name)
    await rm(at, { recursive: true, force: true })
    await mkdir(at, { recursive: true })
    const files = (await pulledFiles(admin, people)).filter(({ count }) => count > 0)
    for (const { file, text } of files) await writeFile(path.join(at, file), text)
    return { at, files: Object.fromEntries(files.map(({ file, text }) => [file, text])) }
  }

  async function made({ admin }: TestServer, run: number) {
    const [name, kind, level] = [`by hand ${run}`, 'grant', 'READ'] as const
    await admin.tags.create({ body: { name: `Hand${run}.Made` } })
    await admin.agreements.create({ body: { name, text: 'By hand.' } })
    await admin.domains.create({ body: { name } })
    await admin.policies.create({
      body: {
        name,
        kind,
        level,
        who: { everyone: true },
        appliesTo: { any: [{ tag: `Hand${run}` }] },
        state: 'active',
      },
    })
    return () => byHand(admin, name)
  }

  test('applied twice is applied once, pulls are alike, saved plans hold or are refused, and what is made by hand stays', async () => {
    let run = 0
    const seed = Number(process.env.HEADGATE_SEED ?? 1)
    const folders = fc.sample(fc.nat(1000), { numRuns: isLong ? 40 : 1, seed })
    for (const one of folders) {
      run++
      const [given] = fc.sample(randomFolder(run, integration), { numRuns: 1, seed: seed * 1000 + run + one })
      assert.ok(given)
      const where = `HEADGATE_SEED=${seed}, run ${run}`
      const look = await made(here, run)
      const before = await look()
      for (const [name, content] of Object.entries(given)) {
        const at = await folder(`run ${run}`, content)
        await refusesOnceSomethingMoved(here, at, `${where}, ${name}`)
        assert.ok(await apply(here, at, false), `${where}, ${name}: held against its preview`)
        assert.deepEqual(await plan(here, at), [], `${where}, ${name}: applied twice`)
      }
      assert.deepEqual(await look(), before, `${where}: made by hand`)
      const pulled = await pull(here, 'pulled', 'users' in given.content)
      assert.deepEqual(await plan(here, pulled.at, true), [], `${where}: pulled`)
      await apply(there, pulled.at, true)
      assert.deepEqual(
        (await pull(there, 'again', 'users' in given.content)).files,
        pulled.files,
        `${where}: pulled elsewhere`,
      )
      await apply(here, await folder('empty', { policies: [] }), true)
    }
  })

  test('people of a provider and the caller are never touched; prune disables the others, and deletes nobody', async () => {
    await there.admin.identityProviders.create({ body: { name: 'okta' } })
    await act(there.db, system, done =>
      insertPerson(done, { userid: 'pat', name: 'Pat', kind: 'person', permissions: [], provider: 'okta' }),
    )
    const groups = [{ name: 'Finance', attributes: { region: ['EMEA'] } }]
    const people = async (...users: object[]) => folder('people', { groups, users } as unknown as Content)
    const eve = {
      userid: 'new eve',
      name: 'Eve',
      groups: ['Finance'],
      permissions: ['AUDIT'],
      attributes: { team: ['x'] },
    }
    const one = async (userid: string) => {
      const { items } = await there.admin.users.list({ query: { search: userid } })
      return items.find(user => user.userid === userid)
    }
    await apply(there, await people(eve), true)
    const made = await one('new eve')
    assert.deepEqual(
      [made?.permissions, made?.groups.map(({ name }) => name), made?.attributes.map(({ value }) => value)],
      [['AUDIT'], ['Finance'], ['x']],
    )
    const states = await Promise.all(['ann', 'pat', 'admin'].map(async userid => (await one(userid))?.disabled))
    assert.deepEqual(states, [true, false, false])
    assert.deepEqual(await plan(there, await people(eve), true), [])
    for (const [userid, why] of [
      ['pat', /the user pat is not for files to change/],
      ['admin', /the user admin is you/],
    ] as const) {
      const other = { userid, name: 'Somebody else', attributes: { team: ['x'] } }
      await assert.rejects(planFolder(there.admin, await people(other), false), why)
    }
    await apply(there, await people({ userid: 'ann', name: 'Ann', disabled: false }), false)
    assert.deepEqual([(await one('ann'))?.disabled, (await one('ann'))?.name], [false, 'Ann'])
    const governor = await there.as(['GOVERNANCE'], 'who governs')
    const { steps, names } = await planFolder(governor, await people({ ...eve, permissions: ['GOVERNANCE'] }), false)
    await assert.rejects(
      carryOut(governor, { steps, names, previewed: undefined }, () => {}),
      /USER_ADMIN/,
    )
  })
})

async function deployment(): Promise<TestServer> {
  const server = await testServer({ sandbox: true })
  await create(server, await prepareAccount(server.sandbox), { awsLocationPath: 's3://research-data' })
  const group = await server.admin.groups.create({ body: { name: 'Finance' } })
  const ann = await server.as([], 'ann')
  await server.admin.groups.addMember({ params: { id: group.id, userId: ann.id } })
  return server
}

/** What was made by hand, as the API shows it. */
async function byHand({ agreements, domains, policies }: Caller, name: string) {
  const only = <One extends { name: string }>({ items }: { items: One[] }) => items.filter(one => one.name === name)
  const query = { search: name }
  return [
    only(await agreements.list({ query })),
    only(await domains.list({ query })),
    only(await policies.list({ query })).map(({ warnings, ...one }) => one),
  ]
}

/** The first step done by somebody else is enough; refused, nothing is stored. */
async function refusesOnceSomethingMoved({ admin }: TestServer, at: string, where: string): Promise<void> {
  const { steps, names } = await planFolder(admin, at, false)
  const [first] = steps
  if (first === undefined) return
  const effect = (await previewOf(admin, writesOf(steps, names)))?.effect ?? null
  const plan: SavedPlan = JSON.parse(JSON.stringify({ folder: at, prune: false, steps: steps.map(asSaved), effect }))
  const again = await planFolder(admin, at, false)
  const stillSo = (await previewOf(admin, writesOf(again.steps, again.names)))?.effect ?? null
  refuseWhatMoved(plan, again.steps, stillSo)
  await carryOut(admin, { steps: [first], names, previewed: undefined }, () => {})
  const moved = await planFolder(admin, at, false)
  assert.throws(() => refuseWhatMoved(plan, moved.steps, stillSo), Refused, where)
}

/** In words. */
async function plan({ admin }: TestServer, at: string, prune = false): Promise<string[]> {
  const { steps } = await planFolder(admin, at, prune)
  return steps.map(
    step => `${step.do} ${step.kind.one} ${step.key}: ${JSON.stringify([step.current?.content, step.wanted])}`,
  )
}

async function apply({ admin }: TestServer, at: string, prune: boolean): Promise<boolean> {
  const { steps, names } = await planFolder(admin, at, prune)
  const previewed = await previewOf(admin, writesOf(steps, names))
  return carryOut(admin, { steps, names, previewed }, () => {})
}
