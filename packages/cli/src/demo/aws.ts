/**
 * AWS as Acme has it, in the sandbox: accounts, buckets with objects, the people's IAM identities and directory.
 * Also the one prepared account of `--empty`. Running it again changes nothing that is there.
 */
import type { Sandbox, SeedAccount, SeededAccount } from '@headgate/sandbox'
import type { Acme, AcmeAccount, AcmePerson } from './acme.ts'
import { demoObjects } from './objects.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface PreparedAccount {
  readonly accountId: string
  readonly region: string
  /** ARN of the role that Access Grants assumes to vend credentials. */
  readonly locationRole: string
  /** What Headgate signs in with. */
  readonly controller: Credentials
  /** What exports are put away with, where the account has a bucket for them. */
  readonly exporter: Credentials | undefined
  readonly buckets: readonly string[]
  /** Of the account's Identity Center, where it has one. */
  readonly identityStoreId: string | undefined
  /** User name → identifier of their AWS principal. */
  readonly people: ReadonlyMap<string, string>
  /** AWS identities that are nobody's yet, with fresh credentials. */
  readonly spare: readonly { readonly arn: string; readonly credentials: Credentials }[]
  /** Fresh credentials of a person's AWS identity, good for hours. */
  credentialsOf(userid: string): Promise<Credentials | undefined>
}

const locationRole = 'headgate-location'
const controller = 'headgate-controller'
const exporter = 'headgate-exporter'
/** What people in the directory get their sessions from; it holds no grants of its own. */
const directoryRole = 'acme-directory-session'

/** The account of `--empty`: an instance, a location role that it trusts, a controller, a bucket with a few objects. */
export async function prepareEmpty(sandbox: Sandbox): Promise<readonly PreparedAccount[]> {
  const objects = [
    ['demographics/2026/people.csv', 'text/csv', 'city,people\nLyon,522000\nTurin,841000\n'],
    ['demographics/readme.txt', 'text/plain', 'People by city.\n'],
    ['salaries/2026.csv', 'text/csv', 'grade,median\n1,31000\n2,42000\n'],
  ] as const
  const account: SeedAccount = {
    accountId: '123456789012',
    region: 'us-east-1',
    // The name in the API's documented examples.
    locationRole: 'access-grants-instance-role',
    controller,
    buckets: [
      { name: 'research-data', objects: objects.map(([key, contentType, body]) => ({ key, contentType, body })) },
    ],
    roles: ['analyst', 'engineer'],
  }
  const seeded = await sandbox.seed({ accounts: [account] })
  return Promise.all(
    seeded.accounts.map(async found => {
      const { accountId } = found
      const spare = Object.entries(found.roles).map(async ([roleName, arn]) => ({
        arn,
        credentials: await sandbox.roleSession({ accountId, roleName, sessionName: roleName }),
      }))
      return { ...prepared(sandbox, found, ['research-data'], []), spare: await Promise.all(spare) }
    }),
  )
}

export async function prepareAcme(sandbox: Sandbox, acme: Acme): Promise<readonly PreparedAccount[]> {
  const seeded = await sandbox.seed({ accounts: acme.accounts.map(account => seedAccount(acme, account)) })
  return seeded.accounts.map(found => {
    const account = acme.accounts.find(({ accountId }) => accountId === found.accountId)
    return prepared(sandbox, found, account?.buckets ?? [], account?.people ? acme.people : [])
  })
}

function seedAccount(acme: Acme, account: AcmeAccount): SeedAccount {
  const people = account.people ? acme.people : []
  const withPrincipal = (kind: AcmePerson['principal']) => people.filter(({ principal }) => principal === kind)
  return {
    accountId: account.accountId,
    region: account.region,
    locationRole,
    controller,
    ...(account.exports !== undefined && { exporter: { user: exporter, bucket: account.exports } }),
    buckets: account.buckets.map(name => ({ name, objects: objectsIn(acme, account, name) })),
    roles: withPrincipal('iamRole').flatMap(one => (one.sharedRole ? [awsName(one.userid)] : [])),
    personalRoles: withPrincipal('iamRole').flatMap(one => (one.sharedRole ? [] : [awsName(one.userid)])),
    users: withPrincipal('iamUser').map(({ userid }) => awsName(userid)),
    ...(account.identityCenter && {
      identityCenter: {
        users: withPrincipal('identityCenterUser').map(({ userid, name }) => ({ userName: userid, displayName: name })),
        sessionRole: directoryRole,
      },
    }),
    // People of the other accounts may ask this one for credentials; which they get is decided by grants alone.
    trustedAccounts: acme.accounts.map(({ accountId }) => accountId).filter(id => id !== account.accountId),
  }
}

function objectsIn(acme: Acme, account: AcmeAccount, bucket: string) {
  const { name, awsLocationPath } = account.integration
  return acme.dataSources
    .filter(source => source.integration === name)
    .flatMap(source => {
      // The location `s3://` names no bucket: the prefix begins with it then.
      const place = awsLocationPath.slice('s3://'.length).replace(/\/*$/, '')
      const [inBucket, ...key] = `${place}${source.prefix}`.replace(/^\//, '').split('/')
      return inBucket === bucket ? demoObjects(source, key.join('/')) : []
    })
}

function prepared(
  sandbox: Sandbox,
  seeded: SeededAccount,
  buckets: readonly string[],
  people: readonly AcmePerson[],
): PreparedAccount {
  const { accountId } = seeded
  const session = async (roleName: string, sessionName: string, directoryUserId?: string) =>
    sandbox.roleSession({ accountId, roleName, sessionName, ...(directoryUserId && { directoryUserId }) })
  const identity = ({ userid, principal }: AcmePerson) => {
    if (principal === 'iamRole') return seeded.roles[awsName(userid)]
    if (principal === 'iamUser') return seeded.users[awsName(userid)]?.arn
    return seeded.identityCenter?.users[userid]
  }
  return {
    accountId,
    region: seeded.region,
    locationRole: seeded.locationRole,
    controller: seeded.controller,
    exporter: seeded.exporter,
    buckets,
    identityStoreId: seeded.identityCenter?.identityStoreId,
    spare: [],
    people: new Map(
      people.flatMap(person => {
        const identifier = person.principal && identity(person)
        return identifier === undefined ? [] : [[person.userid, identifier] as const]
      }),
    ),
    async credentialsOf(userid) {
      const person = people.find(each => each.userid === userid)
      if (person?.principal === 'iamUser') return seeded.users[awsName(userid)]?.credentials
      if (person?.principal === 'iamRole') return session(awsName(userid), awsName(userid))
      if (person?.principal !== 'identityCenterUser') return undefined
      return session(directoryRole, awsName(userid), identity(person))
    },
  }
}

/** A plain first name reads better in an ARN: `ann@acme.example` → `ann`. */
function awsName(userid: string): string {
  return userid.split('@')[0] ?? userid
}
