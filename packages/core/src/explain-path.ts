/**
 * What AWS would say to a person about a path, and at which layer a denial would come.
 *
 * By the grants handed in, which are those that AWS holds as far as the caller knows, and by what the index says ought
 * to be. Never asks AWS. Changes nothing.
 */
import { accessTo } from './ask.ts'
import type { EntitlementIndex } from './entitlement-index.ts'
import type { DataSourceId, IntegrationId, PrincipalKind, UserId } from './facts.ts'
import { uselessIn } from './people.ts'
import { covers, printScope, type Scope, subPrefixOf } from './scope.ts'
import type { Source } from './source-binding.ts'

export interface PathQuestion {
  readonly user: UserId
  readonly path: Scope
  /** The identifier of the AWS principal that asks; without it, any of the user's. */
  readonly principal?: string
}

export interface HeldGrant {
  readonly scope: Scope
  readonly permission: 'READ' | 'READWRITE'
  /** The identifier of the AWS principal that it was given to. */
  readonly grantee: string
}

/** `granted`, or what is missing, outermost first. */
export type PathLayer =
  | 'granted'
  /** No integration has a location that holds the path. */
  | 'outsideLocations'
  /** No active data source covers it. */
  | 'noDataSource'
  /** Nothing entitles the person to one that does. */
  | 'noGrant'
  /** Entitled, and not known to AWS, or not as this principal. */
  | 'unmapped'
  /** Entitled and mapped, and AWS has no such grant yet. */
  | 'notYetProvisioned'

export interface PathExplanation<Grant extends HeldGrant> {
  readonly layer: PathLayer
  /** Every data source whose scope covers the path, disabled ones included; widest first. */
  readonly dataSources: readonly DataSourceId[]
  /** The grant that AWS would match when asked for READ, and when asked for READWRITE. */
  readonly reading?: Grant
  readonly writing?: Grant
}

export function explainPath<Grant extends HeldGrant>(
  index: EntitlementIndex,
  question: PathQuestion,
  grants: readonly Grant[],
): PathExplanation<Grant> {
  const { path, principal } = question
  const dataSources = dataSourcesCovering(index, path)
  const held = grants.filter(({ grantee }) => principal === undefined || grantee === principal)
  const reading = matchedGrant(held, path)
  const writing = matchedGrant(
    held.filter(({ permission }) => permission === 'READWRITE'),
    path,
  )
  return {
    layer: reading ? 'granted' : layerOfDenial(index, question, dataSources),
    dataSources,
    ...(reading ? { reading } : {}),
    ...(writing ? { writing } : {}),
  }
}

/** Those whose scope covers the path, disabled ones included; widest first, then by id. */
export function dataSourcesCovering({ bindings }: EntitlementIndex, path: Scope): DataSourceId[] {
  const sizeOf = ({ row }: Source) => printScope(row.scope).length
  return bindings
    .at(path)
    .sort((a, b) => sizeOf(a) - sizeOf(b) || a.id - b.id)
    .map(({ id }) => id)
}

/** AWS takes the grant closest to the target; of two on the same scope the one that gives less. */
function matchedGrant<Grant extends HeldGrant>(grants: readonly Grant[], path: Scope): Grant | undefined {
  const order = (a: Grant, b: Grant) =>
    printScope(b.scope).length - printScope(a.scope).length || a.permission.length - b.permission.length
  return grants.filter(({ scope }) => covers(scope, path)).sort(order)[0]
}

function layerOfDenial(
  index: EntitlementIndex,
  { user, path, principal }: PathQuestion,
  dataSources: readonly DataSourceId[],
): PathLayer {
  const { integrations, sources } = index.bindings
  const isHeld = (scope: Scope, { locationPath }: { readonly locationPath: string }) =>
    subPrefixOf(scope, locationPath) !== undefined
  if (![...integrations.values()].some(one => isHeld(path, one))) return 'outsideLocations'
  const active = dataSources.flatMap(id => sources.get(id) ?? []).filter(({ row }) => !row.disabled)
  if (active.length === 0) return 'noDataSource'
  const entitled = active.filter(({ id }) => accessTo(index, user, id)?.entitled)
  if (entitled.length === 0) return 'noGrant'
  const granting = entitled.filter(({ row }) => {
    const integration = integrations.get(row.integration)
    return integration && isHeld(row.scope, integration)
  })
  if (granting.length === 0) return 'outsideLocations'
  const person = index.facts.person(user)
  const isMapped = granting.some(({ row }) => {
    const known = index.facts.principalOf(person, row.integration)
    const integration = integrations.get(row.integration)
    if (!known || !integration || uselessIn(integration)(known)) return false
    return principal === undefined || known.identifier === principal
  })
  return isMapped ? 'notYetProvisioned' : 'unmapped'
}

export interface AskedPrincipal {
  /** As it was mapped, or the ARN of a session of such a role. */
  readonly identifier: string
  readonly kind?: PrincipalKind
  /** Only who is known by it there; without it, anywhere. */
  readonly integration?: IntegrationId
}

export interface FoundPrincipal {
  readonly user: UserId
  /** As it was mapped. */
  readonly identifier: string
}

/** Whose principal it is; undefined: nobody's, or more than one person's. Looks at everybody. */
export function ownerOfPrincipal(index: EntitlementIndex, asked: AskedPrincipal): FoundPrincipal | undefined {
  const role = roleOfSession(asked.identifier)
  const found = new Map<UserId, string>()
  for (const person of index.facts.people()) {
    const known = asked.integration === undefined ? undefined : index.facts.principalOf(person, asked.integration)
    const mine = asked.integration === undefined ? person.principals : known ? [known] : []
    for (const { kind, identifier } of person.user ? mine : []) {
      if (asked.kind !== undefined && kind !== asked.kind) continue
      const isMeant = role ? kind === 'iamRole' && isRole(identifier, role) : isSame(kind, identifier, asked.identifier)
      if (isMeant) found.set(person.id, identifier)
    }
  }
  const [first, second] = found
  return first && !second ? { user: first[0], identifier: first[1] } : undefined
}

/** Ids of Identity Center users are hexadecimal: upper case or lower, it is the same person. */
function isSame(kind: PrincipalKind, mapped: string, asked: string): boolean {
  return kind === 'identityCenterUser' ? mapped.toLowerCase() === asked.toLowerCase() : mapped === asked
}

interface RoleName {
  readonly account: string
  readonly name: string
}

/** The role of `arn:aws:sts::111122223333:assumed-role/Analyst/ann`; sessions do not tell the role's path. */
function roleOfSession(identifier: string): RoleName | undefined {
  const [, account, name] = /^arn:[^:]+:sts::(\d{12}):assumed-role\/([^/]+)\/[^/]+$/.exec(identifier) ?? []
  return account !== undefined && name !== undefined ? { account, name } : undefined
}

function isRole(arn: string, { account, name }: RoleName): boolean {
  return arn.split(':')[4] === account && /:role\//.test(arn) && arn.endsWith(`/${name}`)
}
