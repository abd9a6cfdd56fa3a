/**
 * The contract's surroundings on AWS itself, all made beforehand by whoever asks for the run:
 *
 *   HEADGATE_AWS_TEST_BUCKET             a bucket of the account, in the region; its being set asks for this run
 *   HEADGATE_AWS_TEST_REGION             the region of bucket and Access Grants instance
 *   HEADGATE_AWS_TEST_LOCATION_ROLE_ARN  trusts access-grants.s3.amazonaws.com, may read and write in the bucket
 *   HEADGATE_AWS_TEST_PROFILE            whose credentials manage Access Grants, pass that role and use the bucket; or
 *   HEADGATE_AWS_TEST_ACCESS_KEY_ID, HEADGATE_AWS_TEST_SECRET_ACCESS_KEY, HEADGATE_AWS_TEST_SESSION_TOKEN; or neither,
 *                                        for the SDK's own chain
 *   HEADGATE_AWS_TEST_GRANTEE_PROFILE    optional, another identity to make grants to; or GRANTEE_ACCESS_KEY_ID and so on
 *   HEADGATE_AWS_TEST_GRANTEE_ARN        its IAM ARN, needed for a role with a path: a session does not tell the path
 *   HEADGATE_AWS_TEST_STRANGER_PROFILE   optional, an identity without any IAM permission; or STRANGER_ACCESS_KEY_ID …
 *
 * The suite adds an instance only where there is none, one location and grants below a new prefix, and removes just
 * these. It costs a few hundred requests and takes some minutes, most of them waiting for changes to be seen.
 */
import { S3Client } from '@aws-sdk/client-s3'
import { S3ControlClient } from '@aws-sdk/client-s3-control'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { defaultUnknowns } from '../../packages/sandbox/src/unknowns.ts'
import type { ContractTarget, Identity } from './target.ts'

type Environment = Readonly<Record<string, string | undefined>>

export function asksForAws(environment: Environment): boolean {
  return environment.HEADGATE_AWS_TEST_BUCKET !== undefined
}

/** Throws when a variable is missing, and on credentials that AWS refuses. */
export async function awsTarget(environment: Environment): Promise<ContractTarget> {
  const region = required(environment, 'REGION')
  const clients = clientsFor(region)
  const admin = identityIn(environment, '') ?? {}
  const { Account: accountId = '', Arn: adminArn = '' } = await whoIs(clients.sts(admin))
  const grantee = identityIn(environment, 'GRANTEE_')
  const { Arn: granteeArn = '' } = grantee === undefined ? { Arn: adminArn } : await whoIs(clients.sts(grantee))
  const stranger = identityIn(environment, 'STRANGER_')
  const assumed = defaultUnknowns()
  return {
    accountId,
    region,
    bucket: required(environment, 'BUCKET'),
    locationRoleArn: required(environment, 'LOCATION_ROLE_ARN'),
    admin,
    grantee: { ...(grantee ?? admin), arn: variable(environment, 'GRANTEE_ARN') ?? iamArn(granteeArn) },
    ...(stranger === undefined ? {} : { stranger }),
    // Revocations were seen to take up to 19 s; new roles and principals may take longer.
    patienceMs: 90_000,
    ...clients,
    settle: (name, answer) =>
      `${name}: AWS answered ${JSON.stringify(answer)}, the sandbox assumes ${JSON.stringify(assumed[name])}`,
    async close() {
      clients.destroy()
    },
  }
}

function variable(environment: Environment, name: string): string | undefined {
  return environment[`HEADGATE_AWS_TEST_${name}`] || undefined
}

function required(environment: Environment, name: string): string {
  const value = variable(environment, name)
  if (value === undefined) throw new Error(`HEADGATE_AWS_TEST_BUCKET is set, but HEADGATE_AWS_TEST_${name} is not`)
  return value
}

function identityIn(environment: Environment, whose: '' | 'GRANTEE_' | 'STRANGER_'): Identity | undefined {
  const profile = variable(environment, `${whose}PROFILE`)
  if (profile !== undefined) return { profile }
  const accessKeyId = variable(environment, `${whose}ACCESS_KEY_ID`)
  if (accessKeyId === undefined) return undefined
  const sessionToken = variable(environment, `${whose}SESSION_TOKEN`)
  const secretAccessKey = required(environment, `${whose}SECRET_ACCESS_KEY`)
  return {
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  }
}

async function whoIs(sts: STSClient) {
  return sts.send(new GetCallerIdentityCommand({}))
}

// Grants name roles, callers are sessions of them.
function iamArn(callerArn: string): string {
  const match = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(callerArn)
  return match === null ? callerArn : `arn:${match[1]}:iam::${match[2]}:role/${match[3]}`
}

function clientsFor(region: string) {
  const opened: { destroy(): void }[] = []
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    opened.push(client)
    return client
  }
  return {
    control: (identity: Identity) => kept(new S3ControlClient({ region, ...identity })),
    s3: (identity: Identity) => kept(new S3Client({ region, ...identity })),
    sts: (identity: Identity) => kept(new STSClient({ region, ...identity })),
    destroy() {
      for (const client of opened) client.destroy()
    },
  }
}
