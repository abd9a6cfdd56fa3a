import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import {
  CreateAccessGrantCommand,
  CreateAccessGrantsInstanceCommand,
  CreateAccessGrantsLocationCommand,
  DeleteAccessGrantCommand,
  DeleteAccessGrantsLocationCommand,
  GetAccessGrantCommand,
  GetDataAccessCommand,
  ListAccessGrantsCommand,
  ListAccessGrantsInstancesCommand,
  ListCallerAccessGrantsCommand,
  type S3ControlClient,
} from '@aws-sdk/client-s3-control'
import { createFaults, type FaultedCall } from '../src/faults.ts'
import type { Bootstrap, Sandbox } from '../src/index.ts'
import { ACCOUNT, controlClient, putBucket, putRole, putUser, refusal, startTestSandbox } from './world.ts'

const of = { AccountId: ACCOUNT }
const calm = { rules: [], clockSkewMs: 0, propagation: { grant: 0, principal: 0, role: 0, revocation: 0 } }

describe('faults', () => {
  let sandbox: Sandbox
  let admin: Bootstrap
  let client: S3ControlClient
  let roleArn: string
  let clockMs = Date.now()

  before(async () => {
    ;({ sandbox, admin } = await startTestSandbox({ now: () => clockMs }))
    client = controlClient(sandbox, admin)
    roleArn = putRole(sandbox, 'location', { createdAt: clockMs }).arn
    putBucket(sandbox, 'lake')
    await client.send(new CreateAccessGrantsInstanceCommand(of))
    await client.send(new CreateAccessGrantsLocationCommand({ ...of, LocationScope: 's3://', IAMRoleArn: roleArn }))
  })
  beforeEach(() => {
    clockMs = Date.now()
    sandbox.faults.set(calm)
  })
  after(async () => {
    client.destroy()
    await sandbox.close()
  })

  const create = (S3SubPrefix: string, GranteeIdentifier = roleArn) =>
    client.send(
      new CreateAccessGrantCommand({
        ...of,
        AccessGrantsLocationId: 'default',
        AccessGrantsLocationConfiguration: { S3SubPrefix },
        Grantee: { GranteeType: 'IAM', GranteeIdentifier },
        Permission: 'READ',
      }),
    )
  const listed = async (GrantScope: string) =>
    (await client.send(new ListAccessGrantsCommand({ ...of, GrantScope }))).AccessGrantsList ?? []
  const remove = (AccessGrantId: string | undefined) =>
    client.send(new DeleteAccessGrantCommand({ ...of, AccessGrantId }))
  const listInstances = (by = client) => by.send(new ListAccessGrantsInstancesCommand(of))

  it('throttles beyond the rate with SlowDown, and lets through again as time passes', async () => {
    sandbox.faults.set({ rules: [{ kind: 'throttle', perSecond: 2, operation: 'ListAccessGrantsInstances' }] })
    await listInstances()
    await listInstances()
    const { name, status } = await refusal(listInstances())
    assert.deepEqual([name, status], ['SlowDown', 503])
    await listed('s3://lake/none')
    clockMs += 500
    await listInstances()
    assert.equal((await refusal(listInstances())).name, 'SlowDown')
  })

  it('answers late by at least the latency asked for', async () => {
    sandbox.faults.set({ rules: [{ kind: 'latency', ms: 50 }] })
    const from = performance.now()
    await listInstances()
    // Timers may fire a fraction of a millisecond early; the upper side is the machine's business.
    assert.ok(performance.now() - from >= 49)
  })

  it('loses the answer to a create, whose grant is nevertheless there to be found', async () => {
    sandbox.faults.set({ rules: [{ kind: 'lost-answer', operation: 'CreateAccessGrant', times: 1 }] })
    const lost = await refusal(create('lake/lost/*'))
    assert.equal(lost.status, 0, lost.message)
    assert.equal((await refusal(create('lake/lost/*'))).name, 'AccessGrantAlreadyExists')
    const [found] = await listed('s3://lake/lost/*')
    await remove(found?.AccessGrantId)
  })

  it('loses the answer to a delete, whose grant is nevertheless gone', async () => {
    const { AccessGrantId } = await create('lake/lost/*')
    sandbox.faults.set({ rules: [{ kind: 'lost-answer', operation: 'DeleteAccessGrant', times: 1 }] })
    assert.equal((await refusal(remove(AccessGrantId))).status, 0)
    assert.equal((await refusal(remove(AccessGrantId))).name, 'NoSuchAccessGrantError')
  })

  it('fails in bursts without doing the work, and in halves after doing it', async () => {
    sandbox.faults.set({ rules: [{ kind: 'error', times: 2 }] })
    for (let i = 0; i < 2; i++) {
      const { name, status } = await refusal(create('lake/burst/*'))
      assert.deepEqual([name, status], ['InternalError', 500])
    }
    await remove((await create('lake/burst/*')).AccessGrantId)

    sandbox.faults.set({ rules: [{ kind: 'half-failure', operation: 'CreateAccessGrant', times: 1 }] })
    assert.equal((await refusal(create('lake/half/*'))).name, 'InternalError')
    const [found] = await listed('s3://lake/half/*')
    await remove(found?.AccessGrantId)
  })

  it('rides out a short burst with the SDK’s own retries', async () => {
    sandbox.faults.set({ rules: [{ kind: 'error', status: 503, code: 'SlowDown', times: 1 }] })
    const patient = controlClient(sandbox, admin, { maxAttempts: 3 })
    await listInstances(patient)
    patient.destroy()
  })

  it('shows a new grant late, and lets a revoked one vend for a while', async () => {
    const { user, keys } = putUser(sandbox, 'ann', undefined, { createdAt: clockMs })
    const ann = controlClient(sandbox, keys)
    const vend = () => ann.send(new GetDataAccessCommand({ ...of, Target: 's3://lake/late/*', Permission: 'READ' }))
    sandbox.faults.set({ propagation: { grant: 2000, revocation: 3000 } })
    const { AccessGrantId } = await create('lake/late/*', user.arn)
    assert.equal((await refusal(vend())).name, 'AccessDenied')
    assert.deepEqual(await listed('s3://lake/late/*'), [])
    assert.deepEqual((await ann.send(new ListCallerAccessGrantsCommand(of))).CallerAccessGrantsList, [])
    assert.equal((await client.send(new GetAccessGrantCommand({ ...of, AccessGrantId }))).AccessGrantId, AccessGrantId)
    assert.equal((await refusal(create('lake/late/*', user.arn))).name, 'AccessGrantAlreadyExists')
    clockMs += 2000
    await vend()
    assert.equal((await listed('s3://lake/late/*')).length, 1)

    await remove(AccessGrantId)
    assert.deepEqual(await listed('s3://lake/late/*'), [])
    await vend()
    const removeLocation = () =>
      client.send(new DeleteAccessGrantsLocationCommand({ ...of, AccessGrantsLocationId: 'default' }))
    assert.equal((await refusal(removeLocation())).name, 'AccessGrantsLocationNotEmptyError')
    clockMs += 3000
    assert.equal((await refusal(vend())).name, 'AccessDenied')
    await removeLocation()
    await client.send(new CreateAccessGrantsLocationCommand({ ...of, LocationScope: 's3://', IAMRoleArn: roleArn }))
    ann.destroy()
  })

  it('does not know a new principal or role at first', async () => {
    sandbox.faults.set({ propagation: { principal: 1000, role: 2000 } })
    const role = putRole(sandbox, 'fresh', { createdAt: clockMs })
    const invalid = await refusal(create('lake/fresh/*', role.arn))
    assert.deepEqual([invalid.name, invalid.message], ['InvalidRequest', 'Invalid Grantee in the request'])
    const location = { ...of, LocationScope: 's3://lake/', IAMRoleArn: role.arn }
    const register = () => client.send(new CreateAccessGrantsLocationCommand(location))
    assert.equal((await refusal(register())).name, 'InvalidIamRole')
    clockMs += 1000
    await remove((await create('lake/fresh/*', role.arn)).AccessGrantId)
    assert.equal((await refusal(register())).name, 'InvalidIamRole')
    clockMs += 1000
    await register()
  })

  it('is set over HTTP, which refuses what it can not read', async () => {
    const post = (body: string) => fetch(`${sandbox.url}/_sandbox/faults`, { method: 'POST', body })
    assert.equal((await post('{"rules":[{"kind":"error","times":1}]}')).status, 200)
    assert.equal((await refusal(listInstances())).name, 'InternalError')
    for (const bad of ['[]', '{"rule":[]}', '{"rules":[{"kind":"flood"}]}', '{"rules":[{"kind":"latency"}]}', '{']) {
      assert.equal((await post(bad)).status, 400, bad)
    }
    assert.equal((await post('{"rules":[{"kind":"error","perSecond":1}]}')).status, 400)
  })

  it('counts calls, and restores from its own snapshot after a reset', async () => {
    const { AccessGrantId } = await create('lake/kept/*')
    const desk = (path: string, method = 'GET', body: string | null = null) =>
      fetch(`${sandbox.url}/_sandbox/${path}`, { method, body })
    const calls = (await (await desk('calls')).json()) as Record<string, number>
    assert.ok((calls['s3control.CreateAccessGrant'] ?? 0) > 0)
    const snapshot = await (await desk('snapshot')).text()
    assert.equal((await desk('reset', 'POST')).status, 200)
    assert.equal((await refusal(listed('s3://lake/kept/*'))).name, 'InvalidAccessKeyId')
    assert.equal((await desk('snapshot', 'POST', '{"accounts":1}')).status, 400)
    assert.equal((await desk('snapshot', 'POST', snapshot)).status, 200)
    assert.equal((await listed('s3://lake/kept/*'))[0]?.AccessGrantId, AccessGrantId)
    assert.equal((await refusal(create('lake/kept/*'))).name, 'AccessGrantAlreadyExists')
    const state = (await (await desk('state')).json()) as { accounts: { accountId: string }[] }
    assert.equal(state.accounts[0]?.accountId, ACCOUNT)
  })
})

describe('the same seed', () => {
  const call: FaultedCall = { service: 's3', operation: 'GetObject', account: ACCOUNT, region: 'eu-west-1' }
  const drawn = (seed: number) => {
    const faults = createFaults({ seed, rules: [{ kind: 'lost-answer', probability: 0.5 }] })
    return Array.from({ length: 64 }, () => faults.judge(call, 0).after).join()
  }

  it('gives the same faults, another seed others', () => {
    assert.equal(drawn(7), drawn(7))
    assert.notEqual(drawn(7), drawn(8))
  })
})
