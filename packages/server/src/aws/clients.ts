/**
 * The way into AWS for each integration: one set of SDK clients, kept while its credentials stay the same.
 *
 * The SDK's own retries are off, so that one place decides about trying again; a call ends after 5 s. Credentials are
 * opened from the vault when a set is made and live nowhere else.
 */
import { createHash } from 'node:crypto'
import { IAMClient } from '@aws-sdk/client-iam'
import { IdentitystoreClient } from '@aws-sdk/client-identitystore'
import { S3Client } from '@aws-sdk/client-s3'
import { S3ControlClient } from '@aws-sdk/client-s3-control'
import { SSOAdminClient } from '@aws-sdk/client-sso-admin'
import { STSClient } from '@aws-sdk/client-sts'
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers'
import type { AuthenticationType } from '@headgate/core/api'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type { Sealed, Vault } from '../secrets.ts'

/** Everything needed to speak to one account and region as one identity. */
export interface AwsClients {
  readonly accountId: string
  readonly region: string
  readonly s3Control: S3ControlClient
  readonly s3: S3Client
  readonly sts: STSClient
  readonly iam: IAMClient
  readonly identityStore: IdentitystoreClient
  readonly ssoAdmin: SSOAdminClient
}

/** The part of an integration's row that says how to reach AWS. */
export interface IntegrationAccess {
  readonly id: number
  readonly intent: string
  readonly account_id: string
  readonly region: string
  readonly authentication_type: AuthenticationType
  readonly access_key_id: string | null
  readonly secret_access_key: Sealed | null
  readonly assumed_role: string | null
}

/** `auto`: the SDK's default chain, which is also whence a role is assumed from. */
export type AwsCredentials =
  | 'auto'
  | { readonly accessKeyId: string; readonly secretAccessKey: string }
  | { readonly assumedRole: string }

/** Credentials that are not stored (yet). */
export interface AwsTarget {
  readonly accountId: string
  readonly region: string
  readonly credentials: AwsCredentials
}

export interface AwsAccess {
  /** The integration's clients: the same ones as long as its credentials are the same. */
  of(integration: IntegrationAccess): AwsClients
  /** Clients for `work` alone, with credentials that need not be stored. */
  trying<T>(target: AwsTarget, work: (aws: AwsClients) => Promise<T>): Promise<T>
  /** Clients for long uploads, with credentials that need not be stored; whoever opens them destroys them. */
  forUploads(target: AwsTarget): ClientSet
  /** Clients for `work` alone, with an integration's credentials as they are stored, or are to be. */
  aside<T>(integration: IntegrationAccess, work: (aws: AwsClients) => Promise<T>): Promise<T>
  /** Drops the clients of an integration that has ended. */
  forget(integrationId: number): void
  close(): void
}

export interface AwsAccessOptions {
  readonly vault: Vault
  /** Asked for once a role is assumed: its trust policy names it, so that nobody else can have us assume it. */
  readonly externalId?: () => Promise<string>
  /** In the place of AWS's own addresses, for every service. */
  readonly endpoint?: string | undefined
  /** Calls in flight at once, per account and region. */
  readonly parallel: number
  /** Milliseconds, default 5000. */
  readonly requestTimeoutMs?: number
}

/** Where the secret of an integration is sealed for; its intent names the row before it has an id. */
export function secretContext(intent: string): string {
  return `integration/${intent}/awsSecretAccessKey`
}

export function createAwsAccess(options: AwsAccessOptions): AwsAccess {
  const kept = new Map<number, { readonly mark: string; readonly set: ClientSet }>()
  const forget = (id: number) => {
    kept.get(id)?.set.destroy()
    kept.delete(id)
  }
  async function trying<T>(target: AwsTarget, work: (aws: AwsClients) => Promise<T>): Promise<T> {
    const set = openClients(target, options)
    try {
      return await work(set.clients)
    } finally {
      set.destroy()
    }
  }
  return {
    of(integration) {
      const mark = markOf(integration)
      const found = kept.get(integration.id)
      if (found?.mark === mark) return found.set.clients
      forget(integration.id)
      const set = openClients(targetOf(integration, options.vault), options)
      kept.set(integration.id, { mark, set })
      return set.clients
    },
    trying,
    forUploads: target => openClients(target, { ...options, requestTimeoutMs: uploadTimeoutMs }, uploadAttempts),
    aside: (integration, work) => trying(targetOf(integration, options.vault), work),
    forget,
    close() {
      for (const id of [...kept.keys()]) forget(id)
    },
  }
}

function targetOf(integration: IntegrationAccess, vault: Vault): AwsTarget {
  const { account_id: accountId, region, access_key_id: accessKeyId, secret_access_key: secret } = integration
  if (integration.authentication_type === 'auto') return { accountId, region, credentials: 'auto' }
  if (integration.assumed_role !== null) {
    return { accountId, region, credentials: { assumedRole: integration.assumed_role } }
  }
  if (accessKeyId === null || secret === null) throw new Error(`integration ${integration.id} has no stored access key`)
  const secretAccessKey = vault.open(secret, secretContext(integration.intent))
  return { accountId, region, credentials: { accessKeyId, secretAccessKey } }
}

/** Changes exactly when the clients must; sealing again, even the same secret, gives other text. */
function markOf(row: IntegrationAccess) {
  const { account_id, region, authentication_type, access_key_id, secret_access_key, assumed_role } = row
  const parts = [account_id, region, authentication_type, access_key_id, secret_access_key?.text, assumed_role]
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64')
}

export interface ClientSet {
  readonly clients: AwsClients
  destroy(): void
}

/** For some megabytes over a slow line. */
const uploadTimeoutMs = 120_000
/** By the SDK, which knows a part of an upload from the next: each may be sent twice. */
const uploadAttempts = 4

function openClients(
  { accountId, region, credentials }: AwsTarget,
  options: AwsAccessOptions,
  maxAttempts = 1,
): ClientSet {
  const { endpoint, parallel, requestTimeoutMs = 5000 } = options
  const requestHandler = new NodeHttpHandler({
    requestTimeout: requestTimeoutMs,
    // Without it a late answer is only warned of.
    throwOnRequestTimeout: true,
    connectionTimeout: Math.min(3000, requestTimeoutMs),
    // Waiting for a socket counts as part of the call, so there is always one more than callers.
    httpAgent: { keepAlive: true, maxSockets: parallel + 10 },
    httpsAgent: { keepAlive: true, maxSockets: parallel + 10 },
  })
  const common = {
    region,
    // One provider for all services: the chain is walked once, and its credentials renewed in one place.
    credentials: credentialsOf(credentials, options, { region, requestHandler }),
    maxAttempts,
    requestHandler,
  }
  const there = endpoint === undefined ? {} : { endpoint }
  const clients: AwsClients = {
    accountId,
    region,
    s3Control: new S3ControlClient(
      endpoint === undefined ? common : { ...common, ...s3ControlEndpoint(endpoint, region) },
    ),
    s3: new S3Client({ ...common, ...there, ...(endpoint === undefined ? {} : { forcePathStyle: true }) }),
    sts: new STSClient({ ...common, ...there }),
    iam: new IAMClient({ ...common, ...there }),
    identityStore: new IdentitystoreClient({ ...common, ...there }),
    ssoAdmin: new SSOAdminClient({ ...common, ...there }),
  }
  return { clients, destroy: () => requestHandler.destroy() }
}

function credentialsOf(
  credentials: AwsCredentials,
  { endpoint, externalId }: AwsAccessOptions,
  { region, requestHandler }: { readonly region: string; readonly requestHandler: NodeHttpHandler },
) {
  if (credentials === 'auto') return fromNodeProviderChain({ clientConfig: { region } })
  if ('accessKeyId' in credentials) return credentials
  const { assumedRole: RoleArn } = credentials
  // Asked anew by each client of the set once its own have nearly expired.
  return async () => {
    if (externalId === undefined) throw new Error('no role is assumed without an external id')
    const assume = fromTemporaryCredentials({
      masterCredentials: fromNodeProviderChain({ clientConfig: { region } }),
      params: { RoleArn, ExternalId: await externalId(), RoleSessionName: 'headgate', DurationSeconds: 3600 },
      clientConfig: { region, maxAttempts: 1, requestHandler, ...(endpoint === undefined ? {} : { endpoint }) },
    })
    return assume()
  }
}

/** S3 Control's rules put the account into the host name, which no local address survives (facts 1.6). */
function s3ControlEndpoint(endpoint: string, region: string) {
  const authSchemes = [{ name: 'sigv4', signingName: 's3', signingRegion: region, disableDoubleEncoding: true }]
  const resolved = { url: new URL(endpoint), properties: { authSchemes }, headers: {} }
  return { endpointProvider: () => resolved, disableHostPrefix: true }
}
