/**
 * Grantees: which ones a grant may name, and which ones a caller is.
 * An IAM principal matches by its whole ARN, path included; a person of the directory also through their groups.
 */
import type { Caller } from '../caller.ts'
import type { AccessGrantsInstance, GranteeType, IdentityStore } from '../state.ts'
import { AwsError } from '../wire.ts'
import { type ControlCall, permitElsewhere } from './control-call.ts'
import { granteeKey } from './grant-index.ts'

/** Throws `InvalidRequest: Invalid Grantee in the request` for whoever AWS does not know (yet). */
export function requireGrantee(call: ControlCall, instance: AccessGrantsInstance, type: GranteeType, id: string): void {
  const isKnown = type === 'IAM' ? isKnownPrincipal(call, id) : isKnownInDirectory(call, instance, type, id)
  if (isKnown) return
  throw new AwsError('InvalidRequest', call.world.unknowns.invalidGranteeStatus, 'Invalid Grantee in the request')
}

function isKnownPrincipal(call: ControlCall, arn: string): boolean {
  const match = /^arn:aws:iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn)
  if (match === null) return false
  const [, accountId, kind, name] = match as unknown as [string, string, string, string]
  const { state, faults, now } = call.world
  const account = state.accounts.get(accountId)
  const principal = kind === 'user' ? account?.users.get(name) : account?.roles.get(name)
  return principal?.arn === arn && faults.isPropagated('principal', principal.createdAt, now())
}

function isKnownInDirectory(
  call: ControlCall,
  instance: AccessGrantsInstance,
  type: 'DIRECTORY_USER' | 'DIRECTORY_GROUP',
  id: string,
): boolean {
  const store = directoryOf(call, instance)
  if (store === undefined || instance.identityCenter === undefined) return false
  permitElsewhere(call, 'sso:DescribeInstance', instance.identityCenter.instanceArn)
  permitElsewhere(call, 'sso:DescribeApplication', instance.identityCenter.applicationArn)
  const kind = type === 'DIRECTORY_USER' ? 'user' : 'group'
  const action = type === 'DIRECTORY_USER' ? 'identitystore:DescribeUser' : 'identitystore:DescribeGroup'
  permitElsewhere(call, action, `arn:aws:identitystore::${store.account}:identitystore/${store.identityStoreId}`)
  permitElsewhere(call, action, `arn:aws:identitystore:::${kind}/${id}`)
  const found = type === 'DIRECTORY_USER' ? store.users.get(id) : store.groups.get(id)
  return found !== undefined && call.world.faults.isPropagated('principal', found.createdAt, call.world.now())
}

const directoryOf = (call: ControlCall, instance: AccessGrantsInstance): IdentityStore | undefined => {
  const center = instance.identityCenter?.instanceArn
  return [...call.world.state.identityStores.values()].find(store => store.instanceArn === center)
}

/** Keys (`granteeKey`) of everything the caller is. Root is nobody: no grant can name it. */
export interface CallerGrantees {
  readonly iam: readonly string[]
  /** The person, then their groups; empty unless the session carries an identity of this instance's directory. */
  readonly directory: readonly string[]
  /** The Identity Center application the session was made by. */
  readonly applicationArn: string | undefined
}

export function granteesOf(call: ControlCall, instance: AccessGrantsInstance): CallerGrantees {
  const { caller } = call
  const identity = caller.identityCenter
  const store = identity === undefined ? undefined : directoryOf(call, instance)
  const isOfStore = store !== undefined && store.identityStoreId === identity?.identityStoreId
  const person = isOfStore ? store.users.get(identity.userId) : undefined
  return {
    iam: iamGrantees(caller),
    directory:
      person === undefined
        ? []
        : [
            granteeKey('DIRECTORY_USER', person.userId),
            ...[...person.memberships.keys()].map(groupId => granteeKey('DIRECTORY_GROUP', groupId)),
          ],
    applicationArn: identity?.applicationArn,
  }
}

function iamGrantees(caller: Caller): string[] {
  if (caller.kind === 'iamUser') return [granteeKey('IAM', caller.arn)]
  if (caller.kind === 'roleSession' && caller.roleArn !== undefined) return [granteeKey('IAM', caller.roleArn)]
  return []
}

/** A grant that names an application is of no use to any other session. */
export const servesApplication = (grantApplication: string | undefined, applicationArn: string | undefined): boolean =>
  grantApplication === undefined || grantApplication === applicationArn
