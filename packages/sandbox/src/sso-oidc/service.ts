/** The token service of IAM Identity Center: JSON over `POST /token`, the one operation that callers sign. */
import { authErrorOf } from '../auth-errors.ts'
import type { Service } from '../service.ts'
import { AwsError, jsonResponse, type WireRequest } from '../wire.ts'
import { createTokenWithIam } from './create-token.ts'

export const ssoOidcService: Service = {
  name: 'sso-oauth',
  operationOf: ({ method, rawPath }) => (method === 'POST' && rawPath === '/token' ? 'CreateTokenWithIAM' : undefined),
  handle: call => jsonResponse(200, createTokenWithIam(call)),
  printError: (error, _request, requestId) => {
    const { error: word = 'invalid_request', ...more } = error.fields
    const body = { __type: error.code, error: word, error_description: error.message, ...more }
    const answer = jsonResponse(error.status, body)
    return { ...answer, headers: { ...answer.headers, 'x-amzn-errortype': error.code, 'x-amzn-requestid': requestId } }
  },
  unknownOperation: ({ method, rawPath }: WireRequest) =>
    new AwsError('UnknownOperationException', 404, `Unknown operation ${method} ${rawPath}`),
  authError: flaw => authErrorOf('json', flaw),
  throttled: () => new AwsError('SlowDownException', 400, 'Rate exceeded', { error: 'slow_down' }),
}
