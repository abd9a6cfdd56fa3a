/**
 * What every Access Grants operation starts from: the account asked for, its instance, and whether the caller may.
 * INVARIANT: permission is asked before existence is told, as on AWS, so that a stranger learns nothing.
 */
import { authorize } from '../authorize.ts'
import type { ServiceCall } from '../service.ts'
import type { AccessGrantsInstance, AccountId } from '../state.ts'
import { parseXml, type WireRequest, type XmlElement, type XmlFields } from '../wire.ts'
import { controlError } from './errors.ts'

export interface ControlCall extends ServiceCall {
  /** Of `x-amz-account-id`: whose Access Grants the request is about. */
  readonly account: AccountId
  /** The id or ARN in the path, '' where there is none. */
  readonly named: string
}

/** Fields of the result element, or undefined for the operations whose answer has no body. */
export type ControlHandler = (call: ControlCall) => XmlFields | undefined

export const instanceArn = (account: AccountId, region: string): string =>
  `arn:aws:s3:${region}:${account}:access-grants/default`

export const grantArn = (call: ControlCall, id: string): string =>
  `${instanceArn(call.account, call.region)}/grant/${id}`

export const locationArn = (call: ControlCall, id: string): string =>
  `${instanceArn(call.account, call.region)}/location/${id}`

/** The instance of the account and region asked for, if there is one. */
export const findInstance = (call: ControlCall): AccessGrantsInstance | undefined =>
  call.world.state.accounts.get(call.account)?.accessGrants.get(call.region)

export function requireInstance(call: ControlCall): AccessGrantsInstance {
  const instance = findInstance(call)
  if (instance === undefined) throw controlError('AccessGrantsInstanceNotExistsError')
  return instance
}

export interface PermitOptions {
  readonly context?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly requestTags?: ReadonlyMap<string, string>
  readonly resourceTags?: ReadonlyMap<string, string> | undefined
  /** In place of the instance asked for, whose policy bears on the request. */
  readonly instance?: AccessGrantsInstance | undefined
}

/** Throws AccessDenied unless the caller may call this operation on `resource`. */
export function permit(call: ControlCall, resource: string, options: PermitOptions = {}): void {
  const instance = options.instance ?? findInstance(call)
  authorize(call.world, call.caller, {
    action: `s3:${call.operation}`,
    resource,
    resourceAccount: options.instance?.account ?? call.account,
    resourcePolicy: SHAREABLE.has(call.operation) ? instance?.resourcePolicy?.policy : undefined,
    context: { ...options.context, ...requestTagKeys(options.requestTags), ...resourceTagKeys(options.resourceTags) },
  })
}

/** The only operations a resource policy may give to another account. */
export const SHAREABLE: ReadonlySet<string> = new Set([
  'GetAccessGrantsInstanceForPrefix',
  'ListAccessGrants',
  'ListAccessGrantsLocations',
  'ListCallerAccessGrants',
  'GetDataAccess',
])

/** Throws AccessDenied unless the caller may do `action` of another service, which AWS asks for along the way. */
export function permitElsewhere(
  call: ControlCall,
  action: string,
  resource: string,
  context: Readonly<Record<string, string>> = {},
): void {
  authorize(call.world, call.caller, { action, resource, resourceAccount: call.account, context })
}

/** The request's document, or undefined for an empty body, which an SDK sends when no member is set. */
export function readDocument(request: WireRequest, root: string): XmlElement | undefined {
  if (request.body.length === 0) return undefined
  const document = parseXml(request.body)
  if (document.name !== root) throw controlError('InvalidRequest', `The request body is not a ${root}`)
  return document
}

function requestTagKeys(tags: ReadonlyMap<string, string> | undefined): Record<string, string | readonly string[]> {
  if (tags === undefined || tags.size === 0) return {}
  const named = [...tags].map(([key, value]) => [`aws:RequestTag/${key}`, value] as const)
  return { ...Object.fromEntries(named), 'aws:TagKeys': [...tags.keys()] }
}

function resourceTagKeys(tags: ReadonlyMap<string, string> | undefined): Record<string, string> {
  if (tags === undefined || tags.size === 0) return {}
  return Object.fromEntries([...tags].map(([key, value]) => [`aws:ResourceTag/${key}`, value]))
}
