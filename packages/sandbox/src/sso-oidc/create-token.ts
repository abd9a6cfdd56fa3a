/**
 * CreateTokenWithIAM: a person's sign-in at an identity provider, exchanged for Identity Center's word on who they are,
 * `sts:identity_context`, which AssumeRole takes as a provided context.
 */
import { createHmac } from 'node:crypto'
import { authorize } from '../authorize.ts'
import { issueAssertion } from '../identity-center.ts'
import { findUserBy } from '../identity-store/users.ts'
import { type Input, objectMember, objectsMember } from '../json-protocol.ts'
import type { ServiceCall, World } from '../service.ts'
import { isAssigned, jwtBearer } from '../sso/application-rights.ts'
import { instanceOf } from '../sso/sso-call.ts'
import type { DirectoryUser, IdentityStore, SsoApplication, TokenIssuer } from '../state.ts'
import { AwsError, parseJsonObject } from '../wire.ts'
import { type Claims, issuerOf, readAssertion } from './assertion.ts'

/** Seconds; as AWS's tokens. */
const tokenLife = 3600

export function createTokenWithIam(call: ServiceCall): Input {
  const { world } = call
  const input = parseJsonObject(call.request.body)
  const application = requireClient(call, textOf(input, 'clientId'))
  const store = instanceOf(world, application.instanceArn)
  if (!store) throw oauthError('InvalidClientException', 'invalid_client', 'The instance of the client is gone')
  if (textOf(input, 'grantType') !== jwtBearer) {
    throw oauthError('UnsupportedGrantTypeException', 'unsupported_grant_type', `The grant type must be ${jwtBearer}`)
  }
  const scopes = requireScopes(application, input)
  const user = requirePerson(world, application, store, textOf(input, 'assertion'))
  const context = issueAssertion(
    world.state,
    { identityStoreId: store.identityStoreId, userId: user.userId, applicationArn: application.arn },
    world.now(),
  )
  return {
    accessToken: `aoaAAAAA${world.random.bytes(48).toString('base64url')}`,
    tokenType: 'Bearer',
    expiresIn: tokenLife,
    idToken: idToken(world, store, application, user, context),
    issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
    scope: scopes,
    awsAdditionalDetails: { identityContext: context },
  }
}

/** The application, of which the caller may exchange tokens: by its own policies, or by the application's. */
function requireClient({ world, caller }: ServiceCall, arn: string): SsoApplication {
  const application = world.state.applications.get(arn)
  if (application?.status !== 'ENABLED') {
    throw oauthError('InvalidClientException', 'invalid_client', 'The client does not exist or is disabled')
  }
  authorize(world, caller, {
    action: 'sso-oauth:CreateTokenWithIAM',
    resource: arn,
    resourceAccount: application.account,
    resourcePolicy: application.actorPolicy,
  })
  return application
}

function requireScopes(application: SsoApplication, { scope }: Input): readonly string[] {
  const wanted = Array.isArray(scope) && scope.length > 0 ? scope.map(String) : [...application.scopes.keys()]
  const missing = wanted.find(one => one !== 'openid' && !application.scopes.has(one))
  if (missing === undefined) return wanted
  throw oauthError('InvalidScopeException', 'invalid_scope', `The application has no access scope ${missing}`)
}

function requirePerson(
  world: World,
  application: SsoApplication,
  store: IdentityStore,
  assertion: string,
): DirectoryUser {
  const issuer = issuerFor(world, application, issuerOf(assertion))
  const claims = readAssertion(assertion, world.state.issuerKeys.get(issuer.issuerUrl) ?? [], world.now())
  if (typeof claims === 'string') throw invalidGrant(claims)
  if (!audiencesOf(application, issuer).some(audience => claims.aud.includes(audience))) {
    throw invalidGrant('Assertion audience is not authorized')
  }
  const user = findUserBy(store, issuer.directoryPath, claimAt(claims, issuer.claimPath))
  if (!user) throw invalidGrant('No one user of the identity store matches the assertion')
  if (!isAssigned(application, user.userId, user.memberships.keys())) {
    throw new AwsError('AccessDeniedException', 400, 'The user is not assigned to the application', {
      error: 'access_denied',
    })
  }
  return user
}

function issuerFor({ state }: World, application: SsoApplication, url: string | undefined): TokenIssuer {
  const issuers = issuersOf(application).flatMap(
    each => state.tokenIssuers.get(String(each.TrustedTokenIssuerArn)) ?? [],
  )
  const issuer = issuers.find(each => each.issuerUrl === url)
  if (issuer) return issuer
  throw invalidGrant('Assertion issuer is not trusted by the application')
}

function audiencesOf(application: SsoApplication, { arn }: TokenIssuer): readonly string[] {
  return issuersOf(application).flatMap(({ TrustedTokenIssuerArn, AuthorizedAudiences }) =>
    TrustedTokenIssuerArn === arn && Array.isArray(AuthorizedAudiences) ? AuthorizedAudiences.map(String) : [],
  )
}

function issuersOf({ grants }: SsoApplication): readonly Input[] {
  return objectsMember(objectMember(grants.get(jwtBearer) ?? {}, 'JwtBearer'), 'AuthorizedTokenIssuers')
}

/** `email`, or a path such as `identity.email`. */
function claimAt(claims: Claims, path: string): string {
  const value = path.split('.').reduce<unknown>((at, name) => (at as Input | undefined)?.[name], claims)
  return typeof value === 'string' ? value : ''
}

/** Readable by whoever holds it, as AWS's is; only the sandbox itself could check its signature, and nobody has to. */
function idToken(
  { now, random }: World,
  store: IdentityStore,
  application: SsoApplication,
  user: DirectoryUser,
  context: string,
): string {
  const seconds = Math.floor(now() / 1000)
  const claims = {
    iss: `https://identitycenter.amazonaws.com/${store.instanceArn.split('/')[1]}`,
    sub: user.userId,
    aud: application.arn,
    iat: seconds,
    exp: seconds + tokenLife,
    'aws:identity_store_id': store.identityStoreId,
    'aws:identity_store_arn': `arn:aws:identitystore::${store.account}:identitystore/${store.identityStoreId}`,
    'aws:instance_account': store.account,
    'sts:identity_context': context,
    'sts:audit_context': `audit ${user.userId}`,
  }
  const parts = [{ alg: 'HS256', typ: 'JWT' }, claims].map(part =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const signature = createHmac('sha256', random.bytes(32)).update(parts.join('.')).digest('base64url')
  return `${parts.join('.')}.${signature}`
}

function textOf(input: Input, name: string): string {
  const value = input[name]
  if (typeof value === 'string' && value !== '') return value
  throw oauthError('InvalidRequestException', 'invalid_request', `Missing required parameter ${name}`)
}

const invalidGrant = (message: string) => oauthError('InvalidGrantException', 'invalid_grant', message)

const oauthError = (code: string, error: string, message: string): AwsError =>
  new AwsError(code, 400, message, { error })
