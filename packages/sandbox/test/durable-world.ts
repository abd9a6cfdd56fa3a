/** Sandboxes that remember, in directories that go with the test. */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import * as aws from '@aws-sdk/client-s3-control'
import { type Sandbox, type SandboxOptions, type SeededAccount, startSandbox } from '../src/index.ts'
import { ACCOUNT, controlClient, REGION } from './world.ts'

export async function newDataDir(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'sandbox-'))
  atTheEnd(t, () => rm(directory, { recursive: true }))
  return directory
}

/** The directory as a `kill -9` of its process at this moment would leave it: nothing is closed, the lock is stale. */
export async function asIfKilled(t: TestContext, directory: string): Promise<string> {
  const copy = await newDataDir(t)
  await cp(directory, copy, { recursive: true })
  await rm(path.join(copy, 'lock'))
  return copy
}

/** A sandbox whose bugs fail the test. */
export async function startDurable(t: TestContext, options: SandboxOptions): Promise<Sandbox> {
  const bugs: unknown[] = []
  const sandbox = await startSandbox({ onBug: error => bugs.push(error), ...options })
  let isOpen = true
  const close = async () => {
    if (!isOpen) return
    isOpen = false
    await sandbox.close()
    if (bugs.length > 0) throw bugs[0]
  }
  atTheEnd(t, close)
  return { ...sandbox, close }
}

/** An account ready for grants of `s3://lake/` to its role `analyst`. */
export async function seedForGrants(sandbox: Sandbox): Promise<{ account: SeededAccount; locationId: string }> {
  const names = { locationRole: 'location', controller: 'controller', roles: ['analyst'] }
  const buckets = [{ name: 'lake', objects: [{ key: 'a/1', contentType: 'text/plain', body: 'one' }] }]
  const { accounts } = await sandbox.seed({ accounts: [{ accountId: ACCOUNT, region: REGION, buckets, ...names }] })
  const account = accounts[0] as SeededAccount
  const location = { AccountId: ACCOUNT, LocationScope: 's3://lake/', IAMRoleArn: account.locationRole }
  const { AccessGrantsLocationId = '' } = await controlClient(sandbox, account.controller).send(
    new aws.CreateAccessGrantsLocationCommand(location),
  )
  return { account, locationId: AccessGrantsLocationId }
}

export function grantOf(account: SeededAccount, locationId: string, prefix: string): aws.CreateAccessGrantCommand {
  return new aws.CreateAccessGrantCommand({
    AccountId: account.accountId,
    AccessGrantsLocationId: locationId,
    AccessGrantsLocationConfiguration: { S3SubPrefix: prefix },
    Grantee: { GranteeType: 'IAM', GranteeIdentifier: account.roles.analyst },
    Permission: 'READ',
  })
}

// Node runs `after` hooks first come, first served; a directory must go after the sandbox in it.
const endings = new WeakMap<TestContext, (() => Promise<void>)[]>()

function atTheEnd(t: TestContext, ending: () => Promise<void>): void {
  const known = endings.get(t)
  if (known !== undefined) {
    known.push(ending)
    return
  }
  const all = [ending]
  endings.set(t, all)
  t.after(async () => {
    for (const each of all.reverse()) await each()
  })
}
