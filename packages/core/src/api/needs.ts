/**
 * Who may call a route, as data: the server enforces it, the pages of `docs/` and OpenAPI print it, and a test holds
 * what every route answers to everybody against it.
 *
 * A permission is known before anything is read. What somebody is to the thing that a call is about (an owner of it,
 * say) is looked up when it is read or locked, so that it still holds when the call takes effect.
 */
import type { DomainRight } from './domains.ts'
import type { Permission } from './endpoint.ts'

/**
 * `nobody` needs no key; `signedIn` any key: such a route is about the caller alone, or about what is no secret. A list
 * means any one of these permissions; a rule, that or being something to what the call is about.
 */
export type Needs = 'nobody' | 'signedIn' | readonly Permission[] | Rule

/** What somebody can be to what a call is about, and how it is said. */
const relations = {
  dataSource: {
    owner: 'its owners',
    reaches: 'whoever reaches it',
    finds: 'whoever may find it',
    subscribed: 'whoever has subscribed to it',
  },
  policy: {
    registeringOwner: 'owners of its data source who hold CREATE_S3_DATASOURCE',
    lookingAfter: 'whoever owns, or has such a right over, a data source that it is about or binds',
    picking: 'owners of any data source, where it is made for them to pick',
  },
  domain: {},
  anyDomain: {},
  dataProduct: {},
  request: {
    party: 'who made it, or for whom it is',
    reviewer: 'whoever may decide on it, or did',
    owner: 'owners of the data source that it is for',
  },
  user: { self: 'oneself' },
  apiKey: { self: 'its owner' },
  session: { self: 'whose it is' },
  auditEvent: { owner: 'owners of a data source that it is about' },
  access: {
    self: 'oneself, about what one reaches or may find',
    owner: 'owners of the data source',
  },
  change: { maker: 'whoever may make each of the changes' },
} as const

export type Subject = keyof typeof relations
export type Relation<S extends Subject = Subject> = S extends Subject
  ? keyof (typeof relations)[S] | { readonly inDomain: readonly DomainRight[] }
  : never

export interface RuleAbout<S extends Subject> {
  readonly about: S
  /** Any one of these does for all there are. */
  readonly anyOf: readonly Permission[]
  /** Else any one of these does for the one that the call is about. */
  readonly or: readonly Relation<S>[]
  /**
   * What everybody else is told. `unknown`: 404, as if it were not there. `refused`: 403, or 404 where they may not even
   * read it. `leftOut`: the route lists, and leaves it out.
   */
  readonly others: 'unknown' | 'refused' | 'leftOut'
  /** What of it is shown to whom. */
  readonly shows?: string
}

export type Rule = { readonly [S in Subject]: RuleAbout<S> }[Subject]

const reading = ['MANAGE_POLICIES', 'AUDIT_ACTIVITY'] as const
const seesAll = ['GOVERNANCE', 'AUDIT'] as const

function rule<const R extends Rule>(definition: R): R {
  return definition
}

/** Every rule there is; routes name them. */
export const rules = {
  readDataSource: rule({
    about: 'dataSource',
    anyOf: seesAll,
    or: ['owner', { inDomain: reading }, 'reaches'],
    others: 'unknown',
    shows: 'who only reaches it sees their own access to it',
  }),
  listDataSources: rule({
    about: 'dataSource',
    anyOf: seesAll,
    or: ['owner', { inDomain: reading }, 'reaches'],
    others: 'leftOut',
  }),
  lookAfterDataSource: rule({
    about: 'dataSource',
    anyOf: seesAll,
    or: ['owner', { inDomain: reading }],
    others: 'unknown',
  }),
  changeDataSource: rule({ about: 'dataSource', anyOf: ['GOVERNANCE'], or: ['owner'], others: 'refused' }),
  findDataSource: rule({
    about: 'dataSource',
    anyOf: seesAll,
    or: ['owner', { inDomain: reading }, 'reaches', 'finds'],
    others: 'unknown',
    shows: 'name, description and tags, never where it lies',
  }),
  listFindable: rule({ about: 'dataSource', anyOf: [], or: ['finds'], others: 'leftOut' }),
  unsubscribe: rule({
    about: 'dataSource',
    anyOf: seesAll,
    or: ['owner', { inDomain: reading }, 'reaches', 'finds', 'subscribed'],
    others: 'unknown',
  }),
  readPolicy: rule({
    about: 'policy',
    anyOf: seesAll,
    or: [{ inDomain: reading }, 'lookingAfter', 'picking'],
    others: 'unknown',
  }),
  listPolicies: rule({
    about: 'policy',
    anyOf: seesAll,
    or: [{ inDomain: reading }, 'lookingAfter', 'picking'],
    others: 'leftOut',
  }),
  writePolicy: rule({
    about: 'policy',
    anyOf: ['GOVERNANCE'],
    or: [{ inDomain: ['MANAGE_POLICIES'] }, 'registeringOwner'],
    others: 'refused',
  }),
  checkPolicy: rule({
    about: 'anyDomain',
    anyOf: ['GOVERNANCE', 'CREATE_S3_DATASOURCE'],
    or: [{ inDomain: ['MANAGE_POLICIES'] }],
    others: 'refused',
  }),
  readReviewFlow: rule({
    about: 'anyDomain',
    anyOf: ['GOVERNANCE', 'AUDIT', 'CREATE_S3_DATASOURCE'],
    or: [{ inDomain: ['MANAGE_DATA_PRODUCTS', 'MANAGE_POLICIES'] }],
    others: 'refused',
  }),
  readDomain: rule({
    about: 'domain',
    anyOf: seesAll,
    or: [{ inDomain: ['MANAGE_POLICIES', 'MANAGE_DATA_PRODUCTS', 'AUDIT_ACTIVITY'] }],
    others: 'unknown',
  }),
  listDomains: rule({
    about: 'domain',
    anyOf: seesAll,
    or: [{ inDomain: ['MANAGE_POLICIES', 'MANAGE_DATA_PRODUCTS', 'AUDIT_ACTIVITY'] }],
    others: 'leftOut',
  }),
  readDataProduct: rule({
    about: 'dataProduct',
    anyOf: seesAll,
    or: [{ inDomain: ['MANAGE_DATA_PRODUCTS', 'AUDIT_ACTIVITY'] }],
    others: 'unknown',
  }),
  listDataProducts: rule({
    about: 'dataProduct',
    anyOf: seesAll,
    or: [{ inDomain: ['MANAGE_DATA_PRODUCTS', 'AUDIT_ACTIVITY'] }],
    others: 'leftOut',
  }),
  createDataProduct: rule({
    about: 'dataProduct',
    anyOf: ['GOVERNANCE'],
    or: [{ inDomain: ['MANAGE_DATA_PRODUCTS'] }],
    others: 'refused',
  }),
  manageDataProduct: rule({
    about: 'dataProduct',
    anyOf: ['GOVERNANCE'],
    or: [{ inDomain: ['MANAGE_DATA_PRODUCTS'] }],
    others: 'refused',
  }),
  readRequest: rule({
    about: 'request',
    anyOf: seesAll,
    or: ['party', 'reviewer', 'owner', { inDomain: ['MANAGE_DATA_PRODUCTS'] }],
    others: 'unknown',
    shows: 'who decides is found out anew at each decision: never who made it, whom it is for, or who edited its flow',
  }),
  listRequests: rule({
    about: 'request',
    anyOf: seesAll,
    or: ['party', 'reviewer', 'owner', { inDomain: ['MANAGE_DATA_PRODUCTS'] }],
    others: 'leftOut',
  }),
  reviewRequest: rule({
    about: 'request',
    anyOf: seesAll,
    or: ['reviewer', 'owner', { inDomain: ['MANAGE_DATA_PRODUCTS'] }],
    others: 'refused',
  }),
  commentRequest: rule({
    about: 'request',
    anyOf: ['GOVERNANCE'],
    or: ['party', 'reviewer', 'owner', { inDomain: ['MANAGE_DATA_PRODUCTS'] }],
    others: 'refused',
  }),
  cancelRequest: rule({ about: 'request', anyOf: [], or: ['party'], others: 'refused' }),
  extendRequest: rule({ about: 'request', anyOf: [], or: ['party'], others: 'refused' }),
  revokeRequest: rule({
    about: 'request',
    anyOf: ['GOVERNANCE'],
    or: ['owner', { inDomain: ['MANAGE_DATA_PRODUCTS'] }],
    others: 'refused',
  }),
  readUser: rule({
    about: 'user',
    anyOf: ['USER_ADMIN', 'GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'],
    or: ['self'],
    others: 'refused',
  }),
  readAccessOfUser: rule({ about: 'user', anyOf: seesAll, or: ['self'], others: 'unknown' }),
  listGrants: rule({ about: 'user', anyOf: seesAll, or: ['self'], others: 'leftOut' }),
  makeKey: rule({
    about: 'user',
    anyOf: ['USER_ADMIN'],
    or: ['self'],
    others: 'refused',
    shows:
      'nobody hands out more than they hold: a key for somebody else is narrowed to it, and carries nothing that a person owns',
  }),
  revokeKey: rule({ about: 'apiKey', anyOf: ['USER_ADMIN'], or: ['self'], others: 'unknown' }),
  endSession: rule({ about: 'session', anyOf: [], or: ['self'], others: 'unknown' }),
  explainAccess: rule({
    about: 'access',
    anyOf: seesAll,
    or: ['self', 'owner', { inDomain: reading }],
    others: 'unknown',
    shows: 'of what one may only find, neither where it lies nor what it covers',
  }),
  readPastAccess: rule({
    about: 'access',
    anyOf: seesAll,
    or: ['owner', { inDomain: reading }],
    others: 'unknown',
    shows: 'of oneself always; the access of then to data sources that one looks after today',
  }),
  listAuditEvents: rule({
    about: 'auditEvent',
    anyOf: seesAll,
    or: ['owner', { inDomain: ['AUDIT_ACTIVITY'] }],
    others: 'leftOut',
    shows: 'of events that are about other things too, no more of these than that there was something',
  }),
  readAuditEvent: rule({
    about: 'auditEvent',
    anyOf: seesAll,
    or: ['owner', { inDomain: ['AUDIT_ACTIVITY'] }],
    others: 'unknown',
    shows: 'of an event that is about other things too, no more of these than that there was something',
  }),
  preview: rule({
    about: 'change',
    anyOf: ['GOVERNANCE'],
    or: ['maker'],
    others: 'refused',
    shows: 'rows of data sources that one may read; numbers of all',
  }),
}

/** The permissions one of which a call cannot do without, whatever it is about. */
export function permissionsNeeded(needs: Needs): readonly Permission[] | undefined {
  return isList(needs) ? needs : undefined
}

export function isRule(needs: Needs): needs is Rule {
  return typeof needs === 'object' && !isList(needs)
}

function isList(needs: Needs): needs is readonly Permission[] {
  return Array.isArray(needs)
}

interface Said {
  readonly about: Subject
  readonly anyOf: readonly Permission[]
  readonly or: readonly (string | { readonly inDomain: readonly DomainRight[] })[]
}

/** Who is let through, in words. */
export function whoMay({ about, anyOf, or }: Said): string {
  const words: Readonly<Record<string, string>> = relations[about]
  const others = or.map(relation => {
    return typeof relation === 'string'
      ? (words[relation] ?? relation)
      : `${relation.inDomain.join(' or ')} ${places[about] ?? 'in its domain'}`
  })
  return [...anyOf, ...others].join(', ')
}

const places: { readonly [S in Subject]?: string } = {
  domain: 'in it',
  anyDomain: 'in any domain',
  access: "in the data source's domain",
}
