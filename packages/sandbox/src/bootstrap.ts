/** The two things that AWS has no API for: a new account with somebody who may do everything in it, and an Identity Center. */
import { createIdentityCenter } from './identity-center.ts'
import { newSecret, newUniqueId } from './issue-credentials.ts'
import type { World } from './service.ts'
import { type AccountId, emptyAccount, type Region } from './state.ts'

export interface Bootstrap {
  readonly accountId: AccountId
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface IdentityCenter {
  readonly instanceArn: string
  readonly identityStoreId: string
}

const ADMINISTRATOR = 'sandbox-administrator'

/** Makes the account unless it exists, and a new key of its administrator. Throws TypeError on a bad account id. */
export function makeAccount(world: World, accountId: AccountId): Bootstrap {
  if (!/^\d{12}$/.test(accountId)) throw new TypeError('an account id has twelve digits')
  const { accounts, accessKeys } = world.state
  const account = accounts.get(accountId) ?? emptyAccount(accountId)
  accounts.set(accountId, account)
  if (!account.users.has(ADMINISTRATOR)) {
    account.users.set(ADMINISTRATOR, {
      userName: ADMINISTRATOR,
      path: '/',
      arn: `arn:aws:iam::${accountId}:user/${ADMINISTRATOR}`,
      userId: newUniqueId(world.random, 'AIDA'),
      createdAt: world.now(),
      inlinePolicies: new Map([['everything', EVERYTHING]]),
      attachedPolicies: new Set(),
      tags: new Map(),
    })
  }
  const key = { accessKeyId: newUniqueId(world.random, 'AKIA', 16), secretAccessKey: newSecret(world.random) }
  accessKeys.set(key.accessKeyId, {
    ...key,
    account: accountId,
    userName: ADMINISTRATOR,
    status: 'Active',
    createdAt: world.now(),
  })
  return { accountId, ...key }
}

/** The account's Identity Center in the region, made unless it exists. Throws TypeError when there is no such account. */
export function makeIdentityCenter(world: World, accountId: AccountId, region: Region): IdentityCenter {
  if (!world.state.accounts.has(accountId)) throw new TypeError(`no account \`${accountId}\`: make it first`)
  const { instanceArn, identityStoreId } = createIdentityCenter(world, accountId, region)
  return { instanceArn, identityStoreId }
}

const EVERYTHING = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
})
