import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { CreateUserCommand } from '@aws-sdk/client-identitystore'
import * as sso from '@aws-sdk/client-sso-admin'
import { CreateTokenWithIAMCommand, SSOOIDCClient } from '@aws-sdk/client-sso-oidc'
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import type { Sandbox } from '../src/index.ts'
import { type Clients, clientsOf, keysOf, policyText } from './aws-clients.ts'
import { ACCOUNT, type Keys, putRole, putUser, REGION, refusal, startTestSandbox } from './world.ts'

const issuerUrl = 'https://login.example.com'
const scope = 's3:access_grants:read_write'
const mayOnlyAssume = policyText({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' })
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })

let sandbox: Sandbox
let adminKeys: Keys
let admin: Clients
let center: sso.SSOAdminClient
let InstanceArn: string
let IdentityStoreId: string

const settings = (keys: Keys) => {
  const { accessKeyId, secretAccessKey } = keys
  return { region: REGION, endpoint: sandbox.url, credentials: { accessKeyId, secretAccessKey }, maxAttempts: 1 }
}

before(async () => {
  const started = await startTestSandbox()
  sandbox = started.sandbox
  adminKeys = started.admin
  admin = clientsOf(sandbox, adminKeys)
  center = new sso.SSOAdminClient(settings(adminKeys))
  const made = sandbox.makeIdentityCenter(ACCOUNT, REGION)
  InstanceArn = made.instanceArn
  IdentityStoreId = made.identityStoreId
  const answer = await desk('token-issuer-keys', {
    issuerUrl,
    keys: [
      { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa' },
      { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' },
    ],
  })
  assert.equal(answer.status, 200)
})
after(() => sandbox.close())

const desk = (name: string, body: object): Promise<Response> =>
  fetch(`${sandbox.url}/_sandbox/${name}`, { method: 'POST', body: JSON.stringify(body) })

async function makeUser(UserName: string): Promise<string> {
  const Emails = [{ Value: `${UserName}@example.com`, Primary: true }]
  const Name = { GivenName: UserName, FamilyName: 'Example' }
  const command = new CreateUserCommand({ IdentityStoreId, UserName, DisplayName: UserName, Name, Emails })
  return (await admin.store.send(command)).UserId ?? ''
}

/** An application that takes the issuer's tokens for `lake`, as an administrator sets it up. */
async function makeApplication(given: { assignmentRequired?: boolean } = {}): Promise<string> {
  const ApplicationProviderArn = 'arn:aws:sso::aws:applicationProvider/custom'
  const made = await center.send(
    new sso.CreateApplicationCommand({ InstanceArn, ApplicationProviderArn, Name: 'lake' }),
  )
  const ApplicationArn = made.ApplicationArn ?? ''
  const issuer = await center.send(
    new sso.CreateTrustedTokenIssuerCommand({
      InstanceArn,
      Name: 'login',
      TrustedTokenIssuerType: 'OIDC_JWT',
      TrustedTokenIssuerConfiguration: {
        OidcJwtConfiguration: {
          IssuerUrl: issuerUrl,
          ClaimAttributePath: 'email',
          IdentityStoreAttributePath: 'emails.value',
          JwksRetrievalOption: 'OPEN_ID_DISCOVERY',
        },
      },
    }),
  )
  const AuthorizedTokenIssuers = [
    { TrustedTokenIssuerArn: issuer.TrustedTokenIssuerArn ?? '', AuthorizedAudiences: ['lake'] },
  ]
  await center.send(
    new sso.PutApplicationGrantCommand({
      ApplicationArn,
      GrantType: jwtBearer,
      Grant: { JwtBearer: { AuthorizedTokenIssuers } },
    }),
  )
  await center.send(new sso.PutApplicationAccessScopeCommand({ ApplicationArn, Scope: scope }))
  const AssignmentRequired = given.assignmentRequired ?? false
  await center.send(new sso.PutApplicationAssignmentConfigurationCommand({ ApplicationArn, AssignmentRequired }))
  return ApplicationArn
}

function token(claims: object, key: KeyObject = rsa.privateKey, header: object = { alg: 'RS256', kid: 'rsa' }): string {
  const parts = [header, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(parts), { key, dsaEncoding: 'ieee-p1363' })
  return `${parts}.${signature.toString('base64url')}`
}

const claimsOf = (email: string, more: object = {}) => ({
  iss: issuerUrl,
  aud: 'lake',
  sub: email,
  email,
  exp: Math.floor(Date.now() / 1000) + 300,
  ...more,
})

const exchange = (
  clientId: string,
  assertion: string,
  more: { scope?: string[]; grantType?: string } = {},
  keys = adminKeys,
) =>
  new SSOOIDCClient(settings(keys)).send(
    new CreateTokenWithIAMCommand({ clientId, grantType: jwtBearer, assertion, ...more }),
  )

const identityContextOf = (idToken: string | undefined): string =>
  JSON.parse(Buffer.from(idToken?.split('.')[1] ?? '', 'base64url').toString())['sts:identity_context']

describe('the token service', () => {
  test('exchanges a token of the identity provider for an identity that STS takes', async () => {
    const userId = await makeUser('dee')
    const clientId = await makeApplication()
    const answer = await exchange(clientId, token(claimsOf('dee@example.com')), { scope: [scope] })
    assert.deepEqual(answer.scope, [scope])
    assert.equal(answer.tokenType, 'Bearer')
    const context = identityContextOf(answer.idToken)
    assert.equal(answer.awsAdditionalDetails?.identityContext, context)

    const trust = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: ACCOUNT },
          Action: ['sts:AssumeRole', 'sts:SetContext'],
          Resource: undefined,
        },
      ],
    }
    const role = putRole(sandbox, 'directory-session', { trustPolicy: JSON.stringify(trust) })
    const session = await admin.sts.send(
      new AssumeRoleCommand({
        RoleArn: role.arn,
        RoleSessionName: 'dee',
        ProvidedContexts: [
          { ProviderArn: 'arn:aws:iam::aws:contextProvider/IdentityCenter', ContextAssertion: context },
        ],
      }),
    )
    const { sessionToken } = keysOf(session)
    const held = [...sandbox.state.sessions.values()].find(one => one.sessionToken === sessionToken)
    assert.deepEqual(held?.identityCenter, { identityStoreId: IdentityStoreId, userId, applicationArn: clientId })
    await clientsOf(sandbox, keysOf(session)).sts.send(new GetCallerIdentityCommand({}))
  })

  test('takes elliptic curve signatures too', async () => {
    await makeUser('eli')
    const assertion = token(claimsOf('eli@example.com'), ec.privateKey, { alg: 'ES256', kid: 'ec' })
    assert.ok((await exchange(await makeApplication(), assertion)).idToken)
  })

  test('asks for an assignment where the application does', async () => {
    const PrincipalId = await makeUser('fay')
    const ApplicationArn = await makeApplication({ assignmentRequired: true })
    const assertion = token(claimsOf('fay@example.com'))
    assert.equal((await refusal(exchange(ApplicationArn, assertion))).name, 'AccessDeniedException')
    const assignment = { ApplicationArn, PrincipalId, PrincipalType: 'USER' } as const
    await center.send(new sso.CreateApplicationAssignmentCommand(assignment))
    assert.ok((await exchange(ApplicationArn, assertion)).idToken)
    const listed = await center.send(new sso.ListApplicationAssignmentsCommand({ ApplicationArn }))
    assert.deepEqual(listed.ApplicationAssignments, [assignment])
    await center.send(new sso.DeleteApplicationAssignmentCommand(assignment))
    assert.equal((await refusal(exchange(ApplicationArn, assertion))).name, 'AccessDeniedException')
  })

  test('may be called by those whom the actor policy of the application names', async () => {
    const { user, keys } = putUser(sandbox, 'exchanger', mayOnlyAssume)
    const clientId = await makeApplication()
    await makeUser('gus')
    const assertion = token(claimsOf('gus@example.com'))
    assert.equal((await refusal(exchange(clientId, assertion, {}, keys))).name, 'AccessDeniedException')
    const Principal = { AWS: user.arn }
    await center.send(
      new sso.PutApplicationAuthenticationMethodCommand({
        ApplicationArn: clientId,
        AuthenticationMethodType: 'IAM',
        AuthenticationMethod: {
          Iam: {
            ActorPolicy: {
              Version: '2012-10-17',
              Statement: [{ Effect: 'Allow', Principal, Action: 'sso-oauth:CreateTokenWithIAM', Resource: '*' }],
            },
          },
        },
      }),
    )
    assert.ok((await exchange(clientId, assertion, {}, keys)).idToken)
  })

  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const refused: readonly [name: string, assertion: () => string][] = [
    ['one of another issuer', () => token(claimsOf('hal@example.com', { iss: 'https://elsewhere.example' }))],
    ['one for another audience', () => token(claimsOf('hal@example.com', { aud: ['pond'] }))],
    ['an expired one', () => token(claimsOf('hal@example.com', { exp: 1 }))],
    ['one that is not valid yet', () => token(claimsOf('hal@example.com', { nbf: Date.now() }))],
    ['one signed by a stranger', () => token(claimsOf('hal@example.com'), stranger.privateKey)],
    [
      'one changed after signing',
      () =>
        token(claimsOf('hal@example.com')).replace(/\.[^.]+\./, '.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tIn0.'),
    ],
    [
      'one without signature',
      () => `${token(claimsOf('hal@example.com'), rsa.privateKey, { alg: 'none' }).replace(/[^.]+$/, '')}`,
    ],
    ['one of nobody in the directory', () => token(claimsOf('nobody@example.com'))],
    ['plain text', () => 'plain text'],
  ]
  for (const [name, assertion] of refused) {
    test(`refuses a token: ${name}`, async () => {
      const clientId = await makeApplication()
      assert.equal((await refusal(exchange(clientId, assertion()))).name, 'InvalidGrantException')
    })
  }

  test('refuses unknown clients, other grant types and scopes that the application lacks', async () => {
    const clientId = await makeApplication()
    const assertion = token(claimsOf('hal@example.com'))
    const unknown = `${clientId.slice(0, -1)}x`
    assert.equal((await refusal(exchange(unknown, assertion))).name, 'InvalidClientException')
    const other = exchange(clientId, assertion, { grantType: 'authorization_code' })
    assert.equal((await refusal(other)).name, 'UnsupportedGrantTypeException')
    const scopes = exchange(clientId, assertion, { scope: ['redshift:connect'] })
    assert.equal((await refusal(scopes)).name, 'InvalidScopeException')
  })
})

describe('the admin service', () => {
  test('describes the instance with its identity store', async () => {
    const described = await center.send(new sso.DescribeInstanceCommand({ InstanceArn }))
    assert.equal(described.IdentityStoreId, IdentityStoreId)
    const listed = await center.send(new sso.ListInstancesCommand({}))
    assert.deepEqual(
      listed.Instances?.map(one => one.InstanceArn),
      [InstanceArn],
    )
  })

  test('lists, describes and deletes applications', async () => {
    const ApplicationArn = await makeApplication()
    const described = await center.send(new sso.DescribeApplicationCommand({ ApplicationArn }))
    assert.equal(described.Name, 'lake')
    assert.equal(described.InstanceArn, InstanceArn)
    const listed = await center.send(new sso.ListApplicationsCommand({ InstanceArn }))
    assert.ok(listed.Applications?.some(one => one.ApplicationArn === ApplicationArn))
    const scopes = await center.send(new sso.ListApplicationAccessScopesCommand({ ApplicationArn }))
    assert.deepEqual(scopes.Scopes, [{ Scope: scope }])
    const grants = await center.send(new sso.ListApplicationGrantsCommand({ ApplicationArn }))
    assert.deepEqual(
      grants.Grants?.map(one => one.GrantType),
      [jwtBearer],
    )
    await center.send(new sso.DeleteApplicationCommand({ ApplicationArn }))
    const gone = center.send(new sso.DescribeApplicationCommand({ ApplicationArn }))
    assert.equal((await refusal(gone)).name, 'ResourceNotFoundException')
  })

  test('refuses those without permission in the words of IAM', async () => {
    const { keys } = putUser(sandbox, 'outsider', mayOnlyAssume)
    const client = new sso.SSOAdminClient(settings(keys))
    const { name, message } = await refusal(client.send(new sso.DescribeInstanceCommand({ InstanceArn })))
    assert.equal(name, 'AccessDeniedException')
    assert.match(message, /is not authorized to perform: sso:DescribeInstance/)
  })

  test('keeps applications and issuers through a snapshot, and takes snapshots from before there were any', async () => {
    const ApplicationArn = await makeApplication()
    const snapshot = (await (await fetch(`${sandbox.url}/_sandbox/snapshot`)).json()) as Record<string, unknown>
    assert.equal((await desk('snapshot', snapshot)).status, 200)
    await center.send(new sso.DescribeApplicationCommand({ ApplicationArn }))
    const { applications, tokenIssuers, issuerKeys, ...older } = snapshot
    assert.ok(applications && tokenIssuers && issuerKeys)
    assert.equal((await desk('snapshot', older)).status, 200)
    assert.deepEqual((await center.send(new sso.ListApplicationsCommand({ InstanceArn }))).Applications, [])
    assert.equal((await desk('snapshot', snapshot)).status, 200)
  })

  test('the desk refuses keys that are none, and keeps nothing private', async () => {
    assert.equal((await desk('token-issuer-keys', { issuerUrl: 'x', keys: [{ kty: 'RSA' }] })).status, 400)
    const keys = [rsa.privateKey.export({ format: 'jwk' })]
    assert.equal((await desk('token-issuer-keys', { issuerUrl: 'https://private.example', keys })).status, 200)
    const [kept] = sandbox.state.issuerKeys.get('https://private.example') ?? []
    assert.deepEqual(Object.keys(kept ?? {}).sort(), ['e', 'kty', 'n'])
  })
})
