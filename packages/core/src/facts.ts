/**
 * Step 0 of the line: what we are told, as plain rows.
 *
 * Everything that decides access is in here and nothing else is: people, what is known of them, data sources and
 * their tags, policies and members. Later steps read these rows and never change them. No clock: expiries are
 * instants to be compared with the `now` that a caller hands in.
 */
import type { Expression } from './policy/expression.ts'
import type { Scope } from './scope.ts'

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

declare const brand: unique symbol
type Id<Name extends string> = number & { readonly [brand]: Name }

export type UserId = Id<'user'>
export type GroupId = Id<'group'>
export type DataSourceId = Id<'data source'>
export type IntegrationId = Id<'integration'>
export type PolicyId = Id<'policy'>
export type MemberId = Id<'member'>
export type MembershipId = Id<'membership'>
/** A cuid2. */
export type DataProductId = string & { readonly [brand]: 'data product' }

/** What a policy, a member or a request gives. WRITE includes READ and becomes READWRITE in AWS. */
export type Level = 'READ' | 'WRITE'

/** One AWS account + region + Access Grants location. */
export interface Integration {
  readonly id: IntegrationId
  readonly accountId: string
  readonly region: string
  /** Normalised: `s3://`, `s3://bucket/` or `s3://bucket/prefix/`. */
  readonly locationPath: string
  /** Leave out a grant that an equal one of the same grantee covers already (05). */
  readonly subsumeEqual: boolean
  /**
   * Who of other accounts its instance lets vend: whole accounts by their number, or users and roles by their ARN.
   * Absent: nobody.
   */
  readonly vendsTo?: readonly string[]
}

export interface User {
  readonly id: UserId
  /** The user name, unique in the tenant; what `@isUser` compares. */
  readonly userid: string
  readonly disabled: boolean
}

/** A group's attributes are inherited by its members. */
export interface Group {
  readonly id: GroupId
  /** Unique in the tenant; what `@isInGroups` compares. */
  readonly name: string
  readonly users: readonly UserId[]
}

/** One value under one key of a user or of a group. */
export interface Attribute {
  readonly subject: { readonly user: UserId } | { readonly group: GroupId }
  readonly key: string
  readonly value: string
}

export type PrincipalKind = 'iamUser' | 'iamRole' | 'identityCenterUser'

/** The AWS identity of a user; without an integration it serves every integration that has no entry of its own. */
export interface Principal {
  readonly user: UserId
  readonly kind: PrincipalKind
  /** A full ARN, compared byte for byte, or an Identity Store user id. */
  readonly identifier: string
  readonly integration?: IntegrationId
  /** AWS has somebody else under this name than whoever was mapped: nothing is granted until a user admin says so. */
  readonly isAnother?: true
}

export interface DataSource {
  readonly id: DataSourceId
  readonly name: string
  readonly integration: IntegrationId
  readonly scope: Scope
  readonly tags: readonly string[]
  /** The domains into which it was put by hand. */
  readonly domains: readonly string[]
  /** A disabled data source gives nothing. Its guardrails go on binding whatever covers it: its data is still there. */
  readonly disabled: boolean
}

/** A named set of data sources: those put in by hand, and those with one of its tags or a child of one. */
export interface Domain {
  /** Never changes; what conditions and policies compare. */
  readonly name: string
  readonly tags: readonly string[]
}

/** One condition on a data source: `tag` takes children in, `name` is a glob with `*` for any run of characters. */
export type Condition =
  | { readonly tag: string }
  | { readonly domain: string }
  | { readonly integration: IntegrationId }
  | { readonly scope: Scope }
  | { readonly name: string }

export type AppliesTo =
  | { readonly everything: true }
  /** The data sources for which their owners picked the policy. */
  | { readonly selected: true }
  | { readonly any: readonly Condition[] }
  | { readonly all: readonly Condition[] }

/** Whom a policy is about: everyone, or the people for whom an expression of the policy language holds. */
export type Who = { readonly everyone: true } | { readonly when: Expression }

/** How far a policy's authority goes: of what `appliesTo` takes in, only data sources within that domain, or that one. */
export type Reach = 'global' | { readonly domain: string } | { readonly dataSource: DataSourceId }

/** Only active policies are facts: a staged one is stored and applied to nothing. */
export interface Policy {
  readonly id: PolicyId
  readonly version: number
  readonly name: string
  /** A grant policy lets people in; a guardrail is a minimum that everyone must meet. */
  readonly kind: 'grant' | 'guardrail'
  readonly level: Level
  readonly reach: Reach
  readonly appliesTo: AppliesTo
  readonly who: Who
  /** `manual`: who qualifies must have subscribed too. Guardrails are always automatic. */
  readonly subscribe: 'automatic' | 'manual'
  /** Who does not qualify may still find the data sources it applies to; gives no access. */
  readonly discoverable: boolean
  /** Its `who` lets nobody in; people may ask, and who is approved becomes a member. */
  readonly opensRequests?: true
  /** A standing policy of the marketplace: nobody changes it, and it alone sees reserved names. */
  readonly protected?: true
}

/** An owner picked a policy that applies to selected data sources. */
export interface Selection {
  readonly policy: PolicyId
  readonly dataSource: DataSourceId
}

/** Somebody asked for what manual policies of this very level offer them; gives nothing without such a policy. */
export interface Subscription {
  readonly user: UserId
  readonly dataSource: DataSourceId
  readonly level: Level
}

/** Somebody added to one data source by name, perhaps until a date. */
export interface Member {
  readonly id: MemberId
  readonly dataSource: DataSourceId
  readonly subject: { readonly user: UserId } | { readonly group: GroupId }
  readonly level: Level
  /** The first instant at which the membership no longer holds; without it, no end. */
  readonly until?: Instant
}

/** What is published of a data product: its data sources carry its tags, one for each level. */
export interface DataProduct {
  readonly id: DataProductId
  readonly dataSources: readonly DataSourceId[]
  /** Those that people may ask for. */
  readonly levels: readonly Level[]
}

/** Somebody who was let into a data product, perhaps until a date; several of the same never undo each other. */
export interface Membership {
  readonly id: MembershipId
  readonly user: UserId
  readonly product: DataProductId
  readonly level: Level
  /** The first instant at which it no longer holds; without it, no end. */
  readonly until?: Instant
}

export interface Facts {
  readonly integrations: readonly Integration[]
  readonly users: readonly User[]
  readonly groups: readonly Group[]
  readonly attributes: readonly Attribute[]
  readonly principals: readonly Principal[]
  readonly domains: readonly Domain[]
  readonly dataSources: readonly DataSource[]
  readonly policies: readonly Policy[]
  readonly selections: readonly Selection[]
  readonly subscriptions: readonly Subscription[]
  readonly members: readonly Member[]
  readonly dataProducts: readonly DataProduct[]
  readonly memberships: readonly Membership[]
}
