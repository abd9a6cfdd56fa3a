/**
 * Whole accounts at one stroke, as an admin would have set them up before Headgate comes: an Access Grants instance, a
 * location role, a controller, buckets with objects, the identities of people.
 * Never changes or removes what is there: seeding again gives the same answer.
 */
import { createIdentityCenter } from '../identity-center.ts'
import { accessGrantsApplication, emptyInstance } from '../s3control/instance.ts'
import { readResourcePolicy } from '../s3control/resource-policy.ts'
import type { World } from '../service.ts'
import { makeApplication } from '../sso/applications.ts'
import { type AccessGrantsInstance, type Account, type AccountId, emptyAccount, type IdentityStore } from '../state.ts'
import { fillBucket } from './bucket.ts'
import { type Credentials, keyOf, makeRole, makeUser } from './identities.ts'
import {
  accountTrust,
  consumerPermissions,
  controllerPermissions,
  exporterPermissions,
  locationPermissions,
  locationTrust,
  personTrust,
  sharingPolicy,
} from './policies.ts'
import type { Seed, SeedAccount, SeedIdentityCenter } from './read-seed.ts'

export interface SeededAccount {
  readonly accountId: AccountId
  readonly region: string
  readonly instanceArn: string
  /** ARN. */
  readonly locationRole: string
  readonly controller: Credentials
  readonly exporter?: Credentials
  /** Name → ARN. */
  readonly roles: Readonly<Record<string, string>>
  readonly users: Readonly<Record<string, { readonly arn: string; readonly credentials: Credentials }>>
  readonly identityCenter?: {
    readonly instanceArn: string
    readonly identityStoreId: string
    /** User name → UserId. */
    readonly users: Readonly<Record<string, string>>
  }
}

/** Throws TypeError on a bucket that is another account's. */
export function applySeed(world: World, seed: Seed): { readonly accounts: readonly SeededAccount[] } {
  return { accounts: seed.accounts.map(account => seedAccount(world, account)) }
}

// A person's working day without asking again.
const SESSION_SECONDS = 12 * 3600
// How long credentials may outlive the grant they came from.
const VENDED_SECONDS = 3600

function seedAccount(world: World, asked: SeedAccount): SeededAccount {
  const { accountId, region } = asked
  const account = world.state.accounts.get(accountId) ?? emptyAccount(accountId)
  world.state.accounts.set(accountId, account)
  const instance = account.accessGrants.get(region) ?? emptyInstance(world, accountId, region)
  account.accessGrants.set(region, instance)

  for (const bucket of asked.buckets ?? []) fillBucket(world, accountId, region, bucket)
  const locationRole = makeRole(world, account, asked.locationRole, {
    trustPolicy: locationTrust(accountId, instance.arn),
    permissions: locationPermissions(accountId, instance.arn),
    maxSessionDuration: VENDED_SECONDS,
  })
  makeUser(world, account, asked.controller, controllerPermissions(accountId, instance.arn, locationRole.arn))
  if (asked.exporter) {
    fillBucket(world, accountId, region, { name: asked.exporter.bucket })
    makeUser(world, account, asked.exporter.user, exporterPermissions(asked.exporter.bucket))
  }
  const shared = accountTrust(accountId, 'sts:AssumeRole')
  const roles = [
    ...(asked.roles ?? []).map(name => [name, makeConsumer(world, account, name, shared)] as const),
    ...(asked.personalRoles ?? []).map(
      name => [name, makeConsumer(world, account, name, personTrust(accountId, name))] as const,
    ),
  ]
  const users = (asked.users ?? []).map(name => {
    const { arn } = makeUser(world, account, name, consumerPermissions)
    return [name, { arn, credentials: keyOf(world, accountId, name) }] as const
  })
  const trusted = asked.trustedAccounts ?? []
  if (trusted.length > 0 && instance.resourcePolicy === undefined) {
    const policy = readResourcePolicy(sharingPolicy(trusted, instance.arn), instance.arn)
    instance.resourcePolicy = { policy, createdAt: world.now() }
  }
  return {
    accountId,
    region,
    instanceArn: instance.arn,
    locationRole: locationRole.arn,
    controller: keyOf(world, accountId, asked.controller),
    ...(asked.exporter && { exporter: keyOf(world, accountId, asked.exporter.user) }),
    roles: Object.fromEntries(roles),
    users: Object.fromEntries(users),
    ...(asked.identityCenter && { identityCenter: seedDirectory(world, account, instance, asked.identityCenter) }),
  }
}

function makeConsumer(world: World, account: Account, name: string, trustPolicy: string): string {
  return makeRole(world, account, name, {
    trustPolicy,
    permissions: consumerPermissions,
    maxSessionDuration: SESSION_SECONDS,
  }).arn
}

function seedDirectory(
  world: World,
  account: Account,
  instance: AccessGrantsInstance,
  asked: SeedIdentityCenter,
): NonNullable<SeededAccount['identityCenter']> {
  const store = createIdentityCenter(world, account.id, instance.region)
  instance.identityCenter ??= {
    instanceArn: store.instanceArn,
    applicationArn: makeApplication(world, store, accessGrantsApplication).arn,
  }
  makeConsumer(world, account, asked.sessionRole, accountTrust(account.id, 'sts:AssumeRole', 'sts:SetContext'))
  const users = asked.users.map(user => [user.userName, makeDirectoryUser(world, store, user)] as const)
  return {
    instanceArn: store.instanceArn,
    identityStoreId: store.identityStoreId,
    users: Object.fromEntries(users),
  }
}

function makeDirectoryUser(
  { now, random }: World,
  store: IdentityStore,
  { userName, displayName }: SeedIdentityCenter['users'][number],
): string {
  // User names have no case.
  const isNamed = (name: unknown) => String(name).toLowerCase() === userName.toLowerCase()
  const known = store.users.values().find(user => isNamed(user.attributes.UserName))
  if (known !== undefined) return known.userId
  const userId = random.uuid()
  const [given = displayName, ...family] = displayName.split(' ')
  const Name = { GivenName: given, FamilyName: family.join(' ') || given }
  const email = userName.includes('@') ? { Emails: [{ Value: userName, Type: 'work', Primary: true }] } : {}
  const attributes = { UserName: userName, DisplayName: displayName, Name, ...email }
  store.users.set(userId, { userId, createdAt: now(), attributes, memberships: new Map() })
  return userId
}
