/** Applications of Identity Center: what a person signs in to, and what its sign-in may be exchanged for. */
import { type Input, pageOf, requiredText, seconds } from '../json-protocol.ts'
import type { World } from '../service.ts'
import type { IdentityStore, SsoApplication } from '../state.ts'
import { instanceOf, oneOf, requireApplication, requireInstance, type SsoCall } from './sso-call.ts'

/** Any application of a customer's own; the other providers are those of AWS's catalogue. */
const customProvider = 'arn:aws:sso::aws:applicationProvider/custom'

export function createApplication(asked: SsoCall): Input {
  const { input, world } = asked
  const store = requireInstance(asked)
  const providerArn = requiredText(input, 'ApplicationProviderArn')
  const name = requiredText(input, 'Name')
  const status = input.Status === undefined ? 'ENABLED' : oneOf(input, 'Status', ['ENABLED', 'DISABLED'])
  const description = input.Description === undefined ? undefined : requiredText(input, 'Description')
  return { ApplicationArn: makeApplication(world, store, { name, providerArn, status, description }).arn }
}

/** Enters an application into the state. */
export function makeApplication(
  world: World,
  store: IdentityStore,
  given: Pick<SsoApplication, 'name' | 'description'> & Partial<Pick<SsoApplication, 'providerArn' | 'status'>>,
): SsoApplication {
  const { account, instanceArn } = store
  const application: SsoApplication = {
    arn: `arn:aws:sso::${account}:application/${instanceArn.split('/')[1]}/apl-${world.random.bytes(8).toString('hex')}`,
    instanceArn,
    account,
    createdAt: world.now(),
    name: given.name,
    description: given.description,
    providerArn: given.providerArn ?? customProvider,
    status: given.status ?? 'ENABLED',
    scopes: new Map(),
    grants: new Map(),
    // As on AWS: whoever is not assigned is refused until somebody says otherwise.
    assignmentRequired: true,
    assignments: new Set(),
  }
  world.state.applications.set(application.arn, application)
  return application
}

export function describeApplication(asked: SsoCall): Input {
  return applicationFields(asked.world, requireApplication(asked))
}

export function listApplications(asked: SsoCall): Input {
  const { instanceArn } = requireInstance(asked)
  const own = asked.world.state.applications.values().filter(one => one.instanceArn === instanceArn)
  const page = pageOf(asked.input, own, one => one.arn)
  return { Applications: page.items.map(one => applicationFields(asked.world, one)), ...page.next }
}

export function deleteApplication(asked: SsoCall): Input {
  asked.world.state.applications.delete(requireApplication(asked).arn)
  return {}
}

function applicationFields(world: World, application: SsoApplication): Input {
  return {
    ApplicationArn: application.arn,
    ApplicationProviderArn: application.providerArn,
    Name: application.name,
    ApplicationAccount: application.account,
    InstanceArn: application.instanceArn,
    IdentityStoreArn: storeArn(instanceOf(world, application.instanceArn)),
    Status: application.status,
    Description: application.description,
    CreatedDate: seconds(application.createdAt),
  }
}

function storeArn(store: IdentityStore | undefined): string | undefined {
  return store && `arn:aws:identitystore::${store.account}:identitystore/${store.identityStoreId}`
}
