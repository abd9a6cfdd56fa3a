/** What IAM says of a role, and of what a role or user would be allowed. Asks only. Throws AwsFailure. */
import { GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import { AwsFailure, callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

export interface AwsRole {
  /** Whole, with its path: IAM finds a role by its name alone. */
  readonly arn: string
  /** JSON. */
  readonly trustPolicy: string
  /** Seconds: how long credentials may outlive a grant. */
  readonly maxSessionSeconds: number | undefined
}

/** Undefined where the account has no role of that name. */
export async function findRole(aws: AwsClients, name: string): Promise<AwsRole | undefined> {
  try {
    const { Role } = await callAws('GetRole', () => aws.iam.send(new GetRoleCommand({ RoleName: name })))
    return {
      arn: Role?.Arn ?? '',
      trustPolicy: decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''),
      maxSessionSeconds: Role?.MaxSessionDuration,
    }
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'notFound') return undefined
    throw error
  }
}

/** The last segment of a role's or user's ARN. */
export function nameIn(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1)
}

export interface Question {
  readonly actions: readonly string[]
  readonly resource: string
  /** Condition keys and their values. */
  readonly context: Readonly<Record<string, readonly string[]>>
}

/** Those of the actions that its policies do not allow. */
export async function notAllowed(aws: AwsClients, principalArn: string, question: Question): Promise<string[]> {
  const denied: string[] = []
  let marker: string | undefined
  do {
    const command = new SimulatePrincipalPolicyCommand({
      PolicySourceArn: principalArn,
      ActionNames: [...question.actions],
      ResourceArns: [question.resource],
      ContextEntries: Object.entries(question.context).map(([ContextKeyName, values]) => ({
        ContextKeyName,
        ContextKeyValues: [...values],
        ContextKeyType: values.length > 1 ? 'stringList' : 'string',
      })),
      ...(marker === undefined ? {} : { Marker: marker }),
    })
    const answer = await callAws('SimulatePrincipalPolicy', () => aws.iam.send(command))
    for (const { EvalActionName = '', EvalDecision } of answer.EvaluationResults ?? []) {
      if (EvalDecision !== 'allowed') denied.push(EvalActionName)
    }
    marker = answer.IsTruncated ? answer.Marker : undefined
  } while (marker !== undefined)
  return denied
}
