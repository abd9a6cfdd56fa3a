/** Enums, patterns and lengths of the Access Grants API; each reader returns a clean value or throws AWS's refusal. */
import type { GranteeType, Permission } from '../state.ts'
import { queryValue, type WireRequest } from '../wire.ts'
import { type ControlErrorCode, controlError } from './errors.ts'

const PERMISSIONS: readonly string[] = ['READ', 'WRITE', 'READWRITE']
const GRANTEE_TYPES: readonly string[] = ['IAM', 'DIRECTORY_USER', 'DIRECTORY_GROUP']

export function readPermission(text: string | undefined, code: ControlErrorCode = 'InvalidRequest'): Permission {
  if (text === undefined || !PERMISSIONS.includes(text)) throw controlError(code, 'The specified Permission is invalid')
  return text as Permission
}

export function readGranteeType(text: string | undefined, code: ControlErrorCode = 'InvalidRequest'): GranteeType {
  if (text === undefined || !GRANTEE_TYPES.includes(text))
    throw controlError(code, 'The specified GranteeType is invalid')
  return text as GranteeType
}

/** The id in a path: of a grant or location. Throws InvalidRequest. */
export function readId(text: string): string {
  if (!/^[a-zA-Z0-9-]{1,64}$/.test(text)) throw controlError('InvalidRequest', 'The specified id is invalid')
  return text
}

/** An S3 path of 1–2000 characters that begins with `s3://`. */
export function readS3Path(text: string | undefined, name: string, code: ControlErrorCode = 'InvalidRequest'): string {
  const isPath = text !== undefined && text.length <= 2000 && /^s3:\/\/.*$/.test(text)
  if (!isPath) throw controlError(code, `The specified ${name} is invalid`)
  return text
}

export const isIamRoleArn = (text: string): boolean => /^arn:[^:]+:iam::\d{12}:role\/.+$/.test(text)

export const isIdentityCenterArn = (text: string): boolean => /^arn:[^:]+:sso::(\d{12}){0,1}:instance\/.*$/.test(text)

export const isApplicationArn = (text: string): boolean => /^arn:[^:]+:sso::\d{12}:application\/.*$/.test(text)

/** A whole number from the query within the bounds, or undefined when it was not sent. Throws InvalidRequest. */
export function readNumber(request: WireRequest, name: string, least: number, most: number): number | undefined {
  const text = queryValue(request, name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw controlError('InvalidRequest', `The value of ${name} must be between ${least} and ${most}`)
  }
  return value
}

/** `true` or `false` from the query, false when it was not sent. Throws InvalidRequest. */
export function readFlag(request: WireRequest, name: string): boolean {
  const text = queryValue(request, name) ?? 'false'
  if (text !== 'true' && text !== 'false')
    throw controlError('InvalidRequest', `The value of ${name} must be true or false`)
  return text === 'true'
}
