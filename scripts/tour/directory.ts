/**
 * What the AWS admin and the company's identity provider do, by the real SDK: an Identity Center with a person in it, an
 * application that takes the provider's tokens, a role for the tool that works in people's names.
 */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  ListUserPoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateUserCommand, IdentitystoreClient } from '@aws-sdk/client-identitystore'
import {
  CreateApplicationCommand,
  CreateTrustedTokenIssuerCommand,
  DescribeInstanceCommand,
  PutApplicationAccessScopeCommand,
  PutApplicationAssignmentConfigurationCommand,
  PutApplicationGrantCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin'
import { CreateTokenWithIAMCommand, SSOOIDCClient } from '@aws-sdk/client-sso-oidc'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { SetupDocuments } from '@headgate/core/api'
import type { AwsCredentials } from './aws.ts'
import type { Stage } from './stage.ts'

export interface Admin {
  readonly accountId: string
  readonly iam: IAMClient
  readonly store: IdentitystoreClient
  readonly sso: SSOAdminClient
  readonly oidc: SSOOIDCClient
  readonly sts: STSClient
  /** Asks what only the sandbox has. */
  desk(name: string, body: object): Promise<Record<string, string>>
  readonly region: string
}

/** The account's administrator; the sandbox gives the key away. */
export async function adminOf({ account: { accountId, region }, endpoint }: Stage): Promise<Admin> {
  const desk = async (name: string, body: object) => {
    const answer = await fetch(`${endpoint}/_sandbox/${name}`, { method: 'POST', body: JSON.stringify(body) })
    assert.equal(answer.status, 200)
    return (await answer.json()) as Record<string, string>
  }
  const { accessKeyId = '', secretAccessKey = '' } = await desk('accounts', { accountId })
  const settings = { region, endpoint, credentials: { accessKeyId, secretAccessKey } }
  return {
    accountId,
    region,
    desk,
    iam: new IAMClient(settings),
    store: new IdentitystoreClient(settings),
    sso: new SSOAdminClient(settings),
    oidc: new SSOOIDCClient(settings),
    sts: new STSClient(settings),
  }
}

const issuer = 'https://login.example.org'
const audience = 'lake-tool'
const scope = 's3:access_grants:read_write'
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const contextProvider = 'arn:aws:iam::aws:contextProvider/IdentityCenter'

export interface SignIn {
  readonly instanceArn: string
  /** Of the person, in the directory. */
  readonly userId: string
  /** What the identity provider hands out when somebody signs in. */
  tokenFor(email: string): string
  /** The person's identity context, for a token of the identity provider. */
  exchange(token: string): Promise<string>
}

export async function makeSignIn(admin: Admin, email: string): Promise<SignIn> {
  const { accountId, region, sso } = admin
  const { instanceArn = '' } = await admin.desk('identity-center', { accountId, region })
  const { IdentityStoreId } = await sso.send(new DescribeInstanceCommand({ InstanceArn: instanceArn }))
  const person = { UserName: email, DisplayName: 'Dee Sato', Name: { GivenName: 'Dee', FamilyName: 'Sato' } }
  const Emails = [{ Value: email, Primary: true }]
  const { UserId = '' } = await admin.store.send(new CreateUserCommand({ IdentityStoreId, ...person, Emails }))

  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await admin.desk('token-issuer-keys', { issuerUrl: issuer, keys: [publicKey.export({ format: 'jwk' })] })
  const clientId = await makeApplication(sso, instanceArn)
  return {
    instanceArn,
    userId: UserId,
    tokenFor(address) {
      const now = Math.floor(Date.now() / 1000)
      const claims = { iss: issuer, aud: audience, sub: address, email: address, iat: now, exp: now + 300 }
      const parts = [{ alg: 'RS256', typ: 'JWT' }, claims].map(part => base64url(JSON.stringify(part))).join('.')
      return `${parts}.${sign('sha256', Buffer.from(parts), privateKey).toString('base64url')}`
    },
    async exchange(assertion) {
      const command = new CreateTokenWithIAMCommand({ clientId, grantType: jwtBearer, assertion, scope: [scope] })
      const { idToken = '' } = await admin.oidc.send(command)
      const claims = JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8'))
      assert.equal(typeof claims['sts:identity_context'], 'string')
      return claims['sts:identity_context']
    },
  }
}

/** Answers its ARN, which is its client id as well. */
async function makeApplication(sso: SSOAdminClient, InstanceArn: string): Promise<string> {
  const ApplicationProviderArn = 'arn:aws:sso::aws:applicationProvider/custom'
  const named = { InstanceArn, ApplicationProviderArn, Name: 'Lake tool' }
  const { ApplicationArn } = await sso.send(new CreateApplicationCommand(named))
  const { TrustedTokenIssuerArn } = await sso.send(
    new CreateTrustedTokenIssuerCommand({
      InstanceArn,
      Name: 'Company sign-in',
      TrustedTokenIssuerType: 'OIDC_JWT',
      TrustedTokenIssuerConfiguration: {
        OidcJwtConfiguration: {
          IssuerUrl: issuer,
          ClaimAttributePath: 'email',
          IdentityStoreAttributePath: 'emails.value',
          JwksRetrievalOption: 'OPEN_ID_DISCOVERY',
        },
      },
    }),
  )
  const AuthorizedTokenIssuers = [{ TrustedTokenIssuerArn, AuthorizedAudiences: [audience] }]
  const Grant = { JwtBearer: { AuthorizedTokenIssuers } }
  await sso.send(new PutApplicationGrantCommand({ ApplicationArn, GrantType: jwtBearer, Grant }))
  await sso.send(new PutApplicationAccessScopeCommand({ ApplicationArn, Scope: scope }))
  await sso.send(new PutApplicationAssignmentConfigurationCommand({ ApplicationArn, AssignmentRequired: false }))
  assert.ok(ApplicationArn)
  return ApplicationArn
}

/** Headgate's own user gets the controller policy, in the place of what it had; too long to be an inline one. */
export async function followSetup({ iam }: Admin, { controllerPolicy }: SetupDocuments): Promise<void> {
  const UserName = 'headgate-controller'
  const { PolicyNames = [] } = await iam.send(new ListUserPoliciesCommand({ UserName }))
  for (const PolicyName of PolicyNames) await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }))
  const PolicyDocument = JSON.stringify(controllerPolicy)
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'headgate-controller', PolicyDocument }))
  await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn: Policy?.Arn }))
}

const workload = 'lake-tool'

/** The role that the tool works as; it holds no grants of its own. */
export async function makeWorkload({ iam, accountId }: Admin, { consumerPolicy }: SetupDocuments): Promise<void> {
  const Statement = [{ Effect: 'Allow', Principal: { AWS: accountId }, Action: ['sts:AssumeRole', 'sts:SetContext'] }]
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iam.send(new CreateRoleCommand({ RoleName: workload, AssumeRolePolicyDocument }))
  const PolicyDocument = JSON.stringify(consumerPolicy)
  await iam.send(new PutRolePolicyCommand({ RoleName: workload, PolicyName: 'access-grants', PolicyDocument }))
}

/** Credentials of the tool, in the name of the person whose context it is given. */
export async function sessionFor({ sts, accountId }: Admin, context: string | undefined): Promise<AwsCredentials> {
  const { Credentials } = await sts.send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${accountId}:role/${workload}`,
      RoleSessionName: 'tour',
      ...(context !== undefined && {
        ProvidedContexts: [{ ProviderArn: contextProvider, ContextAssertion: context }],
      }),
    }),
  )
  assert.ok(Credentials?.AccessKeyId && Credentials.SecretAccessKey && Credentials.SessionToken)
  return {
    accessKeyId: Credentials.AccessKeyId,
    secretAccessKey: Credentials.SecretAccessKey,
    sessionToken: Credentials.SessionToken,
  }
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}
