/**
 * Access Grants in our words: the instance, its locations and grants, and what their tags say.
 *
 * Each function is one call, or one listing read to its end; none retries. All throw AwsFailure. Deleting what is
 * already gone succeeds: that is what was wanted.
 */
import {
  CreateAccessGrantCommand,
  CreateAccessGrantsLocationCommand,
  DeleteAccessGrantCommand,
  DeleteAccessGrantsLocationCommand,
  GetAccessGrantsInstanceCommand,
  type ListAccessGrantEntry,
  ListAccessGrantsCommand,
  type ListAccessGrantsLocationsEntry,
  ListTagsForResourceCommand,
  paginateListAccessGrantsLocations,
  TagResourceCommand,
  UpdateAccessGrantsLocationCommand,
} from '@aws-sdk/client-s3-control'
import { AwsFailure, callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

/** The tags that mark what Headgate made. */
export const tenantTag = 'headgate:tenant'
export const intentTag = 'headgate:intent'

export interface Marks {
  readonly tenantId: string
  /** The intent of the integration (location) or of the ledger row (grant). */
  readonly intent: string
}

export interface AwsLocation {
  readonly id: string
  readonly arn: string
  /** As AWS has it; compare with `isLocationOf`. */
  readonly scope: string
  readonly roleArn: string
}

export interface Grantee {
  readonly type: 'IAM' | 'DIRECTORY_USER'
  readonly identifier: string
}

export interface AwsGrant {
  readonly id: string
  readonly arn: string
  readonly locationId: string
  readonly grantee: { readonly type: string; readonly identifier: string }
  readonly permission: string
  /** Location and sub-prefix as AWS joined them. */
  readonly grantScope: string
}

export interface AwsInstance {
  readonly arn: string
  /** Whether people of an Identity Center can be granted to. */
  readonly hasIdentityCenter: boolean
}

/** The account's instance in this region; undefined where there is none. */
export async function findInstance(aws: AwsClients): Promise<AwsInstance | undefined> {
  const command = new GetAccessGrantsInstanceCommand({ AccountId: aws.accountId })
  try {
    const answer = await callAws('GetAccessGrantsInstance', () => aws.s3Control.send(command))
    const { AccessGrantsInstanceArn: arn = '', IdentityCenterInstanceArn, IdentityCenterArn } = answer
    return { arn, hasIdentityCenter: Boolean(IdentityCenterInstanceArn ?? IdentityCenterArn) }
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'notFound') return undefined
    throw error
  }
}

export async function listLocations(aws: AwsClients): Promise<AwsLocation[]> {
  return callAws('ListAccessGrantsLocations', async () => {
    const locations: AwsLocation[] = []
    const pages = paginateListAccessGrantsLocations({ client: aws.s3Control, pageSize }, { AccountId: aws.accountId })
    for await (const { AccessGrantsLocationsList = [] } of pages) {
      locations.push(...AccessGrantsLocationsList.map(presentLocation))
    }
    return locations
  })
}

/**
 * Whether a location that AWS lists is the one of a normalised path: AWS keeps `s3://b`, `s3://b/` and `s3://b/*` as
 * they were typed, and they are one place.
 */
export function isLocationOf(scope: string, locationPath: string): boolean {
  const open = scope.endsWith('/*') ? scope.slice(0, -1) : scope
  return (open.endsWith('/') ? open : `${open}/`) === locationPath
}

/** `lost`: of ours, but of an integration that is none any more: it was forced out of use, or is not known here. */
export type Ownership = 'ours' | 'lost' | 'foreign'

/** Whose a location is, by its tags. */
export async function ownerOfLocation(aws: AwsClients, { arn }: AwsLocation, marks: Marks): Promise<Ownership> {
  const tags = await tagsOf(aws, arn)
  if (tags.get(intentTag) === marks.intent) return 'ours'
  return tags.get(tenantTag) === marks.tenantId && tags.has(intentTag) ? 'lost' : 'foreign'
}

/** The location on that path which carries this intent; undefined where there is none, or another's. */
export async function findLocationByIntent(
  aws: AwsClients,
  { path, intent }: { readonly path: string; readonly intent: string },
): Promise<AwsLocation | undefined> {
  for (const location of await listLocations(aws)) {
    if (!isLocationOf(location.scope, path)) continue
    if ((await tagsOf(aws, location.arn)).get(intentTag) === intent) return location
  }
  return undefined
}

export async function createLocation(
  aws: AwsClients,
  { path, roleArn, marks }: { readonly path: string; readonly roleArn: string; readonly marks: Marks },
): Promise<AwsLocation> {
  const command = new CreateAccessGrantsLocationCommand({
    AccountId: aws.accountId,
    LocationScope: path,
    IAMRoleArn: roleArn,
    Tags: tagsFor(marks),
  })
  return presentLocation(await callAws('CreateAccessGrantsLocation', () => aws.s3Control.send(command)))
}

/** The role is all of a location that can change. */
export async function updateLocationRole(aws: AwsClients, id: string, roleArn: string): Promise<void> {
  const command = new UpdateAccessGrantsLocationCommand({
    AccountId: aws.accountId,
    AccessGrantsLocationId: id,
    IAMRoleArn: roleArn,
  })
  await callAws('UpdateAccessGrantsLocation', () => aws.s3Control.send(command))
}

/** Says by its tags whose it is from now on; other tags stay. */
export async function markLocation(aws: AwsClients, { arn }: AwsLocation, marks: Marks): Promise<void> {
  const command = new TagResourceCommand({ AccountId: aws.accountId, ResourceArn: arn, Tags: tagsFor(marks) })
  await callAws('TagResource', () => aws.s3Control.send(command))
}

export async function deleteLocation(aws: AwsClients, id: string): Promise<void> {
  const command = new DeleteAccessGrantsLocationCommand({ AccountId: aws.accountId, AccessGrantsLocationId: id })
  await orGone(callAws('DeleteAccessGrantsLocation', () => aws.s3Control.send(command)))
}

export interface NewGrant {
  readonly locationId: string
  readonly grantee: Grantee
  readonly permission: 'READ' | 'READWRITE'
  /** Never empty: `*` for the whole location. */
  readonly subPrefix: string
  /** Exactly one object. */
  readonly isObject: boolean
  readonly marks: Marks
}

export async function createGrant(
  aws: AwsClients,
  grant: NewGrant,
): Promise<{ readonly awsGrantId: string; readonly grantScope: string }> {
  const command = new CreateAccessGrantCommand({
    AccountId: aws.accountId,
    AccessGrantsLocationId: grant.locationId,
    AccessGrantsLocationConfiguration: { S3SubPrefix: grant.subPrefix },
    Grantee: { GranteeType: grant.grantee.type, GranteeIdentifier: grant.grantee.identifier },
    Permission: grant.permission,
    ...(grant.isObject ? { S3PrefixType: 'Object' as const } : {}),
    Tags: tagsFor(grant.marks),
  })
  const answer = await callAws('CreateAccessGrant', () => aws.s3Control.send(command))
  return { awsGrantId: answer.AccessGrantId ?? '', grantScope: answer.GrantScope ?? '' }
}

export async function deleteGrant(aws: AwsClients, awsGrantId: string): Promise<void> {
  const command = new DeleteAccessGrantCommand({ AccountId: aws.accountId, AccessGrantId: awsGrantId })
  await orGone(callAws('DeleteAccessGrant', () => aws.s3Control.send(command)))
}

/** Grants of one grantee on exactly this scope: how a grant is found again after a lost answer. */
export async function findGrants(
  aws: AwsClients,
  wanted: { readonly grantee: Grantee; readonly permission: 'READ' | 'READWRITE'; readonly grantScope: string },
): Promise<AwsGrant[]> {
  const found: AwsGrant[] = []
  for await (const page of grantPages(aws, {
    GranteeType: wanted.grantee.type,
    GranteeIdentifier: wanted.grantee.identifier,
    Permission: wanted.permission,
    GrantScope: wanted.grantScope,
  })) {
    found.push(...page)
  }
  // AWS's filter on scope is compared again: what it matches besides equal text is not documented.
  return found.filter(grant => grant.grantScope === wanted.grantScope)
}

/** Every grant of the instance, whoever made it, page by page. */
export function listGrants(aws: AwsClients): AsyncIterable<readonly AwsGrant[]> {
  return grantPages(aws, {})
}

/** The tags of a grant or location, by its ARN. */
export async function tagsOf(aws: AwsClients, arn: string): Promise<ReadonlyMap<string, string>> {
  const command = new ListTagsForResourceCommand({ AccountId: aws.accountId, ResourceArn: arn })
  const { Tags = [] } = await callAws('ListTagsForResource', () => aws.s3Control.send(command))
  return new Map(Tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}

/** The most that AWS gives at once. */
const pageSize = 1000

interface GrantFilter {
  readonly GranteeType?: Grantee['type']
  readonly GranteeIdentifier?: string
  readonly Permission?: 'READ' | 'READWRITE'
  readonly GrantScope?: string
}

async function* grantPages(aws: AwsClients, filter: GrantFilter): AsyncGenerator<readonly AwsGrant[]> {
  let token: string | undefined
  do {
    const command = new ListAccessGrantsCommand({
      AccountId: aws.accountId,
      MaxResults: pageSize,
      ...filter,
      ...(token === undefined ? {} : { NextToken: token }),
    })
    const { AccessGrantsList = [], NextToken } = await callAws('ListAccessGrants', () => aws.s3Control.send(command))
    yield AccessGrantsList.map(presentGrant)
    token = NextToken
  } while (token !== undefined && token !== '')
}

function presentLocation(location: ListAccessGrantsLocationsEntry): AwsLocation {
  return {
    id: location.AccessGrantsLocationId ?? '',
    arn: location.AccessGrantsLocationArn ?? '',
    scope: location.LocationScope ?? '',
    roleArn: location.IAMRoleArn ?? '',
  }
}

export function presentGrant(entry: ListAccessGrantEntry): AwsGrant {
  return {
    id: entry.AccessGrantId ?? '',
    arn: entry.AccessGrantArn ?? '',
    locationId: entry.AccessGrantsLocationId ?? '',
    grantee: { type: entry.Grantee?.GranteeType ?? '', identifier: entry.Grantee?.GranteeIdentifier ?? '' },
    permission: entry.Permission ?? '',
    grantScope: entry.GrantScope ?? '',
  }
}

function tagsFor({ tenantId, intent }: Marks) {
  return [
    { Key: tenantTag, Value: tenantId },
    { Key: intentTag, Value: intent },
  ]
}

async function orGone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!(error instanceof AwsFailure) || error.kind !== 'notFound') throw error
  }
}
