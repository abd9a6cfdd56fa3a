/** What a seed says, checked as far as it can be without looking at the state. */
import { type Fields, readFields, readList, readText, readTextIfAny, readTexts } from '../fields.ts'

/** Accounts with what they need for Access Grants. What exists is kept as it is, keys and objects too. */
export interface Seed {
  readonly accounts: readonly SeedAccount[]
}

export interface SeedAccount {
  /** Twelve digits. */
  readonly accountId: string
  readonly region: string
  /** Name of the role that Access Grants vends credentials of. */
  readonly locationRole: string
  /** Name of the IAM user that Headgate signs in as, with the permissions it needs and no more. */
  readonly controller: string
  readonly buckets?: readonly SeedBucket[]
  /** Name of an IAM user that may put files into a bucket, and tidy up after itself: where Headgate exports to. */
  readonly exporter?: { readonly user: string; readonly bucket: string }
  /** Names of roles that may ask for what grants give them, and that whoever in the account is allowed can assume. */
  readonly roles?: readonly string[]
  /** The same, but only the one person whom the company's identity provider calls so can assume each. */
  readonly personalRoles?: readonly string[]
  /** Names of IAM users that may do the same. */
  readonly users?: readonly string[]
  /** An Identity Center in the same account and region, which the instance is associated with. */
  readonly identityCenter?: SeedIdentityCenter
  /** Accounts whose principals may ask the instance for credentials. */
  readonly trustedAccounts?: readonly string[]
}

export interface SeedBucket {
  readonly name: string
  readonly objects?: readonly { readonly key: string; readonly contentType: string; readonly body: string }[]
}

export interface SeedIdentityCenter {
  readonly users: readonly { readonly userName: string; readonly displayName: string }[]
  /** Name of the role of sessions that speak for a user of the directory. */
  readonly sessionRole: string
}

/** Throws TypeError, naming the field. */
export function readSeed(given: unknown): Seed {
  return { accounts: readList(readFields(given, 'seed', ['accounts']), 'accounts', readAccount) }
}

function readAccount(given: unknown, name: string): SeedAccount {
  const fields = readFields(given, name, ACCOUNT_FIELDS)
  const account = {
    accountId: readAccountId(readText(fields, 'accountId')),
    region: readText(fields, 'region'),
    locationRole: readName(readText(fields, 'locationRole')),
    controller: readName(readText(fields, 'controller')),
    buckets: readList(fields, 'buckets', readBucket),
    roles: readTexts(fields, 'roles').map(readName),
    personalRoles: readTexts(fields, 'personalRoles').map(readName),
    users: readTexts(fields, 'users').map(readName),
    trustedAccounts: readTexts(fields, 'trustedAccounts').map(readAccountId),
  }
  return {
    ...account,
    ...(fields.exporter !== undefined && { exporter: readExporter(fields.exporter) }),
    ...(fields.identityCenter !== undefined && { identityCenter: readIdentityCenter(fields.identityCenter) }),
  }
}

const ACCOUNT_FIELDS = [
  'accountId',
  'region',
  'locationRole',
  'controller',
  'buckets',
  'exporter',
  'roles',
  'personalRoles',
  'users',
  'identityCenter',
  'trustedAccounts',
]

function readBucket(given: unknown, name: string): SeedBucket {
  const fields = readFields(given, name, ['name', 'objects'])
  return {
    name: readText(fields, 'name'),
    objects: readList(fields, 'objects', (object, at) => {
      const known = readFields(object, at, ['key', 'contentType', 'body'])
      const contentType = readTextIfAny(known, 'contentType') ?? 'binary/octet-stream'
      return { key: readText(known, 'key'), contentType, body: readText(known, 'body') }
    }),
  }
}

function readExporter(given: unknown) {
  const fields: Fields = readFields(given, 'exporter', ['user', 'bucket'])
  return { user: readName(readText(fields, 'user')), bucket: readText(fields, 'bucket') }
}

function readIdentityCenter(given: unknown): SeedIdentityCenter {
  const fields: Fields = readFields(given, 'identityCenter', ['users', 'sessionRole'])
  return {
    sessionRole: readName(readText(fields, 'sessionRole')),
    users: readList(fields, 'users', (user, at) => {
      const known = readFields(user, at, ['userName', 'displayName'])
      return { userName: readText(known, 'userName'), displayName: readText(known, 'displayName') }
    }),
  }
}

function readAccountId(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new TypeError('an account id has twelve digits')
  return text
}

function readName(text: string): string {
  if (!/^[\w+=,.@-]{1,64}$/.test(text)) throw new TypeError(`\`${text}\` is no name of an IAM user or role`)
  return text
}
