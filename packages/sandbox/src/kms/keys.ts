/** Keys and their aliases: made, described, turned off, given up. */
import { PolicySyntaxError, parsePolicy } from '@headgate/iam'
import { authorize } from '../authorize.ts'
import { type Input, pageOf, requiredText, seconds } from '../json-protocol.ts'
import type { KmsKey } from '../state.ts'
import { AwsError } from '../wire.ts'
import { type KmsCall, requireKey } from './kms-call.ts'

export function createKey({ call, world, input }: KmsCall): Input {
  const { caller, region } = call
  const { account } = caller
  authorize(world, caller, { action: 'kms:CreateKey', resource: '*', resourceAccount: account })
  const keyId = world.random.uuid()
  const key: KmsKey = {
    arn: `arn:aws:kms:${region}:${account}:key/${keyId}`,
    keyId,
    account,
    region,
    createdAt: world.now(),
    description: typeof input.Description === 'string' ? input.Description : '',
    material: world.random.bytes(32),
    policy: input.Policy === undefined ? defaultPolicy(account) : checkedPolicy(input.Policy),
    state: 'Enabled',
    aliases: new Set(),
  }
  world.state.kmsKeys.set(key.arn, key)
  return { KeyMetadata: metadata(key) }
}

export const describeKey = (asked: KmsCall): Input => ({ KeyMetadata: metadata(requireKey(asked)) })

export function listKeys({ call, world, input }: KmsCall): Input {
  const { account } = call.caller
  authorize(world, call.caller, { action: 'kms:ListKeys', resource: '*', resourceAccount: account })
  const own = world.state.kmsKeys.values().filter(key => key.account === account && key.region === call.region)
  const { Limit, Marker, ...rest } = input
  const paging = {
    ...rest,
    ...(Limit !== undefined && { MaxResults: Limit }),
    ...(Marker !== undefined && { NextToken: Marker }),
  }
  const page = pageOf(paging, own, key => key.keyId)
  const keys = page.items.map(({ keyId, arn }) => ({ KeyId: keyId, KeyArn: arn }))
  const { NextToken } = page.next
  return { Keys: keys, Truncated: NextToken !== undefined, ...(NextToken !== undefined && { NextMarker: NextToken }) }
}

export function createAlias(asked: KmsCall): Input {
  const { input, world } = asked
  const name = requiredText(input, 'AliasName')
  if (!/^alias\/[\w/-]{1,250}$/.test(name) || name.startsWith('alias/aws/')) {
    throw new AwsError('InvalidAliasNameException', 400, `${name} is not a name for an alias of your own`)
  }
  const key = requireKey({ ...asked, input: { KeyId: requiredText(input, 'TargetKeyId') } })
  const isTaken = world.state.kmsKeys
    .values()
    .some(each => each.account === key.account && each.region === key.region && each.aliases.has(name))
  if (isTaken) throw new AwsError('AlreadyExistsException', 400, `An alias with the name ${name} already exists`)
  key.aliases.add(name)
  return {}
}

export function getKeyPolicy(asked: KmsCall): Input {
  return { Policy: requireKey(asked).policy, PolicyName: 'default' }
}

export function putKeyPolicy(asked: KmsCall): Input {
  const policy = checkedPolicy(asked.input.Policy)
  requireKey(asked).policy = policy
  return {}
}

export function enableKey(asked: KmsCall): Input {
  notBeingDeleted(requireKey(asked)).state = 'Enabled'
  return {}
}

export function disableKey(asked: KmsCall): Input {
  notBeingDeleted(requireKey(asked)).state = 'Disabled'
  return {}
}

export function scheduleKeyDeletion(asked: KmsCall): Input {
  const days = asked.input.PendingWindowInDays ?? 30
  if (typeof days !== 'number' || !Number.isInteger(days) || days < 7 || days > 30) {
    throw new AwsError('ValidationException', 400, 'PendingWindowInDays must be between 7 and 30')
  }
  const key = notBeingDeleted(requireKey(asked))
  key.state = 'PendingDeletion'
  key.deletionAt = asked.world.now() + days * 86_400_000
  return { KeyId: key.arn, DeletionDate: seconds(key.deletionAt), KeyState: key.state, PendingWindowInDays: days }
}

/** The key stays disabled, as on AWS. */
export function cancelKeyDeletion(asked: KmsCall): Input {
  const key = requireKey(asked)
  if (key.state !== 'PendingDeletion') {
    throw new AwsError('KMSInvalidStateException', 400, `${key.arn} is not pending deletion.`)
  }
  key.state = 'Disabled'
  key.deletionAt = undefined
  return { KeyId: key.arn }
}

function notBeingDeleted(key: KmsKey): KmsKey {
  if (key.state !== 'PendingDeletion') return key
  throw new AwsError('KMSInvalidStateException', 400, `${key.arn} is pending deletion.`)
}

/** Leaves it to the account's own policies, as a key made without a policy does. */
function defaultPolicy(account: string): string {
  const Principal = { AWS: `arn:aws:iam::${account}:root` }
  const Statement = [{ Sid: 'Enable IAM User Permissions', Effect: 'Allow', Principal, Action: 'kms:*', Resource: '*' }]
  return JSON.stringify({ Version: '2012-10-17', Statement })
}

function checkedPolicy(text: unknown): string {
  try {
    parsePolicy(String(text), 'resource')
    return String(text)
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw new AwsError('MalformedPolicyDocumentException', 400, error.message)
    throw error
  }
}

function metadata({ arn, keyId, account, createdAt, description, state, deletionAt }: KmsKey): Input {
  return {
    AWSAccountId: account,
    KeyId: keyId,
    Arn: arn,
    CreationDate: seconds(createdAt),
    Enabled: state === 'Enabled',
    Description: description,
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeyState: state,
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyManager: 'CUSTOMER',
    Origin: 'AWS_KMS',
    MultiRegion: false,
    ...(deletionAt !== undefined && { DeletionDate: seconds(deletionAt) }),
  }
}
