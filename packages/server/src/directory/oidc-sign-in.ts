/**
 * Signing in through an identity provider: OpenID Connect, authorization code with PKCE.
 *
 * Who somebody is, is what the provider's subject says; a person of the same name who is not known to the provider is
 * never taken over. All that the provider says of them is made so before the session starts.
 */
import { createHash } from 'node:crypto'
import { normalName } from '@headgate/core'
import { type ErrorCode, Problem } from '@headgate/core/api'
import {
  AuthorizationResponseError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  fetchUserInfo,
} from 'openid-client'
import { type Act, type Actor, act } from '../db/act.ts'
import { getProvider, keepsVersion, providerTarget } from '../db/identity-provider.ts'
import { findPersonId, insertPerson, lockPerson, updatePerson } from '../db/person.ts'
import { linkPerson, personAwaited, personOfSubject } from '../db/person-identity.ts'
import { readSettings } from '../db/settings.ts'
import type { World } from '../world.ts'
import { assertPerson } from './assert.ts'
import { attemptsAtProviders } from './attempt-limits.ts'
import { assertionOf, type Claims, hasClaim, textAt } from './claims.ts'
import { type Discoveries, faultOf, isUnreached, type OidcProvider } from './oidc-discovery.ts'
import { beginFlow, endedFlowCookie, endFlow, redirectUriOf, safeReturnTo } from './oidc-flow.ts'
import { isReserved } from './reserved-names.ts'
import { type Client, type Cookie, isHttps } from './session-cookie.ts'
import { originOf, startSession } from './start-session.ts'

type Needed = Pick<World, 'db' | 'log'>

/** Where the browser goes next, with what it is to keep. */
export interface Onward {
  readonly location: string
  readonly cookies: readonly Cookie[]
}

/** To the provider, or to the sign-in page with what is wrong. */
export async function beginSignIn(
  world: Needed,
  known: Discoveries,
  id: number,
  returnTo: string | undefined,
  client: Client,
): Promise<Onward> {
  let name: string | undefined
  try {
    await attemptsAtProviders(world, client.ip).count()
    const provider = await providerToSignIn(world, id)
    name = provider.name
    const { publicUrl } = await readSettings(world.db.kysely)
    if (publicUrl === null) throw new Problem('public-url-missing')
    const configuration = await known.configurationOf(provider)
    const redirectUri = redirectUriOf(publicUrl, id)
    const flow = { provider: provider.name, redirectUri, returnTo: safeReturnTo(returnTo) }
    const begun = await beginFlow(world.db, flow, Date.now(), isHttps(publicUrl, client))
    const location = buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: provider.oidc.scopes.join(' '),
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: createHash('sha256').update(begun.codeVerifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    return { location: location.href, cookies: [begun.cookie] }
  } catch (error) {
    return problemPage(world, name, error)
  }
}

/**
 * What the provider sent the browser back with. Into the app, or to the sign-in page with what is wrong.
 * @param query of the address, without the question mark
 */
export async function endSignIn(
  world: Needed,
  known: Discoveries,
  id: number,
  query: string,
  client: Client,
): Promise<Onward> {
  const { db } = world
  const { publicUrl } = await readSettings(db.kysely)
  const state = new URLSearchParams(query).get('state') ?? ''
  const secure = isHttps(publicUrl, client)
  const ended = endedFlowCookie(state, secure)
  let name: string | undefined
  try {
    const flow = await endFlow(db, client, state, secure)
    if (!flow) throw new Problem('sign-in-flow-lost')
    const provider = await providerToSignIn(world, id)
    // Sent back to another provider's address: mixed up, by accident or on purpose.
    if (flow.provider !== provider.name) throw new Problem('sign-in-flow-lost')
    name = provider.name
    const claims = await claimsOf(world, known, provider, new URL(`${flow.redirectUri}?${query}`), flow)
    const person = await personOf(world, provider, claims, client)
    const { cookie } = await startSession(world, person, provider.name, client)
    await attemptsAtProviders(world, client.ip).forgive()
    return { location: flow.returnTo, cookies: [cookie, ended] }
  } catch (error) {
    if (name !== undefined) await sayRefused(world, id, name, error, client)
    const { location } = problemPage(world, name, error)
    return { location, cookies: state === '' ? [] : [ended] }
  }
}

/** @throws Problem `sign-in-provider-unknown` */
async function providerToSignIn({ db }: Needed, id: number): Promise<OidcProvider> {
  const row = await getProvider(db.kysely, id).catch(error => {
    if (error instanceof Problem) throw new Problem('sign-in-provider-unknown', {}, { cause: error })
    throw error
  })
  const { oidc } = row
  if (!row.enabled || !oidc) throw new Problem('sign-in-provider-unknown')
  return { ...row, oidc }
}

interface Expected {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** Those of the id token, and of the user info where any that is needed is missing. */
async function claimsOf(
  { log }: Needed,
  known: Discoveries,
  provider: OidcProvider,
  address: URL,
  { state, nonce, codeVerifier }: Expected,
): Promise<Claims & { readonly sub: string }> {
  const configuration = await known.configurationOf(provider)
  try {
    const tokens = await authorizationCodeGrant(configuration, address, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: true,
    })
    const claims = tokens.claims()
    if (!claims) throw new Problem('sign-in-token-invalid', { provider: provider.name })
    const info = await missingClaims(configuration, provider, claims, tokens.access_token)
    return { ...info, ...claims }
  } catch (error) {
    if (error instanceof Problem) throw error
    if (error instanceof AuthorizationResponseError) {
      const code = error.error === 'access_denied' ? 'sign-in-denied' : 'sign-in-provider-refused'
      throw new Problem(code, { provider: provider.name }, { cause: error })
    }
    // Its keys may be others by now: whoever tries again finds them.
    known.forget(provider)
    log.info({ provider: provider.name, fault: faultOf(error) }, 'a sign-in was not taken')
    const code = isUnreached(error) ? 'sign-in-provider-down' : 'sign-in-token-invalid'
    throw new Problem(code, { provider: provider.name }, { cause: error })
  }
}

async function missingClaims(
  configuration: Configuration,
  { oidc }: OidcProvider,
  claims: Claims & { readonly sub: string },
  accessToken: string,
): Promise<Claims> {
  const { mapping, userNameClaim, fullNameClaim, emailClaim } = oidc
  const needed = [
    ...[userNameClaim, fullNameClaim, emailClaim],
    ...mapping.groups.map(({ claim }) => claim),
    ...mapping.attributes.map(({ claim }) => claim),
    ...(mapping.principal && mapping.principal.kind !== 'none' ? [mapping.principal.claim] : []),
  ]
  if (needed.every(claim => hasClaim(claims, claim))) return {}
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return {}
  return fetchUserInfo(configuration, accessToken, claims.sub)
}

/** Found or made, with what the provider says of them made so. */
async function personOf(
  { db }: Needed,
  provider: OidcProvider,
  claims: Claims & { readonly sub: string },
  client: Client,
): Promise<number> {
  const { name, oidc } = provider
  const allowed = { name, attributeKeys: provider.attribute_keys, groupPatterns: provider.group_patterns }
  // With SCIM, that alone says what people are.
  const said = provider.scim === null ? assertionOf(oidc.mapping, claims, allowed) : undefined
  const actor: Actor = {
    type: 'identityProvider',
    userid: name,
    name,
    identityProvider: name,
    ...originOf(client),
  }
  const makeSo = () =>
    act(db, actor, async doing => {
      // The token took its time. Before anybody is locked, as everybody does who changes providers.
      if (!(await keepsVersion(doing.tx, provider))) throw new Problem('sign-in-flow-lost')
      const person = await findOrMake(doing, provider, claims)
      if (said) await assertPerson(doing, allowed, person, said.assertion, said.leftOut)
      return person
    })
  const { result } = await makeSo().catch(error => {
    if (isOfTheMoment(error)) return makeSo()
    throw error
  })
  return result
}

/** Made at this very moment, perhaps by the same person in another tab; or undone so that another could go on. */
function isOfTheMoment(error: unknown): boolean {
  if (error instanceof Problem) return error.code === 'sign-in-user-taken'
  return error instanceof Error && 'code' in error && error.code === '40P01'
}

async function findOrMake(
  act: Act,
  provider: OidcProvider,
  claims: Claims & { readonly sub: string },
): Promise<number> {
  const { name, oidc } = provider
  const known = await personOfSubject(act.tx, name, claims.sub)
  if (known !== undefined) return refreshed(act, provider, known, claims)
  const userid = userNameOf(provider, claims)
  const awaited = await personAwaited(act.tx, name, userid)
  if (awaited !== undefined) {
    await linkPerson(act, name, await lockPerson(act.tx, awaited), claims.sub)
    return refreshed(act, provider, awaited, claims)
  }
  if ((await findPersonId(act.tx, userid)) !== undefined) throw new Problem('sign-in-user-taken', { provider: name })
  if (!oidc.createsUsers) throw new Problem('sign-in-user-unknown', { provider: name })
  const { fullName, email } = shownOf(provider, claims)
  const person = { userid, name: fullName ?? userid, email, kind: 'person' as const, permissions: [], provider: name }
  const id = await insertPerson(act, person).catch(error => {
    if (!(error instanceof Problem) || error.code !== 'user-exists') throw error
    // Of a name that only looks like it, or made at this very moment.
    throw new Problem('sign-in-user-taken', { provider: name }, { cause: error })
  })
  await linkPerson(act, name, await lockPerson(act.tx, id), claims.sub)
  return id
}

/** With the name that the provider gives them, if it is the one to say so. Throws Problem `user-disabled`. */
async function refreshed(act: Act, provider: OidcProvider, id: number, claims: Claims): Promise<number> {
  const person = await lockPerson(act.tx, id)
  if (person.disabled) throw new Problem('user-disabled', { userid: person.userid })
  if (person.provider === provider.name && provider.scim === null) {
    const { fullName, email } = shownOf(provider, claims)
    await updatePerson(act, id, { name: fullName, email })
  }
  return id
}

/** @throws Problem `sign-in-user-name` */
function userNameOf({ name: provider, oidc }: OidcProvider, claims: Claims): string {
  const { userNameClaim, emailClaim, trustsEmail } = oidc
  const refuse = (reason: string, cause?: unknown) =>
    new Problem('sign-in-user-name', { provider, claim: userNameClaim, reason }, cause ? { cause } : {})
  const given = textAt(claims, userNameClaim)
  if (given === undefined) throw refuse('there is no such claim, or it is no single text')
  const isEmail = userNameClaim === 'email' || userNameClaim === emailClaim
  if (isEmail && !trustsEmail && !isVerified(claims)) throw refuse('the address is not verified')
  if (given.length > 255) throw refuse('it is longer than 255 characters')
  if (isReserved(given)) throw refuse('it is reserved')
  try {
    return normalName(given)
  } catch (error) {
    throw refuse('it cannot be a name', error)
  }
}

function isVerified({ email_verified: said }: Claims): boolean {
  return said === true || said === 'true'
}

/** What is merely shown: left out rather than refused where it is no good. */
function shownOf({ oidc }: OidcProvider, claims: Claims): { fullName: string | undefined; email: string | undefined } {
  const shown = (text: string | undefined, most: number) => {
    const plain = text?.normalize('NFC').replaceAll(/\p{C}/gu, '').trim().slice(0, most).toWellFormed()
    return plain === '' ? undefined : plain
  }
  const email = textAt(claims, oidc.emailClaim)
  const isEmail = email !== undefined && /^[^\s@]+@[^\s@]+$/.test(email) && claims.email_verified !== false
  return {
    fullName: shown(textAt(claims, oidc.fullNameClaim), 255),
    email: isEmail ? shown(email, 320) : undefined,
  }
}

/** The words stand in the table of errors; the address holds the code alone, and whose provider it was. */
function problemPage({ log }: Needed, provider: string | undefined, error: unknown): Onward {
  const code = codeOf(error)
  if (code === 'unexpected') log.error({ err: error }, 'a sign-in failed')
  const query = new URLSearchParams({ problem: code, ...(provider === undefined ? {} : { provider }) })
  return { location: `/app/sign-in?${query}`, cookies: [] }
}

/** What is said to whoever stands before the door, where the table's words are for those within. */
const outside: Partial<Record<ErrorCode, ErrorCode>> = {
  'user-disabled': 'sign-in-user-disabled',
  'rate-limited': 'sign-in-too-often',
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof Problem ? (outside[error.code] ?? error.code) : 'unexpected'
}

/** Only of browsers that came back from a flow of theirs: nobody else writes into the audit trail. */
async function sayRefused({ db }: Needed, id: number, name: string, error: unknown, client: Client): Promise<void> {
  const actor: Actor = { type: 'identityProvider', userid: name, name, identityProvider: name, ...originOf(client) }
  const reason = reasonOf(error)
  await act(db, actor, async ({ audit }) =>
    audit({
      action: 'SIGN_IN',
      actionStatus: 'FAILURE',
      targetType: 'IDENTITY_PROVIDER',
      targets: [providerTarget({ id, name })],
      payload: { type: 'SignInRefused', via: name, code: codeOf(error), reason: reason.slice(0, 500) },
    }),
  )
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Problem)) return faultOf(error)
  const { reason } = error.detail
  if (typeof reason === 'string') return reason
  return error.cause instanceof Error && !(error.cause instanceof Problem) ? faultOf(error) : error.message
}
