/** IAM Identity Center behind an integration: who its people are, once the Access Grants instance is associated with it. */
import { z } from 'zod'
import { idParam } from './common.ts'
import { endpoint } from './endpoint.ts'

const instanceArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:sso:::instance\/(sso)?ins-[a-zA-Z0-9-.]{1,64}$/,
    'must be the ARN of an IAM Identity Center instance, such as `arn:aws:sso:::instance/ssoins-1234567890abcdef`',
  )

const association = z.object({
  /** Absent: the instance of Access Grants in this account and region is associated with none. */
  instanceArn: z.string().optional(),
  /** What stands for Access Grants in Identity Center. */
  applicationArn: z.string().optional(),
  /** Where user names and e-mail addresses are looked up; from the settings, or as AWS tells. */
  identityStoreId: z.string().optional(),
  /** Why the identity store is not known, and what to do. */
  identityStoreMessage: z.string().optional(),
})
export type IdentityCenterAssociation = z.output<typeof association>

const params = z.object({ id: idParam })
const needs = ['APPLICATION_ADMIN'] as const
const refusals = ['integration-not-found', 'integration-disabled', 'aws-refused', 'aws-unreachable'] as const

export const identityCenter = {
  get: endpoint({
    method: 'GET',
    path: '/integrations/{id}/identity-center',
    summary: 'Which Identity Center the Access Grants instance is associated with, asked of AWS now',
    needs: ['APPLICATION_ADMIN', 'USER_ADMIN', 'AUDIT'],
    params,
    status: 200,
    response: association,
    errors: refusals,
  }),
  associate: endpoint({
    method: 'PUT',
    path: '/integrations/{id}/identity-center',
    summary: 'Associate the Access Grants instance of the account and region with an Identity Center of that region',
    needs,
    params,
    body: z.strictObject({ instanceArn }),
    status: 200,
    response: association,
    errors: [...refusals, 'identity-center-associated'],
  }),
  dissociate: endpoint({
    method: 'DELETE',
    path: '/integrations/{id}/identity-center',
    summary: 'End the association; refused while grants of ours name people of the directory',
    needs,
    params,
    status: 200,
    response: association,
    errors: [...refusals, 'identity-center-in-use'],
  }),
}
