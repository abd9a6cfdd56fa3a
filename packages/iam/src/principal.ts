/**
 * Who asks, and who a policy names: `Principal` and `NotPrincipal` against the requester.
 * Promises to say not only whether a policy names the requester but how closely, for AWS lets only a direct naming
 * stand in for the requester's own policies.
 */
import { objectAt, PolicySyntaxError, stringsAt } from './syntax.ts'

/** The requester. `id` is AWS's unique id (AIDA…, AROA…), which stays right when a name is reused. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'federated'; readonly provider: string }
  | { readonly kind: 'root'; readonly account: string; readonly arn: string }
  | { readonly kind: 'user'; readonly account: string; readonly arn: string; readonly id?: string }
  | {
      readonly kind: 'roleSession'
      readonly account: string
      /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
      readonly arn: string
      /** `arn:aws:iam::<account>:role/<path><role>` */
      readonly roleArn: string
      readonly id?: string
    }

export interface PrincipalSet {
  /** True for `NotPrincipal`. */
  readonly except: boolean
  readonly names: readonly PrincipalName[]
}

export interface PrincipalName {
  readonly type: '*' | 'AWS' | 'Service' | 'Federated' | 'CanonicalUser'
  readonly value: string
}

/**
 * How closely a policy names the requester. `account`: only its account, which still has to allow it.
 * `role`: the role of a session, which boundary and session policy still narrow. `exact`: the user or session itself.
 */
export type Closeness = 'none' | 'account' | 'role' | 'exact'

/** Whether a statement speaks of this requester, and how closely. */
export function namedIn(set: PrincipalSet, principal: Principal): Closeness {
  const closeness = set.names.map(name => closenessOf(name, principal)).reduce(closer, 'none')
  if (!set.except) return closeness
  return closeness === 'none' ? 'exact' : 'none'
}

export function closer(a: Closeness, b: Closeness): Closeness {
  return order.indexOf(a) >= order.indexOf(b) ? a : b
}

const order: readonly Closeness[] = ['none', 'account', 'role', 'exact']

function closenessOf(name: PrincipalName, principal: Principal): Closeness {
  // `{"AWS": "*"}` and `"*"` mean the same: everyone, the unsigned included, and each as closely as by name:
  // AWS documents that neither boundary nor session policy narrows what a wildcard principal is given.
  if (name.type === '*' || (name.type === 'AWS' && name.value === '*')) return 'exact'
  switch (principal.kind) {
    case 'anonymous':
      return 'none'
    case 'service':
      return name.type === 'Service' && name.value === principal.service ? 'exact' : 'none'
    case 'federated':
      return name.type === 'Federated' && name.value === principal.provider ? 'exact' : 'none'
    default:
      return name.type === 'AWS' ? awsCloseness(name.value, principal) : 'none'
  }
}

type AwsPrincipal = Extract<Principal, { account: string }>

function awsCloseness(value: string, principal: AwsPrincipal): Closeness {
  if (value === principal.arn && principal.kind !== 'root') return 'exact'
  if (principal.kind === 'roleSession' && (value === principal.roleArn || isRoleId(value, principal.id))) return 'role'
  if (principal.kind === 'user' && value === principal.id) return 'exact'
  if (value === principal.account || accountOfRootArn(value) === principal.account) return 'account'
  return 'none'
}

/** A session's unique id is `<role id>:<session name>`; policies store only the role's. */
function isRoleId(value: string, id: string | undefined): boolean {
  return id !== undefined && (value === id || id.startsWith(`${value}:`))
}

function accountOfRootArn(value: string): string | undefined {
  return /^arn:[^:]+:iam::(\d{12}):root$/.exec(value)?.[1]
}

/** Reads `Principal` or `NotPrincipal`. Throws `PolicySyntaxError`. */
export function parsePrincipals(path: string, value: unknown, except: boolean): PrincipalSet {
  if (value === '*') return { except, names: [{ type: '*', value: '*' }] }
  const json = objectAt(path, value)
  const names = Object.entries(json).flatMap(([type, values]) => {
    const at = `${path}.${type}`
    const known = principalType(at, type)
    const list = stringsAt(at, values)
    for (const [i, text] of list.entries()) checkName(Array.isArray(values) ? `${at}[${i}]` : at, known, text)
    return list.map(text => ({ type: known, value: text }))
  })
  if (names.length === 0) throw new PolicySyntaxError(path, 'must name at least one principal')
  return { except, names }
}

function principalType(path: string, type: string): PrincipalName['type'] {
  if (type === 'AWS' || type === 'Service' || type === 'Federated' || type === 'CanonicalUser') return type
  throw new PolicySyntaxError(path, 'is not a type of principal: use AWS, Service, Federated or CanonicalUser')
}

const awsName =
  /^(\*|\d{12}|A[A-Z]{3}[A-Z0-9]{12,}|arn:[a-z-]+:iam::\d{12}:(root|user\/[^*?]+|role\/[^*?]+)|arn:[a-z-]+:sts::\d{12}:(assumed-role|federated-user)\/[^*?]+)$/

function checkName(path: string, type: PrincipalName['type'], value: string): void {
  if (type === 'AWS' && !awsName.test(value)) {
    throw new PolicySyntaxError(path, `\`${value}\` is no account id, user, role or session ARN, unique id or "*"`)
  }
  if (type === 'Service' && !/^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$/.test(value)) {
    throw new PolicySyntaxError(path, `\`${value}\` is no service principal such as access-grants.s3.amazonaws.com`)
  }
}
