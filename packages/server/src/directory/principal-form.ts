/**
 * Whether a text can name a principal of its kind at all: what Access Grants takes as a grantee (03).
 *
 * ARNs are taken whole, path included, and never changed: AWS compares them byte for byte. Pure; asks nobody.
 */
import type { PrincipalKind } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { isDirectoryUserId } from '../aws/principals.ts'

export type PrincipalForm =
  | { readonly accountId: string; readonly carriesSessions: boolean }
  | { readonly directoryUser: 'id' | 'name' }

const iamArn =
  /^arn:(?:aws|aws-cn|aws-us-gov):iam::(\d{12}):(user|role)((?:\/[\x21-\x2e\x30-\x7e]*)*\/[\w+=,.@-]{1,64})$/

/** @throws Problem `principal-invalid` with the reason */
export function readPrincipal(kind: PrincipalKind, identifier: string): PrincipalForm {
  const refuse = (reason: string): never => {
    throw new Problem('principal-invalid', { identifier, reason })
  }
  if (/[\s\p{Cc}]/u.test(identifier)) return refuse('it holds spaces or control characters')
  if (kind === 'identityCenterUser') {
    if (identifier.startsWith('arn:')) return refuse('an Identity Center user is a user id, a user name or an e-mail')
    return { directoryUser: isDirectoryUserId(identifier) ? 'id' : 'name' }
  }
  if (/:sts:.*:assumed-role\//.test(identifier)) {
    return refuse('it is a session, which ends: send the ARN of the role itself (`arn:aws:iam::…:role/…`)')
  }
  if (/:iam:.*:group\//.test(identifier)) {
    return refuse('Access Grants knows no IAM groups: map their users one by one, or give them a role')
  }
  if (/:root$/.test(identifier)) return refuse('a whole account cannot be a grantee: send a user or a role')
  const [, accountId, type] = iamArn.exec(identifier) ?? []
  if (accountId === undefined) {
    return refuse('send the full ARN with its path, such as `arn:aws:iam::123456789012:role/team/analyst`')
  }
  const wanted = kind === 'iamUser' ? 'user' : 'role'
  if (type !== wanted) return refuse(`it is an IAM ${type}: send the kind ${type === 'user' ? 'iamUser' : 'iamRole'}`)
  return { accountId, carriesSessions: identifier.includes(':role/aws-reserved/sso.amazonaws.com/') }
}
