// Which bucket policies let anybody in, by S3's own rule ("The meaning of public").

import type { PolicyDocument, Statement } from '@headgate/iam'
import type { Bucket } from '../state.ts'

/** A public policy is no use, in a restricted bucket, to those outside its account; services are. */
export function isRestricted({ publicAccessBlock, account }: Bucket, policy: PolicyDocument, caller: string): boolean {
  return publicAccessBlock?.RestrictPublicBuckets === true && caller !== account && isPublic(policy)
}

/** Whether some statement lets everybody in, without a condition that pins down who or from where. */
export function isPublic(policy: PolicyDocument): boolean {
  return policy.statements.some(
    statement => statement.effect === 'Allow' && namesEverybody(statement) && !isPinned(statement),
  )
}

function namesEverybody({ principals }: Statement): boolean {
  if (!principals) return false
  return principals.except || principals.names.some(({ value }) => value === '*')
}

// The keys by which S3 takes a wildcard principal for a fixed one, as long as the value holds no wildcard itself.
const pinningKeys = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceip',
  'aws:sourceorgid',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
])

function isPinned({ conditions }: Statement): boolean {
  return conditions.some(({ key, operator, ifExists, values }) => {
    if (!pinningKeys.has(key) || ifExists || /Not|Null/.test(operator)) return false
    return values.every(value => (key === 'aws:sourceip' ? !/\/[0-7]$/.test(value) : !/[*?]|\$\{/.test(value)))
  })
}
