/** Grants: create, read, delete, list. There is no update; whatever differs is another grant. */
import type { AccessGrant, AccessGrantsInstance, AccessGrantsLocation, GranteeType } from '../state.ts'
import { childOf, isoMillis, queryValue, textOf, type XmlElement, type XmlFields } from '../wire.ts'
import { bucketFlaw } from './bucket-check.ts'
import {
  type ControlCall,
  type ControlHandler,
  findInstance,
  grantArn,
  instanceArn,
  permit,
  readDocument,
  requireInstance,
} from './control-call.ts'
import { controlError, quotaExceeded } from './errors.ts'
import { type GrantIndex, granteeKey, grantIndexOf, uniquenessOf } from './grant-index.ts'
import { requireGrantee } from './grantee.ts'
import { readPageRequest, takePage } from './page.ts'
import { joinGrantScope, splitScope } from './scope.ts'
import { readTags } from './tags.ts'
import { isApplicationArn, readGranteeType, readId, readPermission } from './validate.ts'

export const createAccessGrant: ControlHandler = call => {
  const document = readDocument(call.request, 'CreateAccessGrantRequest')
  const asked = readGrantRequest(document)
  const location = findInstance(call)?.locations.get(asked.locationId)
  const scope = location === undefined ? undefined : joinGrantScope(location.scope, asked.subPrefix)
  const id = call.world.random.uuid()
  permit(call, grantArn(call, id), { context: { 's3:AccessGrantScope': scope }, requestTags: asked.tags })
  const instance = requireInstance(call)
  if (location === undefined || scope === undefined) throw controlError('NoSuchAccessGrantsLocationError')
  checkScope(call, location, scope, asked)
  requireGrantee(call, instance, asked.granteeType, asked.granteeIdentifier)

  const index = grantIndexOf(instance, call.world.unknowns)
  if (index.isTaken(uniquenessOf({ ...asked, scope }, call.world.unknowns)))
    throw controlError('AccessGrantAlreadyExists')
  const quota = call.world.limits.grantsPerInstance
  if (instance.grants.size >= quota) throw quotaExceeded('AccessGrantsQuotaExceededError', quota)

  instance.sequence++
  const grant: AccessGrant = {
    ...asked,
    id,
    arn: grantArn(call, id),
    createdAt: call.world.now(),
    sequence: instance.sequence,
    scope,
  }
  instance.grants.set(id, grant)
  index.add(grant)
  return printGrant(grant)
}

/** A grant is found by its id at once, even while it has not yet reached the lists and the vending (a fault). */
export const getAccessGrant: ControlHandler = call => printGrant(namedGrant(call).grant)

export const deleteAccessGrant: ControlHandler = call => {
  const { instance, grant } = namedGrant(call)
  const { faults, now, unknowns } = call.world
  const lingerMs = faults.settings.propagation.revocation
  const index = grantIndexOf(instance, unknowns)
  forgetLingering(instance, index, now())
  instance.grants.delete(grant.id)
  if (lingerMs > 0) instance.lingering.set(grant.id, { grant, until: now() + lingerMs })
  index.remove(grant, lingerMs > 0)
  return undefined
}

/** Here and not where a grant is asked for, so that asking changes nothing. The first to linger are the first to go. */
function forgetLingering(instance: AccessGrantsInstance, index: GrantIndex, now: number): void {
  for (const [id, { grant, until }] of instance.lingering) {
    if (until > now) return
    instance.lingering.delete(id)
    index.forget(grant)
  }
}

export const listAccessGrants: ControlHandler = call => {
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })
  const instance = requireInstance(call)
  const filter = readFilter(call)
  const request = readPageRequest(call)
  const { faults, now } = call.world
  const matching = narrowestList(grantIndexOf(instance, call.world.unknowns), filter)
    .after(request.after)
    .filter(grant => matches(filter, grant) && faults.isPropagated('grant', grant.createdAt, now()))
  const page = takePage(request, matching)
  return { NextToken: page.nextToken, AccessGrantsList: { AccessGrant: page.items.map(printGrant) } }
}

type GrantRequest = Omit<AccessGrant, 'id' | 'arn' | 'createdAt' | 'sequence' | 'scope'>

function readGrantRequest(document: XmlElement | undefined): GrantRequest {
  const locationId = textOf(document, 'AccessGrantsLocationId')
  if (locationId === undefined) throw controlError('InvalidRequest', 'AccessGrantsLocationId is required')
  const subPrefix = textOf(childOf(document, 'AccessGrantsLocationConfiguration'), 'S3SubPrefix') || undefined
  if (subPrefix !== undefined && (subPrefix.length > 2000 || /[\r\n]/.test(subPrefix))) {
    throw controlError('InvalidAccessGrant', 'The specified S3SubPrefix is invalid')
  }
  const grantee = childOf(document, 'Grantee')
  const granteeIdentifier = textOf(grantee, 'GranteeIdentifier')
  if (!granteeIdentifier) throw controlError('InvalidRequest', 'Invalid Grantee in the request')
  const prefixType = textOf(document, 'S3PrefixType')
  if (prefixType !== undefined && prefixType !== 'Object') {
    throw controlError('InvalidAccessGrant', 'The specified S3PrefixType is invalid')
  }
  const applicationArn = textOf(document, 'ApplicationArn') || undefined
  if (applicationArn !== undefined && !isApplicationArn(applicationArn)) {
    throw controlError('InvalidAccessGrant', 'The specified ApplicationArn is invalid')
  }
  return {
    locationId: readId(locationId),
    subPrefix,
    granteeType: readGranteeType(textOf(grantee, 'GranteeType'), 'InvalidAccessGrant'),
    granteeIdentifier,
    permission: readPermission(textOf(document, 'Permission'), 'InvalidAccessGrant'),
    applicationArn,
    isObject: prefixType === 'Object',
    tags: readTags(document),
  }
}

function checkScope(call: ControlCall, location: AccessGrantsLocation, scope: string, asked: GrantRequest): void {
  if (location.scope === 's3://' && asked.subPrefix === undefined) {
    throw controlError('InvalidAccessGrant', 'An S3SubPrefix is required for the default location')
  }
  // An object is one key, so its scope can neither be open at the end nor name only a bucket.
  if (asked.isObject && (scope.endsWith('*') || !splitScope(scope).key)) throw controlError('InvalidAccessGrant')
  const flaw = bucketFlaw(call, scope, 'InvalidAccessGrant')
  if (flaw !== undefined) throw flaw
}

function namedGrant(call: ControlCall): { instance: AccessGrantsInstance; grant: AccessGrant } {
  const id = readId(call.named)
  const grant = findInstance(call)?.grants.get(id)
  permit(call, grantArn(call, id), { context: { 's3:AccessGrantScope': grant?.scope }, resourceTags: grant?.tags })
  const instance = requireInstance(call)
  if (grant === undefined) throw controlError('NoSuchAccessGrantError')
  return { instance, grant }
}

interface GrantFilter {
  readonly granteeType: GranteeType | undefined
  readonly granteeIdentifier: string | undefined
  readonly permission: string | undefined
  readonly scope: string | undefined
  readonly applicationArn: string | undefined
}

function readFilter(call: ControlCall): GrantFilter {
  const value = (name: string) => queryValue(call.request, name)
  const granteeType = value('granteetype')
  const permission = value('permission')
  return {
    granteeType: granteeType === undefined ? undefined : readGranteeType(granteeType),
    granteeIdentifier: value('granteeidentifier'),
    permission: permission === undefined ? undefined : readPermission(permission),
    scope: value('grantscope'),
    applicationArn: value('application_arn'),
  }
}

/** Every filter compares literally; groups are not expanded into their people. */
const matches = (filter: GrantFilter, grant: AccessGrant): boolean =>
  (filter.granteeType === undefined || filter.granteeType === grant.granteeType) &&
  (filter.granteeIdentifier === undefined || filter.granteeIdentifier === grant.granteeIdentifier) &&
  (filter.permission === undefined || filter.permission === grant.permission) &&
  (filter.scope === undefined || filter.scope === grant.scope) &&
  (filter.applicationArn === undefined || filter.applicationArn === grant.applicationArn)

function narrowestList(index: GrantIndex, filter: GrantFilter): GrantIndex['all'] {
  const nothing = { *after() {} }
  if (filter.scope !== undefined) return index.byScope.get(filter.scope) ?? nothing
  if (filter.granteeIdentifier === undefined) return index.all
  const { granteeIdentifier } = filter
  const types: readonly GranteeType[] =
    filter.granteeType === undefined ? ['IAM', 'DIRECTORY_USER', 'DIRECTORY_GROUP'] : [filter.granteeType]
  const lists = types.flatMap(type => index.byGrantee.get(granteeKey(type, granteeIdentifier)) ?? [])
  // ARNs, users' and groups' ids never look alike; were one identifier used twice, the whole list would still be right.
  return lists.length > 1 ? index.all : (lists[0] ?? nothing)
}

const printGrant = (grant: AccessGrant): XmlFields => ({
  CreatedAt: isoMillis(grant.createdAt),
  AccessGrantId: grant.id,
  AccessGrantArn: grant.arn,
  Grantee: printGrantee(grant),
  AccessGrantsLocationId: grant.locationId,
  // AWS answers with an empty sub-prefix where none was given.
  AccessGrantsLocationConfiguration: { S3SubPrefix: grant.subPrefix ?? '' },
  Permission: grant.permission,
  ApplicationArn: grant.applicationArn,
  GrantScope: grant.scope,
})

export const printGrantee = (grant: AccessGrant): XmlFields => ({
  GranteeType: grant.granteeType,
  GranteeIdentifier: grant.granteeIdentifier,
})
