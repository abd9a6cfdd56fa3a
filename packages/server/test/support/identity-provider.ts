/**
 * A real OpenID provider on loopback, with accounts whose claims a test says, and what goes wrong when it is told to.
 *
 * Signing in there is a page with one field: the account. None means that the person turns back.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export type TestClaims = Readonly<Record<string, unknown>>

export interface TestIdentityProvider {
  readonly issuer: string
  /** By account; changed at will. */
  readonly accounts: Map<string, TestClaims>
  /** Whatever the id token is to say instead, signed with the right key; absent: the truth. */
  claimsInstead: ((claims: TestClaims) => TestClaims) | undefined
  /** The token instead of the one that was signed. */
  tokenInstead: ((token: string) => string) | undefined
  /** Discovery documents that were asked for. */
  readonly discoveries: () => number
  /** Signs with another key from now on, and shows that one alone. */
  rotateKeys(): void
  /** To be called once the redirect URIs are known. */
  serve(clients: readonly { readonly client_id: string; readonly redirect_uris: readonly string[] }[]): void
  close(): Promise<void>
}

export const testClientSecret = 'a-secret-of-the-tests-that-nobody-may-read'

/** @param claimsIn where claims other than `sub` are: in the id token, or for those who ask for the user info */
export async function testIdentityProvider(claimsIn: 'token' | 'userinfo' = 'token'): Promise<TestIdentityProvider> {
  let handle: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  let discovered = 0
  const server = createServer((request, response) => {
    if (request.url?.includes('/.well-known/')) discovered += 1
    if (handle) handle(request, response)
    else response.writeHead(503).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const accounts = new Map<string, TestClaims>()
  let keys = newKeys('first')
  let clients: readonly object[] = []

  function start(): void {
    const provider = new Provider(issuer, configurationOf(accounts, clients, keys, claimsIn))
    provider.use(async (context, next) => {
      await next()
      if (context.oidc?.route === 'token') context.body = tampered(context.body, self, keys)
    })
    const answer = provider.callback()
    handle = (request, response) => {
      const [, uid] = /^\/interaction\/([\w-]+)/.exec(request.url ?? '') ?? []
      if (uid === undefined) answer(request, response)
      else void interact(provider, request, response)
    }
  }

  const self: TestIdentityProvider = {
    issuer,
    accounts,
    claimsInstead: undefined,
    tokenInstead: undefined,
    discoveries: () => discovered,
    rotateKeys() {
      keys = newKeys('second')
      start()
    },
    serve(given) {
      clients = given
      start()
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
  return self
}

interface Keys {
  readonly kid: string
  readonly privateKey: KeyObject
}

function newKeys(kid: string): Keys {
  return { kid, privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }
}

function configurationOf(
  accounts: ReadonlyMap<string, TestClaims>,
  clients: readonly object[],
  { kid, privateKey }: Keys,
  claimsIn: 'token' | 'userinfo',
): object {
  const names = [
    'preferred_username',
    'name',
    'email',
    'email_verified',
    'groups',
    'team',
    'arn',
    'nested',
    '_claim_names',
  ]
  return {
    clients: clients.map(client => ({
      client_secret: testClientSecret,
      grant_types: ['authorization_code'],
      response_types: ['code'],
      ...client,
    })),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['a key of the tests'] },
    claims: { openid: ['sub'], profile: names },
    conformIdTokenClaims: claimsIn === 'userinfo',
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) }),
    async loadExistingGrant({
      oidc,
    }: {
      oidc: { provider: Provider; client: { clientId: string }; session: { accountId: string } }
    }) {
      const { provider, client, session } = oidc
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    },
  }
}

async function interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') {
    const form = '<form method="post"><label>Account <input name="account"></label><button>Go on</button></form>'
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Provider</title>${form}`)
    return
  }
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const accountId = new URLSearchParams(body).get('account')
  const denied = { error: 'access_denied', error_description: 'the person turned back' }
  await provider.interactionFinished(request, response, accountId ? { login: { accountId } } : denied)
}

function tampered(body: unknown, { claimsInstead, tokenInstead }: TestIdentityProvider, keys: Keys): unknown {
  const answer = body as { id_token?: string }
  if (answer?.id_token === undefined) return body
  let token = answer.id_token
  if (claimsInstead) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as TestClaims
    token = signed(claimsInstead(claims), keys)
  }
  return { ...answer, id_token: tokenInstead ? tokenInstead(token) : token }
}

function signed(claims: TestClaims, { kid, privateKey }: Keys): string {
  const text = [{ alg: 'RS256', kid }, claims]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
}
