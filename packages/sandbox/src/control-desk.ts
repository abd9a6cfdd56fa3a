/**
 * `/_sandbox/…`: the knobs AWS does not have. Makes accounts and identity stores, sets faults, shows, saves and restores state.
 * Needs no signature, so the server must never listen beyond the machine unless its operator says so.
 */
import { type Bootstrap, makeAccount, makeIdentityCenter } from './bootstrap.ts'
import { identityCenterContextProvider, issueAssertion } from './identity-center.ts'
import type { ServiceName, World } from './service.ts'
import { emptyState, replaceState, restoreState, snapshotState } from './state.ts'
import { AwsError, jsonResponse, parseJsonObject, type WireRequest, type WireResponse } from './wire.ts'

export interface ControlDesk {
  answer(request: WireRequest): WireResponse
  count(service: ServiceName, operation: string): void
  /** `s3control.CreateAccessGrant` → how often it was called. */
  calls(): Readonly<Record<string, number>>
}

export const isDeskRequest = (request: WireRequest): boolean => request.rawPath.startsWith('/_sandbox/')

export function createControlDesk(world: World): ControlDesk {
  const counts = new Map<string, number>()
  const calls = () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  const actions: Readonly<Record<string, (request: WireRequest) => unknown>> = {
    'GET /_sandbox/state': () => summary(world),
    'GET /_sandbox/calls': calls,
    'POST /_sandbox/reset': () => {
      replaceState(world.state, emptyState())
      counts.clear()
      return {}
    },
    'GET /_sandbox/snapshot': () => JSON.parse(snapshotState(world.state)),
    'POST /_sandbox/snapshot': request => {
      replaceState(world.state, restoreState(request.body.toString('utf8')))
      return {}
    },
    'GET /_sandbox/faults': () => world.faults.settings,
    'POST /_sandbox/faults': request => {
      world.faults.set(parseJsonObject(request.body))
      return world.faults.settings
    },
    'GET /_sandbox/unknowns': () => world.unknowns,
    'POST /_sandbox/unknowns': request => change(world.unknowns, parseJsonObject(request.body)),
    'GET /_sandbox/limits': () => world.limits,
    'POST /_sandbox/limits': request => change(world.limits, parseJsonObject(request.body)),
    'POST /_sandbox/accounts': request => makeNamedAccount(world, parseJsonObject(request.body)),
    'POST /_sandbox/identity-center': request => makeNamedIdentityCenter(world, parseJsonObject(request.body)),
    'POST /_sandbox/identity-context': request => makeIdentityContext(world, parseJsonObject(request.body)),
  }
  return {
    calls,
    count(service, operation) {
      const name = `${service}.${operation}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    },
    answer(request) {
      const action = actions[`${request.method} ${request.rawPath}`]
      if (action === undefined)
        return jsonResponse(404, { error: `no such desk: ${request.method} ${request.rawPath}` })
      try {
        return jsonResponse(200, action(request))
      } catch (error) {
        const isTheirs = error instanceof TypeError || error instanceof SyntaxError || error instanceof AwsError
        if (!isTheirs) throw error
        return jsonResponse(400, { error: error.message })
      }
    },
  }
}

/** Sets known names to values of the type they have. Throws TypeError, having changed nothing. */
export function change<Settings extends object>(
  settings: Settings,
  wanted: Readonly<Record<string, unknown>>,
): Settings {
  for (const [name, value] of Object.entries(wanted)) {
    const current = (settings as Record<string, unknown>)[name]
    if (current === undefined) throw new TypeError(`unknown setting \`${name}\``)
    if (typeof value !== typeof current) throw new TypeError(`\`${name}\` must be a ${typeof current}`)
  }
  return Object.assign(settings, wanted)
}

function makeNamedAccount(world: World, wanted: Readonly<Record<string, unknown>>): Bootstrap {
  if (typeof wanted.accountId !== 'string') throw new TypeError('`accountId` must be text')
  return makeAccount(world, wanted.accountId)
}

function makeNamedIdentityCenter(world: World, wanted: Readonly<Record<string, unknown>>): unknown {
  const { accountId, region } = wanted
  if (typeof accountId !== 'string' || typeof region !== 'string') {
    throw new TypeError('`accountId` and `region` must be text')
  }
  return makeIdentityCenter(world, accountId, region)
}

/** What a person's sign-in yields on AWS (the `sts:identity_context` of an id token), for AssumeRole's ProvidedContexts. */
function makeIdentityContext(world: World, wanted: Readonly<Record<string, unknown>>): unknown {
  const { identityStoreId, userId, applicationArn } = wanted
  if (typeof identityStoreId !== 'string' || typeof userId !== 'string') {
    throw new TypeError('`identityStoreId` and `userId` must be text')
  }
  if (applicationArn !== undefined && typeof applicationArn !== 'string')
    throw new TypeError('`applicationArn` must be text')
  const contextAssertion = issueAssertion(world.state, { identityStoreId, userId, applicationArn }, world.now())
  return { providerArn: identityCenterContextProvider, contextAssertion }
}

/** How much there is of everything, without keys or contents. */
function summary(world: World): unknown {
  const { accounts, buckets, identityStores, sessions } = world.state
  return {
    accounts: [...accounts.values()].map(account => ({
      accountId: account.id,
      users: account.users.size,
      roles: account.roles.size,
      accessGrants: [...account.accessGrants.values()].map(instance => ({
        region: instance.region,
        locations: instance.locations.size,
        grants: instance.grants.size,
        lingering: instance.lingering.size,
      })),
    })),
    buckets: [...buckets.values()].map(({ name, account, region, objects }) => ({
      name,
      account,
      region,
      objects: objects.size,
    })),
    identityStores: [...identityStores.values()].map(store => ({
      identityStoreId: store.identityStoreId,
      instanceArn: store.instanceArn,
      accountId: store.account,
      region: store.region,
      users: store.users.size,
      groups: store.groups.size,
    })),
    sessions: sessions.size,
  }
}
