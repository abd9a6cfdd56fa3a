/**
 * S3 Control as far as S3 Access Grants goes: all of its operations and those on tags, in restXml.
 * An operation of S3 Control that has nothing to do with Access Grants is answered with NotImplemented.
 */
import { createHash } from 'node:crypto'
import { authErrorOf } from '../auth-errors.ts'
import type { Service, ServiceCall } from '../service.ts'
import { AwsError, printXml, type WireRequest, type WireResponse, xmlResponse } from '../wire.ts'
import { listCallerAccessGrants } from './caller-grants.ts'
import type { ControlCall, ControlHandler } from './control-call.ts'
import { getDataAccess } from './data-access.ts'
import { controlError } from './errors.ts'
import { createAccessGrant, deleteAccessGrant, getAccessGrant, listAccessGrants } from './grant.ts'
import {
  associateIdentityCenter,
  createInstance,
  deleteInstance,
  dissociateIdentityCenter,
  getInstance,
  getInstanceForPrefix,
  listInstances,
} from './instance.ts'
import { createLocation, deleteLocation, getLocation, listLocations, updateLocation } from './location.ts'
import { deleteResourcePolicy, getResourcePolicy, putResourcePolicy } from './resource-policy.ts'
import { routeOf } from './route.ts'
import { listTagsForResource, tagResource, untagResource } from './tags.ts'

const NAMESPACE = 'http://awss3control.amazonaws.com/doc/2018-08-20/'

const HANDLERS: Readonly<Record<string, ControlHandler>> = {
  CreateAccessGrantsInstance: createInstance,
  GetAccessGrantsInstance: getInstance,
  DeleteAccessGrantsInstance: deleteInstance,
  ListAccessGrantsInstances: listInstances,
  GetAccessGrantsInstanceForPrefix: getInstanceForPrefix,
  AssociateAccessGrantsIdentityCenter: associateIdentityCenter,
  DissociateAccessGrantsIdentityCenter: dissociateIdentityCenter,
  PutAccessGrantsInstanceResourcePolicy: putResourcePolicy,
  GetAccessGrantsInstanceResourcePolicy: getResourcePolicy,
  DeleteAccessGrantsInstanceResourcePolicy: deleteResourcePolicy,
  CreateAccessGrantsLocation: createLocation,
  GetAccessGrantsLocation: getLocation,
  UpdateAccessGrantsLocation: updateLocation,
  DeleteAccessGrantsLocation: deleteLocation,
  ListAccessGrantsLocations: listLocations,
  CreateAccessGrant: createAccessGrant,
  GetAccessGrant: getAccessGrant,
  DeleteAccessGrant: deleteAccessGrant,
  ListAccessGrants: listAccessGrants,
  ListCallerAccessGrants: listCallerAccessGrants,
  GetDataAccess: getDataAccess,
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTagsForResource: listTagsForResource,
}

/** The names of the operations that this service answers, as AWS spells them. */
export const CONTROL_OPERATIONS: readonly string[] = Object.keys(HANDLERS)

export const s3ControlService: Service = {
  name: 's3control',
  operationOf: request => routeOf(request)?.operation,
  handle,
  printError,
  unknownOperation: () =>
    new AwsError('NotImplemented', 501, 'This sandbox knows S3 Control only for S3 Access Grants'),
  authError: flaw => authErrorOf('rest-xml', flaw),
  throttled: () => controlError('SlowDown'),
}

function handle(call: ServiceCall): WireResponse {
  const handler = HANDLERS[call.operation] as ControlHandler
  checkBody(call.request)
  const account = accountOf(call.request)
  const fields = handler({ ...call, account, named: routeOf(call.request)?.named ?? '' } satisfies ControlCall)
  if (fields !== undefined) return xmlResponse(200, printXml(`${call.operation}Result`, fields, NAMESPACE))
  const status = call.operation.startsWith('Delete') ? call.world.unknowns.deleteStatus : 200
  return { status, headers: {}, body: '' }
}

function printError(error: AwsError, _request: WireRequest, requestId: string): WireResponse {
  const body = printXml(
    'ErrorResponse',
    {
      Error: { Code: error.code, Message: error.message, ...error.fields },
      RequestId: requestId,
      HostId: `${requestId}/sandbox`,
    },
    NAMESPACE,
  )
  return xmlResponse(error.status, body)
}

/** The header rules; a Host whose first label looks like an account must agree with it. */
function accountOf(request: WireRequest): string {
  const account = request.headers['x-amz-account-id']
  if (account === undefined)
    throw controlError('InvalidRequest', 'Missing required header for this request: x-amz-account-id')
  if (!/^\d{12}$/.test(account)) throw controlError('InvalidRequest', 'The account id is not valid')
  const label = request.host.split('.', 1)[0] ?? ''
  if (/^\d{12}$/.test(label) && label !== account) {
    throw controlError('InvalidRequest', 'The account id in the host does not match the x-amz-account-id header')
  }
  return account
}

function checkBody(request: WireRequest): void {
  const md5 = request.headers['content-md5']
  if (md5 === undefined || (request.body.length === 0 && md5 === EMPTY_MD5)) return
  if (createHash('md5').update(request.body).digest('base64') !== md5) throw controlError('BadDigest')
}

const EMPTY_MD5 = createHash('md5').digest('base64')
