/** Instances of Identity Center, each with its identity store. */
import { type Input, pageOf, seconds } from '../json-protocol.ts'
import type { IdentityStore } from '../state.ts'
import { authorizeSso, requireInstance, type SsoCall } from './sso-call.ts'

export function listInstances(asked: SsoCall): Input {
  const { caller, region } = asked.call
  authorizeSso(asked, caller, '*')
  const own = asked.world.state.identityStores
    .values()
    .filter(one => one.account === caller.account && one.region === region)
  const page = pageOf(asked.input, own, one => one.instanceArn)
  return { Instances: page.items.map(instanceFields), ...page.next }
}

export function describeInstance(asked: SsoCall): Input {
  return instanceFields(requireInstance(asked))
}

function instanceFields(store: IdentityStore): Input {
  return {
    InstanceArn: store.instanceArn,
    IdentityStoreId: store.identityStoreId,
    OwnerAccountId: store.account,
    CreatedDate: seconds(store.createdAt),
    Status: 'ACTIVE',
  }
}
