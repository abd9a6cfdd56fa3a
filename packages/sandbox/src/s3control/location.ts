/** Locations: an S3 scope and the role that vended credentials are made from. One per scope; only the role can change. */
import type { AccessGrantsInstance, AccessGrantsLocation } from '../state.ts'
import { isoMillis, queryValue, textOf, type XmlFields } from '../wire.ts'
import { bucketFlaw } from './bucket-check.ts'
import {
  type ControlCall,
  type ControlHandler,
  findInstance,
  instanceArn,
  locationArn,
  permit,
  permitElsewhere,
  readDocument,
  requireInstance,
} from './control-call.ts'
import { controlError, quotaExceeded } from './errors.ts'
import { grantIndexOf } from './grant-index.ts'
import { readPageRequest, takePage } from './page.ts'
import { readTags } from './tags.ts'
import { isIamRoleArn, readId, readS3Path } from './validate.ts'

export const createLocation: ControlHandler = call => {
  const document = readDocument(call.request, 'CreateAccessGrantsLocationRequest')
  const tags = readTags(document)
  const scope = readS3Path(textOf(document, 'LocationScope'), 'LocationScope', 'InvalidAccessGrantsLocation')
  // The whole of S3 has a name of its own; every other location gets a random one.
  const id = scope === 's3://' ? 'default' : call.world.random.uuid()
  permit(call, locationArn(call, id), { context: { 's3:AccessGrantsLocationScope': scope }, requestTags: tags })
  const roleArn = readRole(call, textOf(document, 'IAMRoleArn'))
  const instance = requireInstance(call)
  if (scope !== 's3://') {
    const flaw = bucketFlaw(call, scope, 'InvalidAccessGrantsLocation')
    if (flaw !== undefined) throw flaw
  }
  for (const each of instance.locations.values()) {
    if (each.scope === scope) throw controlError('AccessGrantsLocationAlreadyExistsError')
  }
  const quota = call.world.limits.locationsPerInstance
  if (instance.locations.size >= quota) throw quotaExceeded('AccessGrantsLocationsQuotaExceededError', quota)

  instance.sequence++
  const location: AccessGrantsLocation = {
    id,
    arn: locationArn(call, id),
    scope,
    roleArn,
    createdAt: call.world.now(),
    sequence: instance.sequence,
    tags,
  }
  instance.locations.set(id, location)
  return printLocation(location)
}

export const getLocation: ControlHandler = call => printLocation(namedLocation(call).location)

export const updateLocation: ControlHandler = call => {
  const document = readDocument(call.request, 'UpdateAccessGrantsLocationRequest')
  const { location } = namedLocation(call)
  location.roleArn = readRole(call, textOf(document, 'IAMRoleArn'))
  return printLocation(location)
}

export const deleteLocation: ControlHandler = call => {
  const { instance, location } = namedLocation(call)
  const { unknowns, now } = call.world
  const count = grantIndexOf(instance, unknowns).perLocation.get(location.id) ?? 0
  if (count > 0 || hasLingering(instance, location.id, now())) throw controlError('AccessGrantsLocationNotEmptyError')
  instance.locations.delete(location.id)
  return undefined
}

export const listLocations: ControlHandler = call => {
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })
  const instance = requireInstance(call)
  const scope = queryValue(call.request, 'locationscope')
  const request = readPageRequest(call)
  const matching = [...instance.locations.values()].filter(
    location => location.sequence > request.after && (scope === undefined || location.scope === scope),
  )
  const page = takePage(request, matching)
  return {
    NextToken: page.nextToken,
    AccessGrantsLocationsList: { AccessGrantsLocation: page.items.map(printLocation) },
  }
}

function namedLocation(call: ControlCall): { instance: AccessGrantsInstance; location: AccessGrantsLocation } {
  const id = readId(call.named)
  const location = findInstance(call)?.locations.get(id)
  const context = { 's3:AccessGrantsLocationScope': location?.scope }
  permit(call, locationArn(call, id), { context, resourceTags: location?.tags })
  const instance = requireInstance(call)
  if (location === undefined) throw controlError('NoSuchAccessGrantsLocationError')
  return { instance, location }
}

/** The role of a location: in the same account, known everywhere by now, and the caller may pass it on. */
function readRole(call: ControlCall, arn: string | undefined): string {
  if (arn === undefined || !isIamRoleArn(arn)) throw controlError('InvalidIamRole')
  permitElsewhere(call, 'iam:PassRole', arn, { 'iam:PassedToService': 'access-grants.s3.amazonaws.com' })
  const { state, faults, now } = call.world
  const role = state.accounts.get(call.account)?.roles.get(arn.slice(arn.lastIndexOf('/') + 1))
  if (role?.arn !== arn || !faults.isPropagated('role', role.createdAt, now())) throw controlError('InvalidIamRole')
  return arn
}

/** Deleted grants that have not yet left every corner of AWS still hold on to their location. */
function hasLingering(instance: AccessGrantsInstance, locationId: string, now: number): boolean {
  for (const { grant, until } of instance.lingering.values()) {
    if (grant.locationId === locationId && until > now) return true
  }
  return false
}

const printLocation = (location: AccessGrantsLocation): XmlFields => ({
  CreatedAt: isoMillis(location.createdAt),
  AccessGrantsLocationId: location.id,
  AccessGrantsLocationArn: location.arn,
  LocationScope: location.scope,
  IAMRoleArn: location.roleArn,
})
