/**
 * `/_sandbox/…`: the knobs AWS does not have. Makes accounts and identity stores, sets faults, shows, saves and restores state.
 * Needs no signature, so the server must never listen beyond the machine unless its operator says so.
 */
import { newCommand, worldOf } from './command.ts'
import { changeAtDesk, changesAtDesk } from './desk-changes.ts'
import { readFields, readText, readTextIfAny } from './fields.ts'
import { identityCenterContextProvider, issueAssertion } from './identity-center.ts'
import type { Memory } from './memory/memory.ts'
import type { ServiceName, World } from './service.ts'
import { snapshotState } from './state-text.ts'
import { AwsError, jsonResponse, parseJsonObject, type WireRequest, type WireResponse } from './wire.ts'

export interface ControlDesk {
  answer(request: WireRequest): WireResponse
  /** What `answer` prints, for a change asked by `POST /_sandbox/<name>`. Throws TypeError, SyntaxError or AwsError. */
  change(name: string, input: object): unknown
  count(service: ServiceName, operation: string): void
  /** `s3control.CreateAccessGrant` → how often it was called. */
  calls(): Readonly<Record<string, number>>
}

export function createControlDesk(world: World, memory: Memory): ControlDesk {
  const counts = new Map<string, number>()
  const calls = () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  const looks: Readonly<Record<string, (request: WireRequest) => unknown>> = {
    'GET /_sandbox/state': () => summary(world),
    'GET /_sandbox/calls': calls,
    'GET /_sandbox/snapshot': () => JSON.parse(snapshotState(world.state)),
    'GET /_sandbox/faults': () => world.faults.settings,
    'POST /_sandbox/faults': request => {
      world.faults.set(parseJsonObject(request.body))
      return world.faults.settings
    },
    'GET /_sandbox/unknowns': () => world.unknowns,
    'POST /_sandbox/unknowns': request => change(world.unknowns, parseJsonObject(request.body)),
    'GET /_sandbox/limits': () => world.limits,
    'POST /_sandbox/limits': request => change(world.limits, parseJsonObject(request.body)),
    'POST /_sandbox/identity-context': request => makeIdentityContext(world, parseJsonObject(request.body)),
  }
  const changeState = (request: WireRequest): unknown => {
    const command = newCommand(world, request)
    try {
      const result = changeAtDesk(worldOf(world, command), request)
      memory.record(command)
      if (request.rawPath === '/_sandbox/reset') counts.clear()
      return result
    } catch (error) {
      // A seed may have done half of it.
      memory.consolidate()
      throw error
    }
  }
  return {
    calls,
    count(service, operation) {
      const name = `${service}.${operation}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    },
    change: (name, input) => changeState(deskRequest(name, input, world.now())),
    answer(request) {
      const action = changesAtDesk(request) ? changeState : looks[`${request.method} ${request.rawPath}`]
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

function deskRequest(name: string, input: object, receivedAt: number): WireRequest {
  const body = Buffer.from(JSON.stringify(input))
  return { method: 'POST', host: '', rawPath: `/_sandbox/${name}`, query: [], headers: {}, body, receivedAt }
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

/** What a person's sign-in yields on AWS (the `sts:identity_context` of an id token), for AssumeRole's ProvidedContexts. */
function makeIdentityContext(world: World, wanted: Readonly<Record<string, unknown>>): unknown {
  const fields = readFields(wanted, 'body', ['identityStoreId', 'userId', 'applicationArn'])
  const applicationArn = readTextIfAny(fields, 'applicationArn')
  const identity = { identityStoreId: readText(fields, 'identityStoreId'), userId: readText(fields, 'userId') }
  const contextAssertion = issueAssertion(world.state, { ...identity, applicationArn }, world.now())
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
