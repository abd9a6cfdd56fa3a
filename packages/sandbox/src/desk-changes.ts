/**
 * What `/_sandbox/…` changes in the state, as functions of world and request alone, so that the journal can carry them
 * out again. Whatever only looks, or only sets the process's own knobs, is in control-desk.ts.
 */
import { makeAccount, makeIdentityCenter } from './bootstrap.ts'
import { readFields, readText } from './fields.ts'
import { setIssuerKeys } from './issuer-keys.ts'
import { makeRoleSession } from './role-session.ts'
import { readSeed } from './seed/read-seed.ts'
import { applySeed } from './seed/seed.ts'
import type { World } from './service.ts'
import { emptyState, replaceState } from './state.ts'
import { restoreState } from './state-text.ts'
import { parseJsonObject, type WireRequest } from './wire.ts'

export const isDeskRequest = (request: WireRequest): boolean => request.rawPath.startsWith('/_sandbox/')

export const changesAtDesk = (request: WireRequest): boolean => Object.hasOwn(CHANGES, nameOf(request))

/** Throws TypeError, SyntaxError or AwsError on what can't be done; some of it may have been done by then. */
export function changeAtDesk(world: World, request: WireRequest): unknown {
  const carryOut = CHANGES[nameOf(request)]
  if (carryOut === undefined) throw new TypeError(`no such change: ${nameOf(request)}`)
  return carryOut(world, request)
}

const nameOf = ({ method, rawPath }: WireRequest): string => `${method} ${rawPath}`

const CHANGES: Readonly<Record<string, (world: World, request: WireRequest) => unknown>> = {
  'POST /_sandbox/reset': world => {
    replaceState(world.state, emptyState())
    return {}
  },
  'POST /_sandbox/snapshot': (world, request) => {
    replaceState(world.state, restoreState(request.body.toString('utf8')))
    return {}
  },
  'POST /_sandbox/accounts': (world, request) =>
    makeAccount(world, readText(parseJsonObject(request.body), 'accountId')),
  'POST /_sandbox/identity-center': (world, request) => {
    const asked = readFields(parseJsonObject(request.body), 'body', ['accountId', 'region'])
    return makeIdentityCenter(world, readText(asked, 'accountId'), readText(asked, 'region'))
  },
  'POST /_sandbox/role-session': (world, request) => makeRoleSession(world, parseJsonObject(request.body)),
  'POST /_sandbox/token-issuer-keys': (world, request) => setIssuerKeys(world, parseJsonObject(request.body)),
  'POST /_sandbox/seed': (world, request) => applySeed(world, readSeed(parseJsonObject(request.body))),
}
