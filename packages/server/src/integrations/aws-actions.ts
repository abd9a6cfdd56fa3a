/**
 * One table: which operation of AWS Headgate calls with an integration's credentials, the IAM action that it needs, and
 * what for. The controller policy is printed from it, and validation test 8 asks AWS about the very same lines, so what
 * the AWS admin is given and what is checked cannot differ. Pure: calls nothing.
 */
import type { SetupFeature } from '@headgate/core/api'
import { intentTag, tenantTag } from '../aws/access-grants.ts'
import type { Question } from '../aws/roles.ts'

type Feature = 'core' | 'principals' | SetupFeature
/** What an action is done to. */
type On =
  | 'instance'
  | 'location'
  | 'grant'
  | 'locationOrGrant'
  | 'bucket'
  | 'anything'
  | 'locationRole'
  | 'controller'
  | 'roles'
  | 'users'
/** What AWS is to hold us to. */
type Bound = 'free' | 'newLocation' | 'ourLocation' | 'newGrant' | 'ourGrant' | 'anyGrant' | 'tagging' | 'passing'

interface Need {
  readonly operation: string
  readonly action: string
  readonly feature: Feature
  readonly on: On
  readonly bound: Bound
}

export const needs: readonly Need[] = [
  need('GetAccessGrantsInstance', 's3:GetAccessGrantsInstance', 'core', 'instance'),
  need('ListAccessGrantsLocations', 's3:ListAccessGrantsLocations', 'core', 'instance'),
  need('ListAccessGrants', 's3:ListAccessGrants', 'core', 'instance'),
  need('CreateAccessGrantsLocation', 's3:CreateAccessGrantsLocation', 'core', 'location', 'newLocation'),
  need('CreateAccessGrantsLocation', 'iam:PassRole', 'core', 'locationRole', 'passing'),
  need('UpdateAccessGrantsLocation', 's3:UpdateAccessGrantsLocation', 'core', 'location', 'ourLocation'),
  need('UpdateAccessGrantsLocation', 'iam:PassRole', 'core', 'locationRole', 'passing'),
  need('DeleteAccessGrantsLocation', 's3:DeleteAccessGrantsLocation', 'core', 'location', 'ourLocation'),
  need('CreateAccessGrant', 's3:CreateAccessGrant', 'core', 'grant', 'newGrant'),
  need('DeleteAccessGrant', 's3:DeleteAccessGrant', 'core', 'grant', 'ourGrant'),
  // Both creates carry tags, and an adopted location is marked anew.
  need('TagResource', 's3:TagResource', 'core', 'locationOrGrant', 'tagging'),
  need('ListTagsForResource', 's3:ListTagsForResource', 'core', 'locationOrGrant'),
  need('HeadBucket', 's3:ListBucket', 'core', 'bucket'),
  need('ListObjectsV2', 's3:ListBucket', 'core', 'bucket'),
  need('ListBuckets', 's3:ListAllMyBuckets', 'core', 'anything'),
  need('GetRole', 'iam:GetRole', 'core', 'locationRole'),
  need('SimulatePrincipalPolicy', 'iam:SimulatePrincipalPolicy', 'core', 'locationRole'),
  need('GetRole', 'iam:GetRole', 'core', 'controller'),
  need('SimulatePrincipalPolicy', 'iam:SimulatePrincipalPolicy', 'core', 'controller'),
  need('GetRole', 'iam:GetRole', 'principals', 'roles'),
  need('GetUser', 'iam:GetUser', 'principals', 'users'),
  // How much of the quota of roles is used: an account-wide answer.
  need('GetAccountSummary', 'iam:GetAccountSummary', 'principals', 'anything'),
  need('GetAccessGrantsInstanceResourcePolicy', 's3:GetAccessGrantsInstanceResourcePolicy', 'principals', 'instance'),
  need('CreateAccessGrant', 'sso:DescribeInstance', 'identityCenter', 'anything'),
  need('CreateAccessGrant', 'sso:DescribeApplication', 'identityCenter', 'anything'),
  need('CreateAccessGrant', 'identitystore:DescribeGroup', 'identityCenter', 'anything'),
  need('DescribeUser', 'identitystore:DescribeUser', 'identityCenter', 'anything'),
  need('GetUserId', 'identitystore:GetUserId', 'identityCenter', 'anything'),
  need('DescribeInstance', 'sso:DescribeInstance', 'identityCenter', 'anything'),
  need(
    'AssociateAccessGrantsIdentityCenter',
    's3:AssociateAccessGrantsIdentityCenter',
    'associateIdentityCenter',
    'instance',
  ),
  need('AssociateAccessGrantsIdentityCenter', 'sso:CreateApplication', 'associateIdentityCenter', 'anything'),
  need('AssociateAccessGrantsIdentityCenter', 'sso:PutApplicationGrant', 'associateIdentityCenter', 'anything'),
  need(
    'AssociateAccessGrantsIdentityCenter',
    'sso:PutApplicationAuthenticationMethod',
    'associateIdentityCenter',
    'anything',
  ),
  need(
    'DissociateAccessGrantsIdentityCenter',
    's3:DissociateAccessGrantsIdentityCenter',
    'associateIdentityCenter',
    'instance',
  ),
  need('DissociateAccessGrantsIdentityCenter', 'sso:DeleteApplication', 'associateIdentityCenter', 'anything'),
  need('DeleteAccessGrant', 's3:DeleteAccessGrant', 'removeForeignGrants', 'grant', 'anyGrant'),
]

function need(operation: string, action: string, feature: Feature, on: On, bound: Bound = 'free'): Need {
  return { operation, action, feature, on, bound }
}

/** What the lines of the table are filled in with. */
export interface Place {
  readonly accountId: string
  readonly region: string
  /** Normalised. */
  readonly locationPath: string
  readonly locationRole: string
  readonly tenantId: string
  /** ARNs of the users and roles that Headgate acts as. */
  readonly controllers: readonly string[]
  /** Names; none: every bucket of the account. */
  readonly buckets: readonly string[]
}

/** A statement of a policy document, as IAM wants it. */
export interface Statement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/** The statements of the controller policy: the core and the principals, and those of these features. */
export function controllerStatements(place: Place, features: readonly SetupFeature[]): Statement[] {
  return groups(place, features).map(({ actions, feature, on, bound }) => {
    const condition = conditionOf(bound, place)
    return {
      Sid: [feature, on, ...(bound === 'free' ? [] : [bound])].map(capitalised).join(''),
      Effect: 'Allow',
      Action: actions,
      Resource: resourcesOf(on, place),
      ...(condition === undefined ? {} : { Condition: condition }),
    }
  })
}

/** What to ask AWS so as to know whether all of it is allowed. */
export function controllerQuestions(place: Place, features: readonly SetupFeature[]): Question[] {
  return groups(place, features).flatMap(({ actions, on, bound }) =>
    examplesOf(on, place).map(resource => ({ actions, resource, context: contextOf(bound, place) })),
  )
}

interface Group {
  readonly actions: readonly string[]
  readonly feature: Feature
  readonly on: On
  readonly bound: Bound
}

function groups({ locationPath }: Place, features: readonly SetupFeature[]): Group[] {
  const wanted = new Set<Feature>(['core', 'principals', ...features])
  const lines = needs.filter(({ feature, action }) => {
    // Buckets are offered for choice only where the location is all of them.
    return wanted.has(feature) && (action !== 's3:ListAllMyBuckets' || locationPath === 's3://')
  })
  const byPlace = Map.groupBy(lines, ({ feature, on, bound }) => `${feature} ${on} ${bound}`)
  return [...byPlace.values()].flatMap(([first, ...more]) => {
    if (!first) return []
    const actions = [...new Set([first, ...more].map(({ action }) => action))]
    return [{ actions, feature: first.feature, on: first.on, bound: first.bound }]
  })
}

/** `aws`, or that of China or of the US government. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

export function instanceArn({ accountId, region }: Pick<Place, 'accountId' | 'region'>): string {
  return `arn:${partitionOf(region)}:s3:${region}:${accountId}:access-grants/default`
}

export function bucketArns({ region, buckets }: Pick<Place, 'region' | 'buckets'>): string[] {
  const arn = (name: string) => `arn:${partitionOf(region)}:s3:::${name}`
  return buckets.length === 0 ? [arn('*')] : buckets.map(arn)
}

function resourcesOf(on: On, place: Place): readonly string[] {
  const instance = instanceArn(place)
  const iam = `arn:${partitionOf(place.region)}:iam::${place.accountId}`
  const everything: Readonly<Record<On, readonly string[]>> = {
    instance: [instance],
    location: [`${instance}/location/*`],
    grant: [`${instance}/grant/*`],
    locationOrGrant: [`${instance}/location/*`, `${instance}/grant/*`],
    bucket: bucketArns(place),
    anything: ['*'],
    locationRole: [place.locationRole],
    controller: place.controllers,
    roles: [`${iam}:role/*`],
    users: [`${iam}:user/*`],
  }
  return everything[on]
}

/** One concrete thing of each kind, as an answer about `*` would be one about nothing in particular. */
function examplesOf(on: On, place: Place): readonly string[] {
  // Which buckets are meant is known only when they are named.
  if (on === 'bucket' && place.buckets.length === 0) return []
  const id = '00000000-0000-0000-0000-000000000000'
  return resourcesOf(on, place).map(resource => (resource === '*' ? resource : resource.replace('*', id)))
}

function conditionOf(bound: Bound, place: Place): Statement['Condition'] {
  const { tenantId, locationPath } = place
  const request = { [`aws:RequestTag/${tenantTag}`]: tenantId }
  const resource = { [`aws:ResourceTag/${tenantTag}`]: tenantId }
  const location = { 's3:AccessGrantsLocationScope': locationScopes(locationPath) }
  const grant = { 's3:AccessGrantScope': `${locationPath}*` }
  switch (bound) {
    case 'free':
      return undefined
    case 'newLocation':
      return { StringEquals: { ...request, ...location } }
    case 'ourLocation':
      return { StringEquals: { ...resource, ...location } }
    case 'newGrant':
      return { StringEquals: request, StringLike: grant }
    case 'ourGrant':
      return { StringEquals: resource, StringLike: grant }
    case 'anyGrant':
      return { StringLike: grant }
    case 'tagging':
      // What another tenant marked as its own cannot be marked as ours.
      return { StringEquals: request, StringEqualsIfExists: resource }
    case 'passing':
      return { StringEquals: { 'iam:PassedToService': 'access-grants.s3.amazonaws.com' } }
  }
}

/** AWS keeps a location as it was typed, and an adopted one may have been typed otherwise. */
function locationScopes(path: string): readonly string[] {
  return path === 's3://' ? [path] : [path, path.slice(0, -1), `${path}*`]
}

/** What the request itself will say of the condition's keys. */
function contextOf(bound: Bound, { tenantId, locationPath }: Place): Question['context'] {
  const request = { [`aws:RequestTag/${tenantTag}`]: [tenantId], 'aws:TagKeys': [tenantTag, intentTag] }
  const resource = { [`aws:ResourceTag/${tenantTag}`]: [tenantId] }
  const location = { 's3:AccessGrantsLocationScope': [locationPath] }
  const grant = { 's3:AccessGrantScope': [`${locationPath}*`] }
  switch (bound) {
    case 'free':
      return {}
    case 'newLocation':
      return { ...request, ...location }
    case 'ourLocation':
      return { ...resource, ...location }
    case 'newGrant':
      return { ...request, ...grant }
    case 'ourGrant':
      return { ...resource, ...grant }
    case 'anyGrant':
      return grant
    case 'tagging':
      return request
    case 'passing':
      return { 'iam:PassedToService': ['access-grants.s3.amazonaws.com'] }
  }
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
