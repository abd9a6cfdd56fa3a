/** The Access Grants instance of an account and region: at most one, empty before it goes, perhaps tied to Identity Center. */
import type { World } from '../service.ts'
import { makeApplication } from '../sso/applications.ts'
import type { AccessGrantsInstance, Account, AccountId, Region } from '../state.ts'
import { isoMillis, queryValue, textOf, type XmlFields } from '../wire.ts'
import {
  type ControlCall,
  type ControlHandler,
  findInstance,
  instanceArn,
  permit,
  permitElsewhere,
  readDocument,
  requireInstance,
} from './control-call.ts'
import { controlError } from './errors.ts'
import { readPageRequest, takePage } from './page.ts'
import { splitScope } from './scope.ts'
import { readTags } from './tags.ts'
import { isIdentityCenterArn, readS3Path } from './validate.ts'

export const createInstance: ControlHandler = call => {
  const document = readDocument(call.request, 'CreateAccessGrantsInstanceRequest')
  const tags = readTags(document)
  const arn = instanceArn(call.account, call.region)
  permit(call, arn, { requestTags: tags })
  const account = requireAccount(call)
  if (account.accessGrants.has(call.region)) throw controlError('AccessGrantsInstanceAlreadyExists')
  const center = textOf(document, 'IdentityCenterArn')
  const instance: AccessGrantsInstance = {
    ...emptyInstance(call.world, call.account, call.region),
    identityCenter: center === undefined ? undefined : connectIdentityCenter(call, center),
    tags,
  }
  account.accessGrants.set(call.region, instance)
  return printInstance(instance)
}

export const getInstance: ControlHandler = call => {
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })
  return printInstance(requireInstance(call))
}

export const deleteInstance: ControlHandler = call => {
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })
  const instance = requireInstance(call)
  if (instance.locations.size > 0) throw controlError('AccessGrantsInstanceNotEmptyError')
  if (instance.identityCenter !== undefined && call.world.unknowns.associatedInstanceBlocksDelete) {
    throw controlError(
      'InvalidRequest',
      'Dissociate the Identity Center instance before deleting the access grants instance',
    )
  }
  requireAccount(call).accessGrants.delete(call.region)
  return undefined
}

export const listInstances: ControlHandler = call => {
  permit(call, '*')
  const instance = findInstance(call)
  const page = takePage(readPageRequest(call), instance === undefined ? [] : [{ sequence: 1, instance }])
  return {
    NextToken: page.nextToken,
    AccessGrantsInstancesList: { AccessGrantsInstance: page.items.map(item => printInstance(item.instance)) },
  }
}

/** Which instance governs a prefix: that of the bucket's owner in the bucket's region, which may be another account. */
export const getInstanceForPrefix: ControlHandler = call => {
  const { bucket: name } = splitScope(readS3Path(queryValue(call.request, 's3prefix'), 's3prefix'))
  const { state } = call.world
  const bucket = state.buckets.get(name)
  const isHere = bucket?.region === call.region
  const instance = isHere ? state.accounts.get(bucket.account)?.accessGrants.get(call.region) : undefined
  permit(call, instance?.arn ?? instanceArn(call.account, call.region), { instance })
  if (instance === undefined) throw controlError('AccessGrantsInstanceNotExistsError')
  return { AccessGrantsInstanceArn: instance.arn, AccessGrantsInstanceId: 'default' }
}

export const associateIdentityCenter: ControlHandler = call => {
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })
  const instance = requireInstance(call)
  const document = readDocument(call.request, 'AssociateAccessGrantsIdentityCenterRequest')
  const center = textOf(document, 'IdentityCenterArn') ?? ''
  if (instance.identityCenter !== undefined) {
    if (instance.identityCenter.instanceArn === center) return undefined
    throw controlError(
      'InvalidRequest',
      'The access grants instance is associated with another Identity Center instance',
    )
  }
  instance.identityCenter = connectIdentityCenter(call, center)
  return undefined
}

export const dissociateIdentityCenter: ControlHandler = call => {
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })
  const instance = requireInstance(call)
  if (instance.identityCenter === undefined) {
    throw controlError(
      'InvalidRequest',
      'The access grants instance is not associated with an Identity Center instance',
    )
  }
  permitElsewhere(call, 'sso:DeleteApplication', instance.identityCenter.applicationArn)
  call.world.state.applications.delete(instance.identityCenter.applicationArn)
  instance.identityCenter = undefined
  return undefined
}

function requireAccount(call: ControlCall): Account {
  const account = call.world.state.accounts.get(call.account)
  if (account === undefined) throw controlError('AccessDenied')
  return account
}

export function emptyInstance(world: World, account: AccountId, region: Region): AccessGrantsInstance {
  return {
    account,
    region,
    arn: instanceArn(account, region),
    createdAt: world.now(),
    locations: new Map(),
    grants: new Map(),
    lingering: new Map(),
    tags: new Map(),
    sequence: 0,
  }
}

export const accessGrantsApplication = {
  name: 'S3 Access Grants',
  providerArn: 'arn:aws:sso::aws:applicationProvider/s3-access-grants',
}

/** Makes the application in Identity Center that stands for the instance. Throws InvalidIdentityCenterInstance. */
function connectIdentityCenter(call: ControlCall, center: string): AccessGrantsInstance['identityCenter'] {
  const store = [...call.world.state.identityStores.values()].find(each => each.instanceArn === center)
  // Identity Center has to live in the region of the Access Grants instance.
  if (!isIdentityCenterArn(center) || store?.region !== call.region) throw controlError('InvalidIdentityCenterInstance')
  permitElsewhere(call, 'sso:CreateApplication', center)
  const anyApplication = `arn:aws:sso::${store.account}:application/${center.split('/')[1]}/apl-*`
  permitElsewhere(call, 'sso:PutApplicationGrant', anyApplication)
  permitElsewhere(call, 'sso:PutApplicationAuthenticationMethod', anyApplication)
  return { instanceArn: center, applicationArn: makeApplication(call.world, store, accessGrantsApplication).arn }
}

const printInstance = (instance: AccessGrantsInstance): XmlFields => ({
  CreatedAt: isoMillis(instance.createdAt),
  AccessGrantsInstanceId: 'default',
  AccessGrantsInstanceArn: instance.arn,
  // The old name of the application's ARN, kept by AWS for old clients.
  IdentityCenterArn: instance.identityCenter?.applicationArn,
  IdentityCenterInstanceArn: instance.identityCenter?.instanceArn,
  IdentityCenterApplicationArn: instance.identityCenter?.applicationArn,
})
