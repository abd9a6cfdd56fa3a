/** Every refusal that S3 Access Grants words itself: code → HTTP status and text. IAM's own denials come from authorize.ts. */
import { AwsError } from '../wire.ts'

const ERRORS = {
  AccessGrantAlreadyExists: [409, 'The specified access grant already exists'],
  // AWS's name for this one has no "Error" at its end.
  AccessGrantsInstanceAlreadyExists: [409, 'Access Grants Instance already exists'],
  AccessGrantsInstanceNotEmptyError: [400, 'Please clean up locations before deleting the access grants instance'],
  AccessGrantsInstanceNotExistsError: [404, 'Access Grants Instance does not exist'],
  AccessGrantsInstanceResourcePolicyNotExists: [404, 'Access Grants Instance Resource Policy does not exist'],
  AccessGrantsLocationAlreadyExistsError: [409, 'The specified access grants location already exists'],
  AccessGrantsLocationNotEmptyError: [400, 'Please clean up access grants before deleting access grants location'],
  AccessGrantsLocationsQuotaExceededError: [409, 'The access grants locations quota has been exceeded'],
  AccessGrantsQuotaExceededError: [409, 'The access grants quota has been exceeded'],
  AccessDenied: [403, 'Access Denied'],
  BadDigest: [400, 'The Content-MD5 you specified did not match what we received.'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessGrant: [400, 'The specified Access Grant is invalid'],
  InvalidAccessGrantsLocation: [400, 'The specified Access Grants Location is invalid'],
  InvalidIamRole: [400, 'The specified IAM Role is invalid'],
  InvalidIdentityCenterInstance: [400, 'The specified identity center instance is invalid'],
  InvalidRequest: [400, 'The request is invalid'],
  InvalidResourcePolicy: [400, 'The specified Resource Policy is invalid'],
  InvalidTag: [400, 'There are duplicate tags in your request or a tag key or value is invalid'],
  InvalidTags: [400, 'Tag keys must not begin with aws:'],
  NoSuchAccessGrantError: [404, 'The specified access grant does not exist'],
  NoSuchAccessGrantsLocationError: [404, 'The specified access grants location does not exist'],
  NoSuchBucket: [404, 'The specified bucket does not exist'],
  SlowDown: [503, 'Please reduce your request rate.'],
  StsNotAuthorizedError: [403, 'User: access-grants.s3.amazonaws.com is not authorized to perform: sts:AssumeRole'],
  StsPackedPolicyTooLargeError: [400, 'Serialized token too large for session'],
  StsValidationError: [400, 'The request to the AWS Security Token Service is invalid'],
  TooManyTags: [400, 'The number of tags exceeds the limit of 50 tags'],
} as const satisfies Readonly<Record<string, readonly [status: number, message: string]>>

export type ControlErrorCode = keyof typeof ERRORS

/** `message` only where the text names facts of the request. */
export function controlError(code: ControlErrorCode, message?: string): AwsError {
  const [status, text] = ERRORS[code]
  return new AwsError(code, status, message ?? text)
}

export const quotaExceeded = (
  code: 'AccessGrantsQuotaExceededError' | 'AccessGrantsLocationsQuotaExceededError',
  quota: number,
): AwsError =>
  controlError(code, `${ERRORS[code][1]}. Quota: ${quota}. Please reach out to S3 if you need an increase.`)
