/**
 * AWS's Query protocol, spoken by STS and IAM: form-encoded requests, XML answers.
 * Reads and prints only; which fields an operation needs is told by its own service.
 */
import { AwsError, printXml, type WireRequest, type WireResponse, type XmlFields, xmlResponse } from './wire.ts'

/** The fields of a request: `RoleName`, `Tags.member.1.Key`, … */
export type Form = ReadonlyMap<string, string>

export function readForm(request: WireRequest): Form {
  const sent = request.method === 'GET' ? request.query : new URLSearchParams(request.body.toString('utf8'))
  return new Map(sent)
}

/** Throws ValidationError (400) when the field is missing or empty. */
export function requiredField(form: Form, name: string): string {
  const value = form.get(name)
  if (value) return value
  throw validationError(
    `1 validation error detected: Value at '${lowerFirst(name)}' failed to satisfy constraint: Member must not be null`,
  )
}

/** A list such as `PolicyArns.member.1.arn`: the fields of each member, in order. */
export function listField(form: Form, name: string): readonly Form[] {
  const members = new Map<number, Map<string, string>>()
  const prefix = `${name}.member.`
  for (const [key, value] of form) {
    if (!key.startsWith(prefix)) continue
    const [index = '', ...rest] = key.slice(prefix.length).split('.')
    const member = members.get(Number(index)) ?? new Map<string, string>()
    members.set(Number(index), member.set(rest.join('.'), value))
  }
  return [...members].sort(([a], [b]) => a - b).map(([, member]) => member)
}

/** `Tags.member.N.Key` and `.Value`. Throws InvalidInput (400) when a key comes twice. */
export function tagsField(form: Form): ReadonlyMap<string, string> {
  const tags = new Map<string, string>()
  for (const member of listField(form, 'Tags')) {
    const key = member.get('Key') ?? ''
    if (tags.has(key))
      throw new AwsError(
        'InvalidInput',
        400,
        'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      )
    tags.set(key, member.get('Value') ?? '')
  }
  return tags
}

/** A whole number within `least` and `most`; absent: undefined. Throws ValidationError. */
export function numberField(form: Form, name: string, least: number, most: number): number | undefined {
  const text = form.get(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  const bound = value < least ? `greater than or equal to ${least}` : `less than or equal to ${most}`
  throw validationError(
    `1 validation error detected: Value '${text}' at '${lowerFirst(name)}' failed to satisfy constraint: Member must have value ${bound}`,
  )
}

/** Throws ValidationError, in AWS's words, when the text does not match. */
export function checkPattern(name: string, text: string, pattern: RegExp, longest: number): void {
  const constraint =
    text.length > longest
      ? `have length less than or equal to ${longest}`
      : pattern.test(text)
        ? undefined
        : `satisfy regular expression pattern: ${pattern.source}`
  if (constraint === undefined) return
  throw validationError(
    `1 validation error detected: Value '${text}' at '${lowerFirst(name)}' failed to satisfy constraint: Member must ${constraint}`,
  )
}

export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', 400, message)
}

/** `result` undefined: the operation answers with nothing but a request id. */
export function queryAnswer(
  namespace: string,
  operation: string,
  result: XmlFields | undefined,
  requestId: string,
): WireResponse {
  const fields = {
    ...(result === undefined ? {} : { [`${operation}Result`]: result }),
    ResponseMetadata: { RequestId: requestId },
  }
  return xmlResponse(200, printXml(`${operation}Response`, fields, namespace), { 'content-type': 'text/xml' })
}

export function queryError(namespace: string, error: AwsError, requestId: string): WireResponse {
  const Type = error.status < 500 ? 'Sender' : 'Receiver'
  const fields = { Error: { Type, Code: error.code, Message: error.message }, RequestId: requestId }
  return xmlResponse(error.status, printXml('ErrorResponse', fields, namespace), { 'content-type': 'text/xml' })
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
