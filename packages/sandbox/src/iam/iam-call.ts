/**
 * What every IAM operation works with: the call, its form, its account; and how it asks for permission, pages and fails.
 */
import { type PolicyKind, PolicySyntaxError, parsePolicy } from '@headgate/iam'
import { authorize } from '../authorize.ts'
import { checkPattern, type Form, numberField } from '../query-protocol.ts'
import type { AccessQuestion, ServiceCall, World } from '../service.ts'
import type { Account, IamRole, IamUser } from '../state.ts'
import { AwsError, type XmlFields } from '../wire.ts'

export interface IamCall {
  readonly call: ServiceCall
  readonly world: World
  readonly form: Form
  readonly account: Account
}

/** Answers with the fields of its result; undefined when it has none. */
export type IamHandler = (iam: IamCall) => XmlFields | undefined

/** Throws AccessDenied unless the caller may do this operation on the resource, an ARN in the caller's own account. */
export function authorizeIam(
  { call, world, account }: IamCall,
  resource: string,
  context?: AccessQuestion['context'],
): void {
  authorize(world, call.caller, {
    action: `iam:${call.operation}`,
    resource,
    resourceAccount: account.id,
    ...(context === undefined ? {} : { context }),
  })
}

export function iamArn(account: Account, kind: 'user' | 'role' | 'policy', pathAndName: string): string {
  return `arn:aws:iam::${account.id}:${kind}${pathAndName}`
}

/** The context that tags bring: what is asked for, and what the resource has. */
export function tagContext(
  asked: ReadonlyMap<string, string>,
  held: ReadonlyMap<string, string> = new Map(),
): Record<string, string | readonly string[] | undefined> {
  return {
    'aws:TagKeys': asked.size > 0 ? [...asked.keys()] : undefined,
    ...Object.fromEntries([...asked].map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    ...Object.fromEntries([...held].map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
    ...Object.fromEntries([...held].map(([key, value]) => [`iam:ResourceTag/${key}`, value])),
  }
}

export function tagFields(tags: ReadonlyMap<string, string>): XmlFields {
  return { member: [...tags].map(([Key, Value]) => ({ Key, Value })) }
}

/** Throws ValidationError unless it is a name such as IAM gives: at most `longest` of letters, digits, `+=,.@_-`. */
export function checkName(field: string, name: string, longest: 64 | 128): string {
  checkPattern(field, name, /^[\w+=,.@-]+$/, longest)
  return name
}

/** `Path` of the form, `/` when absent. */
export function pathField(form: Form): string {
  const path = form.get('Path') ?? '/'
  checkPattern('Path', path, /^(\/|\/[\u0021-\u007E]+\/)$/, 512)
  return path
}

/** IAM tells names apart without regard to case, though ARNs keep the case that they were made with. */
export function namedAnyhow<T>(held: ReadonlyMap<string, T>, name: string): T | undefined {
  const exact = held.get(name)
  if (exact !== undefined) return exact
  const lower = name.toLowerCase()
  for (const [known, one] of held) if (known.length === name.length && known.toLowerCase() === lower) return one
  return undefined
}

export function findUser({ account }: IamCall, userName: string): IamUser {
  const user = namedAnyhow(account.users, userName)
  if (user) return user
  throw noSuchEntity(`The user with name ${userName} cannot be found.`)
}

export function findRole({ account }: IamCall, roleName: string): IamRole {
  const role = namedAnyhow(account.roles, roleName)
  if (role) return role
  throw noSuchEntity(`The role with name ${roleName} cannot be found.`)
}

export function noSuchEntity(message: string): AwsError {
  return new AwsError('NoSuchEntity', 404, message)
}

export function entityAlreadyExists(message: string): AwsError {
  return new AwsError('EntityAlreadyExists', 409, message)
}

export function deleteConflict(message: string): AwsError {
  return new AwsError('DeleteConflict', 409, message)
}

export function limitExceeded(message: string): AwsError {
  return new AwsError('LimitExceeded', 409, message)
}

/** The text of a policy that can be evaluated. Throws MalformedPolicyDocument, naming the place. */
export function checkedPolicy(text: string, kind: PolicyKind): string {
  try {
    parsePolicy(text, kind)
    return text
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw new AwsError('MalformedPolicyDocument', 400, error.message)
    throw error
  }
}

/** IAM counts a policy's size without its white space. */
export function policySize(text: string): number {
  return text.replace(/\s/g, '').length
}

export interface Page<T> {
  readonly items: readonly T[]
  /** IsTruncated and, when there is more, Marker. */
  readonly fields: XmlFields
}

/** One page of a list in the order of its names, by Marker and MaxItems (1–1000, default 100). */
export function pageOf<T>(form: Form, all: Iterable<T>, nameOf: (item: T) => string): Page<T> {
  const most = numberField(form, 'MaxItems', 1, 1000) ?? 100
  const marker = form.get('Marker')
  const after = marker === undefined ? undefined : Buffer.from(marker, 'base64url').toString('utf8')
  const rest = [...all]
    .filter(item => after === undefined || nameOf(item) > after)
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const items = rest.slice(0, most)
  const last = items.at(-1)
  if (rest.length <= most || last === undefined) return { items, fields: { IsTruncated: false } }
  return { items, fields: { IsTruncated: true, Marker: Buffer.from(nameOf(last)).toString('base64url') } }
}
