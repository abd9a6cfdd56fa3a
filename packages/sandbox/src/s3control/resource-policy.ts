/** The instance's resource policy: what other accounts may do, which is never more than the five shareable operations. */
import { PolicySyntaxError, parsePolicy } from '@headgate/iam'
import { isoMillis, textOf, type XmlFields } from '../wire.ts'
import {
  type ControlCall,
  type ControlHandler,
  findInstance,
  instanceArn,
  permit,
  readDocument,
  requireInstance,
  SHAREABLE,
} from './control-call.ts'
import { controlError } from './errors.ts'

export const putResourcePolicy: ControlHandler = call => {
  permitPolicy(call)
  const instance = requireInstance(call)
  const document = readDocument(call.request, 'PutAccessGrantsInstanceResourcePolicyRequest')
  const organization = textOf(document, 'Organization') || undefined
  if (organization !== undefined && !/^o-[a-z0-9]{10,32}$/.test(organization)) {
    throw controlError('InvalidRequest', 'The specified Organization is invalid')
  }
  const policy = readResourcePolicy(textOf(document, 'Policy') ?? '', instance.arn)
  instance.resourcePolicy = { policy, organization, createdAt: call.world.now() }
  return printPolicy(instance.resourcePolicy)
}

export const getResourcePolicy: ControlHandler = call => {
  permitPolicy(call)
  const { resourcePolicy } = requireInstance(call)
  if (resourcePolicy === undefined) throw controlError('AccessGrantsInstanceResourcePolicyNotExists')
  return printPolicy(resourcePolicy)
}

export const deleteResourcePolicy: ControlHandler = call => {
  permitPolicy(call)
  const instance = requireInstance(call)
  if (instance.resourcePolicy === undefined) throw controlError('AccessGrantsInstanceResourcePolicyNotExists')
  instance.resourcePolicy = undefined
  return undefined
}

const MAX_POLICY_CHARACTERS = 350_000

interface RawStatement {
  readonly Action?: string | readonly string[]
  readonly Resource?: string | readonly string[]
  Principal?: unknown
}

/** Checks a policy and returns it as AWS stores it: with bare account ids written as ARNs. Throws InvalidResourcePolicy. */
export function readResourcePolicy(text: string, arn: string): string {
  if (text === '' || text.length > MAX_POLICY_CHARACTERS) throw controlError('InvalidResourcePolicy')
  try {
    parsePolicy(text, 'resource')
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw controlError('InvalidResourcePolicy')
    throw error
  }
  const policy = JSON.parse(text) as { Statement: RawStatement | RawStatement[] }
  for (const statement of asList(policy.Statement)) {
    const isAboutSharing = asList(statement.Action).every(action => SHAREABLE.has(action.replace(/^s3:/, '')))
    const isAboutUs = asList(statement.Resource).every(resource => resource === arn)
    if (statement.Action === undefined || statement.Resource === undefined || !isAboutSharing || !isAboutUs) {
      throw controlError('InvalidResourcePolicy')
    }
    statement.Principal = withAccountArns(statement.Principal)
  }
  return JSON.stringify(policy)
}

function withAccountArns(principal: unknown): unknown {
  if (typeof principal !== 'object' || principal === null) return principal
  const named = principal as Record<string, string | string[]>
  const spellOut = (name: string) => (/^\d{12}$/.test(name) ? `arn:aws:iam::${name}:root` : name)
  const aws = named.AWS
  if (aws === undefined) return principal
  return { ...named, AWS: typeof aws === 'string' ? spellOut(aws) : aws.map(spellOut) }
}

function asList<Item>(value: Item | readonly Item[] | undefined): readonly Item[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as Item]
}

const permitPolicy = (call: ControlCall): void =>
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })

const printPolicy = (stored: {
  readonly policy: string
  readonly organization?: string | undefined
  readonly createdAt: number
}): XmlFields => ({
  Policy: stored.policy,
  Organization: stored.organization,
  CreatedAt: isoMillis(stored.createdAt),
})
