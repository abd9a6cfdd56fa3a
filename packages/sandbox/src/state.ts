/**
 * Everything the sandbox knows, as plain data: Maps, Sets, Buffers, strings and numbers, so that one codec
 * (state-text.ts) can write it out and read it back. Holds no index that could be derived and no function; those live with the service that owns them.
 */
import type { JsonWebKey } from 'node:crypto'
import type { Instant } from './wire.ts'

export type AccountId = string
export type Region = string

export interface SandboxState {
  readonly accounts: Map<AccountId, Account>
  /** Long-lived keys of every account, by access key id. */
  readonly accessKeys: Map<string, AccessKey>
  /** Temporary credentials, by access key id. */
  readonly sessions: Map<string, Session>
  /** Bucket names are global. */
  readonly buckets: Map<string, Bucket>
  /** By identity store id (`d-…`). */
  readonly identityStores: Map<string, IdentityStore>
  /** Of Identity Center, by ARN. */
  readonly applications: Map<string, SsoApplication>
  /** By ARN. */
  readonly tokenIssuers: Map<string, TokenIssuer>
  /** The public keys that a token issuer signs with, by its URL: what AWS fetches from there. */
  readonly issuerKeys: Map<string, readonly JsonWebKey[]>
  /** By ARN. */
  readonly kmsKeys: Map<string, KmsKey>
}

export interface Account {
  readonly id: AccountId
  /** IAM, by name. */
  readonly users: Map<string, IamUser>
  readonly roles: Map<string, IamRole>
  /** Managed policies, by ARN. */
  readonly policies: Map<string, ManagedPolicy>
  readonly accessGrants: Map<Region, AccessGrantsInstance>
}

// ── IAM and STS (owner: iam/, sts.ts) ──────────────────────────────────────────────────────────────────────────────

export interface IamUser {
  readonly userName: string
  path: string
  arn: string
  /** AIDA… */
  readonly userId: string
  readonly createdAt: Instant
  /** Policy name → JSON text. */
  readonly inlinePolicies: Map<string, string>
  /** ARNs. */
  readonly attachedPolicies: Set<string>
  permissionsBoundary?: string | undefined
  readonly tags: Map<string, string>
}

export interface IamRole {
  readonly roleName: string
  readonly path: string
  readonly arn: string
  /** AROA… */
  readonly roleId: string
  readonly createdAt: Instant
  description?: string | undefined
  /** JSON text. */
  trustPolicy: string
  /** Seconds. */
  maxSessionDuration: number
  readonly inlinePolicies: Map<string, string>
  readonly attachedPolicies: Set<string>
  permissionsBoundary?: string | undefined
  readonly tags: Map<string, string>
}

export interface ManagedPolicy {
  readonly arn: string
  readonly policyName: string
  readonly path: string
  /** ANPA… */
  readonly policyId: string
  readonly createdAt: Instant
  updatedAt: Instant
  description?: string | undefined
  /** Version id (`v1`) → JSON text. */
  readonly versions: Map<string, { readonly document: string; readonly createdAt: Instant }>
  defaultVersion: string
  readonly tags: Map<string, string>
}

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly account: AccountId
  /** Absent: the root user's key. */
  readonly userName?: string | undefined
  status: 'Active' | 'Inactive'
  readonly createdAt: Instant
}

/** Temporary credentials: of an assumed role, or of an IAM user by GetSessionToken. */
export interface Session {
  /** ASIA… */
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly account: AccountId
  readonly of:
    | { readonly kind: 'role'; readonly roleName: string }
    | { readonly kind: 'user'; readonly userName: string }
  /** Of a role session. */
  readonly sessionName?: string | undefined
  /** JSON texts, inline and managed ones alike; with none, the role's own policies decide alone. */
  readonly sessionPolicies: readonly string[]
  readonly tags: ReadonlyMap<string, string>
  readonly issuedAt: Instant
  readonly expiresAt: Instant
  readonly sourceIdentity?: string | undefined
  /** Set on what GetDataAccess vends; the value of `s3:AccessGrantsInstanceArn`. */
  readonly accessGrantsInstanceArn?: string | undefined
  /** Set on an identity-enhanced session (AssumeRole with ProvidedContexts). */
  readonly identityCenter?: IdentityContext | undefined
}

export interface IdentityContext {
  readonly identityStoreId: string
  readonly userId: string
  readonly applicationArn?: string | undefined
}

// ── Access Grants (owner: s3control/) ──────────────────────────────────────────────────────────────────────────────

export interface AccessGrantsInstance {
  readonly account: AccountId
  readonly region: Region
  readonly arn: string
  readonly createdAt: Instant
  identityCenter?: { readonly instanceArn: string; readonly applicationArn: string } | undefined
  resourcePolicy?:
    | { readonly policy: string; readonly organization?: string | undefined; readonly createdAt: Instant }
    | undefined
  /** By location id. */
  readonly locations: Map<string, AccessGrantsLocation>
  /** By grant id, in the order of creation. */
  readonly grants: Map<string, AccessGrant>
  /** Deleted, still vending until `until` because a fault says so. By grant id. */
  readonly lingering: Map<string, { readonly grant: AccessGrant; readonly until: Instant }>
  readonly tags: Map<string, string>
  /** The last sequence number given to a location or grant. */
  sequence: number
}

export interface AccessGrantsLocation {
  readonly id: string
  readonly arn: string
  readonly scope: string
  roleArn: string
  readonly createdAt: Instant
  readonly sequence: number
  readonly tags: Map<string, string>
}

export type GranteeType = 'IAM' | 'DIRECTORY_USER' | 'DIRECTORY_GROUP'
export type Permission = 'READ' | 'WRITE' | 'READWRITE'

export interface AccessGrant {
  readonly id: string
  readonly arn: string
  readonly createdAt: Instant
  readonly sequence: number
  readonly granteeType: GranteeType
  readonly granteeIdentifier: string
  readonly locationId: string
  readonly subPrefix?: string | undefined
  readonly permission: Permission
  readonly applicationArn?: string | undefined
  readonly isObject: boolean
  /** Location scope and sub-prefix joined. */
  readonly scope: string
  readonly tags: Map<string, string>
}

// ── S3 (owner: s3/) ────────────────────────────────────────────────────────────────────────────────────────────────

export interface Bucket {
  readonly name: string
  readonly account: AccountId
  readonly region: Region
  readonly createdAt: Instant
  /** JSON text of the bucket policy. */
  policy?: string | undefined
  readonly tags: Map<string, string>
  /** What is current, by key. */
  readonly objects: Map<string, StoredObject>
  /** Absent: versioning was never turned on. */
  versioning?: 'Enabled' | 'Suspended' | undefined
  /** By key, newest first: earlier versions, and the delete markers. One in front of a key without object is current. */
  noncurrent?: Map<string, readonly StoredVersion[]> | undefined
  /** Multipart uploads under way, by upload id. */
  uploads?: Map<string, MultipartUpload> | undefined
  publicAccessBlock?: PublicAccessBlock | undefined
  /** How objects are encrypted that do not say: with S3's own key unless another is named. */
  encryptionKey?: string | undefined
}

export interface StoredVersion {
  readonly versionId: string
  readonly modifiedAt: Instant
  /** Absent: a delete marker. */
  readonly object?: StoredObject | undefined
}

export interface MultipartUpload {
  readonly uploadId: string
  readonly key: string
  readonly initiatedAt: Instant
  /** The object as it will be, but for its content. */
  readonly draft: Pick<StoredObject, 'contentType' | 'headers' | 'tags' | 'encryptionKey'>
  readonly checksum?: { readonly algorithm: string; readonly isComposite: boolean } | undefined
  /** By part number. */
  readonly parts: Map<number, UploadedPart>
}

export interface UploadedPart {
  readonly number: number
  readonly body: Buffer
  /** With its quotes. */
  readonly etag: string
  /** Base64, by the upload's algorithm. */
  readonly checksum?: string | undefined
  readonly uploadedAt: Instant
}

export interface PublicAccessBlock {
  readonly BlockPublicAcls: boolean
  readonly IgnorePublicAcls: boolean
  readonly BlockPublicPolicy: boolean
  readonly RestrictPublicBuckets: boolean
}

export interface StoredObject {
  readonly key: string
  readonly body: Buffer
  /** With its quotes. */
  readonly etag: string
  readonly modifiedAt: Instant
  readonly contentType: string
  /** Other headers to give back with the object (content-encoding, cache-control, x-amz-meta-…, checksums). */
  readonly headers: Readonly<Record<string, string>>
  readonly tags: ReadonlyMap<string, string>
  /** `null` for one that was stored while versioning was suspended; absent, the same, for one from before. */
  readonly versionId?: string | undefined
  /** ARN of the KMS key; absent: encrypted with S3's own. */
  readonly encryptionKey?: string | undefined
}

// ── KMS (owner: kms/) ──────────────────────────────────────────────────────────────────────────────────────────────

export interface KmsKey {
  readonly arn: string
  readonly keyId: string
  readonly account: AccountId
  readonly region: Region
  readonly createdAt: Instant
  readonly description: string
  readonly material: Buffer
  /** JSON text. */
  policy: string
  state: 'Enabled' | 'Disabled' | 'PendingDeletion'
  /** When it is to be deleted; a key never is before. */
  deletionAt?: Instant | undefined
  /** `alias/…` */
  readonly aliases: Set<string>
}

// ── Identity Center (owner: identity-store/, sso/) ─────────────────────────────────────────────────────────────────

export interface IdentityStore {
  /** d-… */
  readonly identityStoreId: string
  /** arn:aws:sso:::instance/ssoins-… */
  readonly instanceArn: string
  readonly account: AccountId
  readonly region: Region
  readonly createdAt: Instant
  /** By UserId (a GUID). */
  readonly users: Map<string, DirectoryUser>
  /** By GroupId (a GUID). */
  readonly groups: Map<string, DirectoryGroup>
}

export interface DirectoryUser {
  readonly userId: string
  readonly createdAt: Instant
  /** The other attributes as the Identity Store API spells them (UserName, DisplayName, Name, Emails…). */
  attributes: Readonly<Record<string, unknown>>
  /** Group id → membership id; the group's `members` says the same from the other side. */
  readonly memberships: Map<string, string>
}

export interface DirectoryGroup {
  readonly groupId: string
  readonly createdAt: Instant
  attributes: Readonly<Record<string, unknown>>
  /** User id → membership id. */
  readonly members: Map<string, string>
}

export interface SsoApplication {
  /** arn:aws:sso::<account>:application/<instance id>/apl-… */
  readonly arn: string
  readonly instanceArn: string
  readonly account: AccountId
  readonly createdAt: Instant
  readonly providerArn: string
  readonly name: string
  readonly description?: string | undefined
  readonly status: 'ENABLED' | 'DISABLED'
  /** Access scope → authorized targets. */
  readonly scopes: Map<string, readonly string[]>
  /** Grant type → the grant as it was put. */
  readonly grants: Map<string, Readonly<Record<string, unknown>>>
  /** JSON text of who may exchange tokens for the application. */
  actorPolicy?: string | undefined
  assignmentRequired: boolean
  /** `USER <id>` and `GROUP <id>`. */
  readonly assignments: Set<string>
}

/** An identity provider outside, whose tokens are exchanged for Identity Center's. */
export interface TokenIssuer {
  readonly arn: string
  readonly instanceArn: string
  readonly account: AccountId
  readonly name: string
  readonly issuerUrl: string
  /** Which claim of a token names the person, and which attribute of the directory it names them by. */
  readonly claimPath: string
  readonly directoryPath: string
}

// ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function emptyState(): SandboxState {
  return {
    accounts: new Map(),
    accessKeys: new Map(),
    sessions: new Map(),
    buckets: new Map(),
    identityStores: new Map(),
    applications: new Map(),
    tokenIssuers: new Map(),
    issuerKeys: new Map(),
    kmsKeys: new Map(),
  }
}

export function emptyAccount(id: AccountId): Account {
  return { id, users: new Map(), roles: new Map(), policies: new Map(), accessGrants: new Map() }
}

/** Puts `from` in the place of what `state` holds, keeping the object that everybody refers to. */
export function replaceState(state: SandboxState, from: SandboxState): void {
  for (const name of Object.keys(state) as (keyof SandboxState)[]) {
    const target = state[name] as Map<string, unknown>
    target.clear()
    for (const [key, value] of from[name] as Map<string, unknown>) target.set(key, value)
  }
}
