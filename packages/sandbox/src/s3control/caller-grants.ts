/** ListCallerAccessGrants: what the caller itself holds, as person, group member and role alike. Nobody else's grants. */
import type { AccessGrant, AccessGrantsInstance } from '../state.ts'
import { queryValue } from '../wire.ts'
import {
  type ControlCall,
  type ControlHandler,
  findInstance,
  instanceArn,
  permit,
  requireInstance,
} from './control-call.ts'
import { grantIndexOf } from './grant-index.ts'
import { granteesOf, servesApplication } from './grantee.ts'
import { type PageRequest, readPageRequest, takePage } from './page.ts'
import { readFlag } from './validate.ts'

export const listCallerAccessGrants: ControlHandler = call => {
  permit(call, instanceArn(call.account, call.region), { resourceTags: findInstance(call)?.tags })
  const instance = requireInstance(call)
  const request = readPageRequest(call)
  const page = takePage(request, heldGrants(call, instance, request))
  return {
    NextToken: page.nextToken,
    CallerAccessGrantsList: {
      AccessGrant: page.items.map(grant => ({
        Permission: grant.permission,
        GrantScope: grant.scope,
        ApplicationArn: grant.applicationArn ?? call.world.unknowns.applicationOfOpenGrant,
      })),
    },
  }
}

/** One page's worth (and one more) from each grantee the caller is, merged in the order of creation. */
function heldGrants(call: ControlCall, instance: AccessGrantsInstance, request: PageRequest): AccessGrant[] {
  const { faults, now, unknowns } = call.world
  const prefix = queryValue(call.request, 'grantscope') ?? ''
  const onlyAllowed = readFlag(call.request, 'allowedByApplication')
  const grantees = granteesOf(call, instance)
  const isAsked = (grant: AccessGrant) =>
    grant.scope.startsWith(prefix) &&
    (!onlyAllowed || servesApplication(grant.applicationArn, grantees.applicationArn)) &&
    faults.isPropagated('grant', grant.createdAt, now())
  const { byGrantee } = grantIndexOf(instance, unknowns)
  return [...grantees.directory, ...grantees.iam]
    .flatMap(key => [
      ...(byGrantee
        .get(key)
        ?.after(request.after)
        .filter(isAsked)
        .take(request.limit + 1) ?? []),
    ])
    .sort((a, b) => a.sequence - b.sequence)
}
