/** What a data directory remembers, and what it refuses to be opened with. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, copyFile, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import * as aws from '@aws-sdk/client-s3-control'
import { startSandbox } from '../src/index.ts'
import { snapshotState } from '../src/state-text.ts'
import { asIfKilled, grantOf, newDataDir, seedForGrants, startDurable } from './durable-world.ts'
import { ACCOUNT, controlClient, refusal } from './world.ts'

const journalOf = (directory: string) => path.join(directory, 'journal.jsonl')
const snapshotOf = (directory: string) => path.join(directory, 'snapshot.jsonl')
const sizeOf = async (file: string) => (await stat(file)).size

describe('a data directory', () => {
  test('gives back the same state after a close and after a kill, and its keys still open doors', async t => {
    const dataDir = await newDataDir(t)
    const first = await startDurable(t, { dataDir })
    const { account, locationId } = await seedForGrants(first)
    const { AccessGrantId } = await controlClient(first, account.controller).send(grantOf(account, locationId, 'a/*'))
    const session = await first.roleSession({ accountId: ACCOUNT, roleName: 'analyst', sessionName: 'ann' })
    const state = snapshotState(first.state)
    const killed = await startDurable(t, { dataDir: await asIfKilled(t, dataDir) })
    assert.equal(snapshotState(killed.state), state)
    await first.close()

    const second = await startDurable(t, { dataDir })
    assert.equal(snapshotState(second.state), state)
    const named = new aws.GetAccessGrantCommand({ AccountId: ACCOUNT, AccessGrantId })
    assert.equal((await controlClient(second, account.controller).send(named)).GrantScope, 's3://lake/a/*')
    const asked = { AccountId: ACCOUNT, Target: 's3://lake/a/*', Permission: 'READ' } as const
    const vended = await controlClient(second, session).send(new aws.GetDataAccessCommand(asked))
    assert.ok(vended.Credentials?.SessionToken)
  })

  test('holds secrets, so only its owner may read it', async t => {
    const dataDir = path.join(await newDataDir(t), 'made')
    const sandbox = await startDurable(t, { dataDir })
    sandbox.makeAccount(ACCOUNT)
    assert.equal((await stat(dataDir)).mode & 0o077, 0)
    assert.equal((await stat(journalOf(dataDir))).mode & 0o077, 0)
    await sandbox.close()
    assert.equal((await stat(snapshotOf(dataDir))).mode & 0o077, 0)
  })

  test('writes down neither what only looks nor what was refused', async t => {
    const dataDir = await newDataDir(t)
    const sandbox = await startDurable(t, { dataDir })
    const { account, locationId } = await seedForGrants(sandbox)
    const client = controlClient(sandbox, account.controller)
    await client.send(grantOf(account, locationId, 'a/*'))
    const size = await sizeOf(journalOf(dataDir))
    await client.send(new aws.ListAccessGrantsCommand({ AccountId: ACCOUNT }))
    assert.equal((await refusal(client.send(grantOf(account, locationId, 'a/*')))).name, 'AccessGrantAlreadyExists')
    for (const look of ['state', 'calls', 'snapshot', 'faults']) await fetch(`${sandbox.url}/_sandbox/${look}`)
    assert.equal(await sizeOf(journalOf(dataDir)), size)
  })

  test('remembers work whose answer was lost, and none that a fault kept from being done', async t => {
    const dataDir = await newDataDir(t)
    const sandbox = await startDurable(t, { dataDir })
    const { account, locationId } = await seedForGrants(sandbox)
    const client = controlClient(sandbox, account.controller)
    for (const kind of ['lost-answer', 'half-failure', 'error', 'latency'] as const) {
      sandbox.faults.set({ rules: [{ kind, operation: 'CreateAccessGrant', ...(kind === 'latency' && { ms: 5 }) }] })
      await client.send(grantOf(account, locationId, `${kind}/*`)).catch(() => {})
    }
    const again = await startDurable(t, { dataDir: await asIfKilled(t, dataDir) })
    const { grants } = again.state.accounts.get(ACCOUNT)?.accessGrants.values().next().value ?? {}
    const scopes = [...(grants?.values() ?? [])].map(({ scope }) => scope.split('/')[3])
    assert.deepEqual(scopes, ['lost-answer', 'half-failure', 'latency'])
    assert.deepEqual(again.faults.settings.rules, [])
  })

  test('carries commands out again under the switches, quotas and delays of their own time', async t => {
    const dataDir = await newDataDir(t)
    const sandbox = await startDurable(t, { dataDir, limits: { grantsPerInstance: 3 } })
    const { account, locationId } = await seedForGrants(sandbox)
    const client = controlClient(sandbox, account.controller)
    sandbox.limits.grantsPerInstance = 100_001
    sandbox.faults.set({ propagation: { revocation: 60_000 } })
    const { AccessGrantId } = await client.send(grantOf(account, locationId, 'a/*'))
    await client.send(new aws.DeleteAccessGrantCommand({ AccountId: ACCOUNT, AccessGrantId }))
    sandbox.faults.set({ propagation: { revocation: 0, role: 60_000, principal: 60_000 } })
    for (let i = 0; i < 4; i++) await client.send(grantOf(account, locationId, `${i}/*`)).catch(() => {})
    sandbox.faults.set({ propagation: { role: 0, principal: 0 } })
    for (let i = 0; i < 4; i++) await client.send(grantOf(account, locationId, `${i}/*`))
    const copy = await asIfKilled(t, dataDir)
    const again = await startDurable(t, { dataDir: copy, limits: { grantsPerInstance: 1 } })
    assert.equal(snapshotState(again.state), snapshotState(sandbox.state))
    assert.equal(again.limits.grantsPerInstance, 1)
  })

  test('remembers a reset and a restore', async t => {
    const dataDir = await newDataDir(t)
    const sandbox = await startDurable(t, { dataDir })
    await seedForGrants(sandbox)
    const desk = `${sandbox.url}/_sandbox`
    const snapshot = await (await fetch(`${desk}/snapshot`)).text()
    await fetch(`${desk}/reset`, { method: 'POST' })
    const empty = await startDurable(t, { dataDir: await asIfKilled(t, dataDir) })
    assert.equal(empty.state.accounts.size, 0)
    await fetch(`${desk}/snapshot`, { method: 'POST', body: snapshot })
    const full = await startDurable(t, { dataDir: await asIfKilled(t, dataDir) })
    assert.equal(snapshotState(full.state), snapshot)
  })

  test('a record cut off in the middle of its writing is dropped, and what follows is kept', async t => {
    const dataDir = await newDataDir(t)
    const sandbox = await startDurable(t, { dataDir })
    sandbox.makeAccount('111111111111')
    const whole = snapshotState(sandbox.state)
    const copy = await asIfKilled(t, dataDir)
    const journal = await readFile(journalOf(copy), 'utf8')
    await appendFile(journalOf(copy), journal.slice(0, journal.length / 2))
    const again = await startDurable(t, { dataDir: copy })
    assert.equal(snapshotState(again.state), whole)
    again.makeAccount('222222222222')
    const third = await startDurable(t, { dataDir: await asIfKilled(t, copy) })
    assert.equal(snapshotState(third.state), snapshotState(again.state))
  })

  test('killed between a new snapshot and the emptying of the journal, no command happens twice', async t => {
    const dataDir = await newDataDir(t)
    const sandbox = await startDurable(t, { dataDir })
    await seedForGrants(sandbox)
    sandbox.makeAccount(ACCOUNT)
    const state = snapshotState(sandbox.state)
    const between = await asIfKilled(t, dataDir)
    await sandbox.close()
    await copyFile(snapshotOf(dataDir), snapshotOf(between))
    assert.ok((await sizeOf(journalOf(between))) > 0)
    const again = await startDurable(t, { dataDir: between })
    assert.equal(snapshotState(again.state), state)
    assert.equal(await sizeOf(journalOf(between)), 0)
  })

  test('a snapshot half written leaves the old one in force', async t => {
    const dataDir = await newDataDir(t)
    const sandbox = await startDurable(t, { dataDir })
    await seedForGrants(sandbox)
    const state = snapshotState(sandbox.state)
    await sandbox.close()
    await writeFile(`${snapshotOf(dataDir)}.new`, '{"version":1,"seq')
    assert.equal(snapshotState((await startDurable(t, { dataDir })).state), state)
  })

  test('a journal with a hole or a stranger in it is refused, not half believed', async t => {
    const dataDir = await newDataDir(t)
    const sandbox = await startDurable(t, { dataDir })
    for (const digit of '123') sandbox.makeAccount(digit.repeat(12))
    const lines = (await readFile(journalOf(dataDir), 'utf8')).split('\n')
    for (const [damaged, told] of [
      [[lines[0], lines[2], ''], /command 2 is missing/],
      [[lines[0], 'not ours', ''], /JSON/],
      [[lines[0]?.replace('/_sandbox/accounts', '/_sandbox/reports'), ''], /command 1 of the journal .* fails now/],
    ] as const) {
      const copy = await asIfKilled(t, dataDir)
      await writeFile(journalOf(copy), damaged.join('\n'))
      await assert.rejects(startSandbox({ dataDir: copy }), told)
    }
  })

  test('belongs to one sandbox at a time, and to nobody after a failed start', async t => {
    const dataDir = await newDataDir(t)
    const first = await startDurable(t, { dataDir })
    await assert.rejects(startSandbox({ dataDir }), new RegExp(`in use by process ${process.pid}`))
    await first.close()
    const other = await startDurable(t, {})
    await assert.rejects(startSandbox({ dataDir, port: other.port }), { code: 'EADDRINUSE' })
    await (await startDurable(t, { dataDir })).close()
  })

  test('is refused while another process lives in it, and taken over once that is dead', async t => {
    const dataDir = await newDataDir(t)
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    await once(child, 'spawn')
    await writeFile(path.join(dataDir, 'lock'), `${child.pid}\n`)
    await assert.rejects(startSandbox({ dataDir }), new RegExp(`in use by process ${child.pid}`))
    child.kill('SIGKILL')
    await once(child, 'exit')
    await (await startDurable(t, { dataDir })).close()
  })
})
