/** Whether the buckets of a registration can be governed from its integration: each is looked at once (02). */
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import { type BucketState, lookAtBucket } from '../aws/buckets.ts'
import type { AwsClients } from '../aws/clients.ts'

export type BucketFinding =
  | { readonly is: 'good' }
  | { readonly is: 'refused'; readonly code: 'bucket-missing' | 'bucket-elsewhere'; readonly message: string }
  | { readonly is: 'doubtful'; readonly message: string }

/**
 * @param parallel calls in flight at once
 * @throws Problem `aws-refused`, `aws-unreachable`
 */
export async function checkBuckets(
  aws: AwsClients,
  buckets: ReadonlySet<string>,
  parallel: number,
): Promise<Map<string, BucketFinding>> {
  const found = new Map<string, BucketFinding>()
  const waiting = buckets.values()
  const workers = Array.from({ length: Math.min(parallel, buckets.size) }, async () => {
    // One iterator for all: each takes the next bucket when it is free.
    for (const bucket of waiting) found.set(bucket, judge(aws, bucket, await look(aws, bucket)))
  })
  await Promise.all(workers)
  return found
}

async function look(aws: AwsClients, bucket: string): Promise<BucketState> {
  try {
    return await lookAtBucket(aws, bucket)
  } catch (error) {
    throw error instanceof AwsFailure ? problemOfAws(error) : error
  }
}

function judge(aws: AwsClients, bucket: string, state: BucketState): BucketFinding {
  switch (state.is) {
    case 'here':
      return { is: 'good' }
    case 'missing':
      return { is: 'refused', code: 'bucket-missing', message: `bucket \`${bucket}\` does not exist: create it first` }
    case 'elsewhere': {
      const where = state.region === undefined ? 'in another region' : `in ${state.region}`
      const message = `bucket \`${bucket}\` lies ${where}, not in ${aws.region}: use an integration of its region`
      return { is: 'refused', code: 'bucket-elsewhere', message }
    }
    case 'of-another-account': {
      const message = `bucket \`${bucket}\` is not account ${aws.accountId}'s: its Access Grants may not reach it`
      return { is: 'doubtful', message }
    }
    case 'hidden': {
      const message = `bucket \`${bucket}\` may not be looked at with these credentials: nobody knows whether it is there`
      return { is: 'doubtful', message }
    }
  }
}
