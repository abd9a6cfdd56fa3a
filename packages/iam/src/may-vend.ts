/**
 * Whom of other accounts an S3 Access Grants instance lets vend, by its resource policy.
 *
 * Fails closed: a condition on what is not known of a principal (its organisation, its network) lets nobody in, and what
 * cannot be read lets nobody in either. What the principal's own policies say is for its account to see to.
 */
import { evaluate, type NamedPolicy } from './evaluate.ts'
import { type PolicyDocument, parsePolicy } from './policy-document.ts'
import type { Principal } from './principal.ts'

export interface Instance {
  readonly arn: string
  readonly accountId: string
}

/**
 * Of these users and roles those that may, as ARNs; an account as its number where whoever is in it may.
 * @param policy JSON
 * @param arns of IAM users and roles in other accounts
 * @throws PolicySyntaxError where the policy cannot be read
 */
export function vendsTo(policy: string, instance: Instance, arns: Iterable<string>): string[] {
  const document = parsePolicy(policy, 'resource')
  const found = new Set<string>()
  for (const [account, some] of Map.groupBy(arns, arn => arn.split(':', 5)[4] ?? '')) {
    if (isOpenTo(document, instance, account)) found.add(account)
    else for (const arn of some) if (mayVend(document, instance, arn)) found.add(arn)
  }
  return [...found].sort()
}

/** Whether a user or role, given by its ARN, may ask the instance for credentials. */
function mayVend(document: PolicyDocument, instance: Instance, arn: string): boolean {
  const principal = principalOf(arn)
  if (!principal) return false
  const request = {
    principal,
    action: 's3:GetDataAccess',
    resource: instance.arn,
    resourceAccount: instance.accountId,
    context: {
      'aws:PrincipalArn': arn,
      'aws:PrincipalAccount': principal.account,
      'aws:PrincipalType': principal.kind === 'user' ? 'User' : 'AssumedRole',
      'aws:PrincipalIsAWSService': 'false',
      'aws:ResourceAccount': instance.accountId,
      'aws:SecureTransport': 'true',
    },
  }
  return evaluate(request, { identity: [allowsAll], resource: { name: 'resource policy', document } }).allowed
}

/** Everybody in the account, whoever that is: statements with conditions, and denials, are about somebody in particular. */
function isOpenTo(document: PolicyDocument, instance: Instance, account: string): boolean {
  if (document.statements.some(({ effect }) => effect === 'Deny')) return false
  const plain = document.statements.filter(({ conditions }) => conditions.length === 0)
  return mayVend({ ...document, statements: plain }, instance, `arn:aws:iam::${account}:role/anybody/at/all`)
}

type Mapped = Extract<Principal, { kind: 'user' | 'roleSession' }>

function principalOf(arn: string): Mapped | undefined {
  const [, partition, account, type, name] = /^arn:([^:]+):iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn) ?? []
  if (account === undefined) return undefined
  if (type === 'user') return { kind: 'user', account, arn }
  // Which session it will be is not known; a policy that names one lets that one in and nobody else.
  return { kind: 'roleSession', account, arn: `arn:${partition}:sts::${account}:assumed-role/${name}/*`, roleArn: arn }
}

const allowsAll: NamedPolicy = {
  name: 'its own policies',
  document: parsePolicy(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    'identity',
  ),
}
