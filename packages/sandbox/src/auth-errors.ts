/** AWS's words for bad signatures and credentials: the same flaw has another code in each protocol family. */
import type { AuthFlaw } from './service.ts'
import { AwsError } from './wire.ts'

/** `rest-xml`: S3 and S3 Control. `query`: STS and IAM. `json`: Identity Store and SSO. */
export type ProtocolFamily = 'rest-xml' | 'query' | 'json'

export function authErrorOf(family: ProtocolFamily, flaw: AuthFlaw): AwsError {
  const [code, status, message] = AUTH_ERRORS[family][flaw]
  return new AwsError(code, status, message)
}

type Words = readonly [code: string, status: number, message: string]

const WRONG_SIGNATURE =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.'
const EXPIRED = 'The security token included in the request is expired'
const INVALID = 'The security token included in the request is invalid.'

const REST_XML: Readonly<Record<AuthFlaw, Words>> = {
  'unknown-key': ['InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.'],
  'inactive-key': ['InvalidAccessKeyId', 403, 'The AWS Access Key Id you provided does not exist in our records.'],
  'unknown-token': ['InvalidToken', 400, 'The provided token is malformed or otherwise invalid.'],
  expired: ['ExpiredToken', 400, 'The provided token has expired.'],
  'missing-signature': ['AccessDenied', 403, 'Access Denied'],
  'malformed-signature': ['AuthorizationHeaderMalformed', 400, 'The authorization header is malformed.'],
  'wrong-signature': ['SignatureDoesNotMatch', 403, WRONG_SIGNATURE],
  'wrong-body-hash': [
    'XAmzContentSHA256Mismatch',
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ],
  'unsigned-headers': ['AccessDenied', 403, 'There were headers present in the request which were not signed'],
  'clock-skew': [
    'RequestTimeTooSkewed',
    403,
    'The difference between the request time and the current time is too large.',
  ],
  'presigned-expired': ['AccessDenied', 403, 'Request has expired'],
}

const QUERY: Readonly<Record<AuthFlaw, Words>> = {
  'unknown-key': ['InvalidClientTokenId', 403, INVALID],
  'inactive-key': ['InvalidClientTokenId', 403, INVALID],
  'unknown-token': ['InvalidClientTokenId', 403, INVALID],
  expired: ['ExpiredToken', 403, EXPIRED],
  'missing-signature': ['MissingAuthenticationToken', 403, 'Request is missing Authentication Token'],
  'malformed-signature': ['IncompleteSignature', 400, 'Authorization header is incomplete or malformed.'],
  'wrong-signature': ['SignatureDoesNotMatch', 403, WRONG_SIGNATURE],
  'wrong-body-hash': ['SignatureDoesNotMatch', 403, WRONG_SIGNATURE],
  'unsigned-headers': ['SignatureDoesNotMatch', 403, WRONG_SIGNATURE],
  'clock-skew': ['SignatureDoesNotMatch', 403, 'Signature expired or not yet current'],
  'presigned-expired': ['SignatureDoesNotMatch', 403, 'Signature expired'],
}

const JSON_FAMILY: Readonly<Record<AuthFlaw, Words>> = {
  'unknown-key': ['UnrecognizedClientException', 400, INVALID],
  'inactive-key': ['UnrecognizedClientException', 400, INVALID],
  'unknown-token': ['UnrecognizedClientException', 400, INVALID],
  expired: ['ExpiredTokenException', 400, EXPIRED],
  'missing-signature': ['MissingAuthenticationTokenException', 400, 'Missing Authentication Token'],
  'malformed-signature': ['IncompleteSignatureException', 400, 'Authorization header is incomplete or malformed.'],
  'wrong-signature': ['InvalidSignatureException', 400, WRONG_SIGNATURE],
  'wrong-body-hash': ['InvalidSignatureException', 400, WRONG_SIGNATURE],
  'unsigned-headers': ['InvalidSignatureException', 400, WRONG_SIGNATURE],
  'clock-skew': ['InvalidSignatureException', 400, 'Signature expired or not yet current'],
  'presigned-expired': ['InvalidSignatureException', 400, 'Signature expired'],
}

const AUTH_ERRORS: Readonly<Record<ProtocolFamily, Readonly<Record<AuthFlaw, Words>>>> = {
  'rest-xml': REST_XML,
  query: QUERY,
  json: JSON_FAMILY,
}
