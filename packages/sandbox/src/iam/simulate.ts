/**
 * SimulatePrincipalPolicy: would this user or role be allowed? Asked ahead of time, by the same evaluation that decides.
 * Knows of the principal and of the request only what the question tells, as on AWS: nothing is filled in but the time.
 */
import { evaluate, type NamedPolicy, type Policies, type Principal, type Verdict } from '@headgate/iam'
import { attachedPolicies, clockContext, named } from '../authorize.ts'
import { type Form, listField, requiredField, validationError } from '../query-protocol.ts'
import type { IamRole, IamUser } from '../state.ts'
import type { XmlFields } from '../wire.ts'
import { authorizeIam, checkedPolicy, type IamCall, type IamHandler, noSuchEntity, pageOf } from './iam-call.ts'

export const simulatePrincipalPolicy: IamHandler = iam => {
  const { form, account } = iam
  const sourceArn = requiredField(form, 'PolicySourceArn')
  authorizeIam(iam, sourceArn)
  const holder = findHolder(iam, sourceArn)
  const actions = textsField(form, 'ActionNames')
  if (actions.length === 0)
    throw validationError("Value at 'actionNames' failed to satisfy constraint: Member must not be null")
  const resources = textsField(form, 'ResourceArns')
  const policies = policiesToAsk(iam, holder)
  const context = { ...clockContext(iam.world), ...contextField(form) }
  const results = (resources.length > 0 ? resources : ['*']).flatMap(resource =>
    actions.map(action => {
      const request = {
        principal: principalOf(account.id, holder),
        action,
        resource,
        resourceAccount: account.id,
        context,
      }
      return resultFields(action, resource, evaluate(request, policies), policies, holder, context)
    }),
  )
  // The page's order is that of the question, so the place in it is the name.
  const places = results.map((result, place) => ({ result, place: String(place).padStart(6, '0') }))
  const page = pageOf(form, places, ({ place }) => place)
  return { EvaluationResults: { member: page.items.map(({ result }) => result) }, ...page.fields }
}

function findHolder({ account }: IamCall, arn: string): IamUser | IamRole {
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  const holder = arn.includes(':user/') ? account.users.get(name) : account.roles.get(name)
  if (holder?.arn === arn) return holder
  throw noSuchEntity(`The entity ${arn} cannot be found.`)
}

/** The principal's policies, and those that the question adds. */
function policiesToAsk({ form, account }: IamCall, holder: IamUser | IamRole): Policies {
  const own = attachedPolicies(account, holder)
  const added = textsField(form, 'PolicyInputList').map((text, i) =>
    named(`PolicyInputList.${i + 1}`, checkedPolicy(text, 'identity'), 'identity'),
  )
  const resourcePolicy = form.get('ResourcePolicy')
  return {
    ...own,
    identity: [...own.identity, ...added],
    ...(resourcePolicy === undefined
      ? {}
      : { resource: named('ResourcePolicy', checkedPolicy(resourcePolicy, 'resource'), 'resource') }),
  }
}

function principalOf(account: string, holder: IamUser | IamRole): Principal {
  if ('userName' in holder) return { kind: 'user', account, arn: holder.arn, id: holder.userId }
  return { kind: 'roleSession', account, arn: holder.arn, roleArn: holder.arn, id: holder.roleId }
}

/** `ContextEntries.member.N`: name and values of a condition key. */
function contextField(form: Form): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    listField(form, 'ContextEntries').map(entry => [
      entry.get('ContextKeyName') ?? '',
      textsField(entry, 'ContextKeyValues'),
    ]),
  )
}

function textsField(form: Form, name: string): readonly string[] {
  return listField(form, name).map(member => member.get('') ?? '')
}

function resultFields(
  action: string,
  resource: string,
  verdict: Verdict,
  policies: Policies,
  holder: IamUser | IamRole,
  context: Readonly<Record<string, unknown>>,
): XmlFields {
  const boundary = policies.boundary
  const matched = verdict.statement && {
    SourcePolicyId: verdict.statement.policy,
    SourcePolicyType: sourceType(verdict, holder),
  }
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: verdict.decision === 'allow' ? 'allowed' : verdict.decision,
    MatchedStatements: { member: matched ? [matched] : [] },
    MissingContextValues: { member: missingKeys(policies, context) },
    PermissionsBoundaryDecisionDetail: boundary && {
      AllowedByPermissionsBoundary: verdict.layer !== 'boundary',
    },
  }
}

function sourceType({ layer, statement }: Verdict, holder: IamUser | IamRole): string {
  if (layer === 'resource') return 'resource'
  if (statement?.policy.startsWith('arn:aws:iam::aws:')) return 'aws-managed'
  if (statement?.policy.startsWith('arn:')) return 'user-managed'
  return 'userName' in holder ? 'user' : 'role'
}

/** Condition keys that the policies ask about and the question left out: the answer may differ with them. */
function missingKeys(policies: Policies, context: Readonly<Record<string, unknown>>): readonly string[] {
  const told = new Set(Object.keys(context).map(key => key.toLowerCase()))
  const all: readonly NamedPolicy[] = [...policies.identity, ...(policies.resource ? [policies.resource] : [])]
  const asked = all.flatMap(({ document }) => document.statements).flatMap(statement => statement.conditions)
  return [...new Set(asked.map(condition => condition.key))].filter(key => !told.has(key)).sort()
}
