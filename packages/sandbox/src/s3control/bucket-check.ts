/** Does the bucket that a scope names exist, and in this region? A scope that is open in its bucket name is not checked. */
import { AwsError } from '../wire.ts'
import type { ControlCall } from './control-call.ts'
import { type ControlErrorCode, controlError } from './errors.ts'
import { splitScope } from './scope.ts'

/** `elsewhere`: the code for a bucket of another region. */
export function bucketFlaw(call: ControlCall, scope: string, elsewhere: ControlErrorCode): AwsError | undefined {
  const { bucket: name } = splitScope(scope)
  if (name.includes('*')) return undefined
  const bucket = call.world.state.buckets.get(name)
  if (bucket === undefined) {
    const code = call.world.unknowns.missingBucketCode
    return new AwsError(code, controlError(code).status, 'The specified bucket does not exist', { BucketName: name })
  }
  if (bucket.region !== call.region) return controlError(elsewhere, 'The specified bucket is in another region')
  return undefined
}
