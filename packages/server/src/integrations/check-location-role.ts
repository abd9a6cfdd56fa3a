/**
 * Validation test 9: whether the location role is there, lets Access Grants vend from it, and may do all that grants
 * are to pass on; what it lacks it cannot pass on. Warns at worst.
 */
import { evaluate, PolicySyntaxError, parsePolicy } from '@headgate/iam'
import type { AwsClients } from '../aws/clients.ts'
import { type AwsRole, findRole, nameIn, notAllowed, type Question } from '../aws/roles.ts'
import { patiently, type Verdict, wondering } from './ask-aws.ts'
import { bucketArns, instanceArn, type Place } from './aws-actions.ts'
import {
  accessGrants,
  bucketActions,
  contextProvider,
  maxSessionDuration,
  objectActions,
  objectArns,
} from './setup-documents.ts'

export interface RoleToCheck {
  readonly place: Place
  readonly hasIdentityCenter: boolean
}

export async function checkLocationRole(
  aws: AwsClients,
  asked: RoleToCheck,
): Promise<Verdict & { readonly maxSessionSeconds?: number }> {
  const { locationRole } = asked.place
  let maxSessionSeconds: number | undefined
  const verdict = await wondering(async () => {
    const role = await patiently(() => findRole(aws, nameIn(locationRole)))
    if (role === undefined) {
      const message = `\`${locationRole}\` does not exist: create it from the set-up documents, or correct its name`
      return { status: 'warning', message }
    }
    if (role.arn !== locationRole) {
      return { status: 'warning', message: `the whole ARN of that role is \`${role.arn}\`: write it so` }
    }
    maxSessionSeconds = role.maxSessionSeconds
    const troubles = [
      ...troublesOfTrust(role, asked),
      ...(await troublesOfRights(aws, asked)),
      ...troubleOfSession(role),
    ]
    return troubles.length === 0 ? { status: 'passed' } : { status: 'warning', message: troubles.join('; ') }
  }, `allow these credentials \`iam:GetRole\` and \`iam:SimulatePrincipalPolicy\` on \`${locationRole}\``)
  return { ...verdict, ...(maxSessionSeconds === undefined ? {} : { maxSessionSeconds }) }
}

function troublesOfTrust(role: AwsRole, { place, hasIdentityCenter }: RoleToCheck): string[] {
  const wanted = ['sts:AssumeRole', 'sts:SetSourceIdentity', ...(hasIdentityCenter ? ['sts:SetContext'] : [])]
  const lacking = wanted.filter(action => !isTrusted(role, place, action))
  if (lacking.length === 0) return []
  const actions = lacking.map(action => `\`${action}\``).join(', ')
  return [`the trust policy of \`${role.arn}\` does not let \`${accessGrants}\` do ${actions}: add it`]
}

function isTrusted(role: AwsRole, place: Place, action: string): boolean {
  try {
    const document = parsePolicy(role.trustPolicy, 'trust')
    const request = {
      principal: { kind: 'service' as const, service: accessGrants },
      action,
      resource: role.arn,
      resourceAccount: place.accountId,
      context: {
        'aws:SourceAccount': place.accountId,
        'aws:SourceArn': instanceArn(place),
        'aws:PrincipalIsAWSService': 'true',
        ...(action === 'sts:SetContext' ? { 'sts:RequestContextProviders': [contextProvider] } : {}),
      },
    }
    return evaluate(request, { identity: [], trust: { name: 'trust', document } }).allowed
  } catch (error) {
    // Whatever AWS makes of what we cannot read, we do not vouch for it.
    if (error instanceof PolicySyntaxError) return false
    throw error
  }
}

async function troublesOfRights(aws: AwsClients, { place }: RoleToCheck): Promise<string[]> {
  // Which buckets are meant is known only when they are named.
  if (place.buckets.length === 0) return []
  const context = {
    's3:AccessGrantsInstanceArn': [instanceArn(place)],
    'aws:ResourceAccount': [place.accountId],
  }
  const questions: Question[] = [
    ...objectArns(place).map(arn => ({
      actions: objectActions,
      resource: arn.replace(/\*$/, 'headgate-check'),
      context,
    })),
    ...bucketArns(place).map(resource => ({ actions: bucketActions, resource, context })),
  ]
  const denied = await Promise.all(
    questions.map(question => patiently(() => notAllowed(aws, place.locationRole, question))),
  )
  const lacking = [...new Set(denied.flat())]
  if (lacking.length === 0) return []
  const actions = lacking.map(action => `\`${action}\``).join(', ')
  return [
    `the location role may not ${actions}, so no grant gives it: see the location role's policy in the set-up documents`,
  ]
}

function troubleOfSession({ maxSessionSeconds }: AwsRole): string[] {
  if (maxSessionSeconds === undefined || maxSessionSeconds <= maxSessionDuration) return []
  return [
    `sessions of the location role may last ${maxSessionSeconds} s, and so may credentials after a revocation: ` +
      `set its maximum session duration to ${maxSessionDuration}`,
  ]
}
