/**
 * Validation test 8: whether AWS would allow Headgate every action of the table in `aws-actions.ts`, asked of AWS's own
 * simulation with the resources and condition keys that the calls will have. Warns at worst.
 */
import type { SetupFeature } from '@headgate/core/api'
import type { AwsClients } from '../aws/clients.ts'
import { findRole, notAllowed } from '../aws/roles.ts'
import { patiently, type Verdict, wondering } from './ask-aws.ts'
import { controllerQuestions, type Place } from './aws-actions.ts'

export interface PermissionsToCheck {
  readonly place: Place
  readonly hasIdentityCenter: boolean
  /** As STS told it. */
  readonly callerArn: string
}

export async function checkPermissions(aws: AwsClients, asked: PermissionsToCheck): Promise<Verdict> {
  return wondering(async () => {
    const { callerArn } = asked
    if (callerArn.endsWith(':root')) {
      return { status: 'warning', message: 'these are credentials of the root user: use a role that may do less' }
    }
    const holder = await policyHolder(aws, callerArn)
    if (holder === undefined) {
      return { status: 'skipped', message: `not checked: \`${callerArn}\` is neither a user nor a session of a role` }
    }
    const features: SetupFeature[] = asked.hasIdentityCenter ? ['identityCenter'] : []
    const questions = controllerQuestions({ ...asked.place, controllers: [holder] }, features)
    const denied = await Promise.all(questions.map(question => patiently(() => notAllowed(aws, holder, question))))
    const missing = denied.flatMap((actions, at) =>
      actions.map(action => `\`${action}\` on \`${questions[at]?.resource}\``),
    )
    if (missing.length === 0) return { status: 'passed' }
    const message = `\`${holder}\` lacks ${missing.join(', ')}: give it the controller policy of the set-up documents`
    return { status: 'warning', message }
  }, 'allow these credentials `iam:SimulatePrincipalPolicy` and `iam:GetRole` on themselves to have this checked')
}

/** The user or role that the policies hang on; a session tells its role without the path. */
async function policyHolder(aws: AwsClients, callerArn: string): Promise<string | undefined> {
  if (/:user\//.test(callerArn)) return callerArn
  const role = /:assumed-role\/([^/]+)\//.exec(callerArn)?.[1]
  if (role === undefined) return undefined
  return (await patiently(() => findRole(aws, role)))?.arn
}
