/**
 * Step 4 of the line: the grants that AWS should hold for one integration, in AWS's terms.
 *
 * One grant per entitled, mapped person and data source, less those that another makes superfluous. Never WRITE
 * alone, never READ beside READWRITE for one grantee and scope, never a grant for what only overlap opens (05).
 */
import { coveringAmong } from './covering.ts'
import type { Entitlement, OwnReason } from './entitlement.ts'
import type { DataSource, DataSourceId, Facts, Integration, IntegrationId, Principal, UserId } from './facts.ts'
import { principalsByUser, uselessIn, type WhyUseless } from './people.ts'
import { printScope, type Scope, subPrefixOf } from './scope.ts'

export interface Grantee {
  readonly type: 'IAM' | 'DIRECTORY_USER'
  /** A full ARN, compared byte for byte, or an Identity Store user id. */
  readonly identifier: string
}

/** Access Grants' own words. */
export type GrantPermission = 'READ' | 'READWRITE'

export interface DesiredGrant {
  readonly user: UserId
  readonly dataSource: DataSourceId
  readonly grantee: Grantee
  readonly scope: Scope
  /** The `S3SubPrefix` under the integration's location; never empty. */
  readonly subPrefix: string
  readonly permission: GrantPermission
  readonly because: readonly OwnReason[]
}

/** An entitlement that AWS cannot be told of. */
export interface Unmapped {
  readonly entitlement: Entitlement
  readonly why: 'noPrincipal' | 'severalPrincipals' | WhyUseless | 'outsideLocation'
}

export interface Subsumed {
  readonly grant: DesiredGrant
  /** The widest of the desired grants that make it superfluous; of the same grantee. */
  readonly by: DesiredGrant
}

/** Each list by data source, then user. */
export interface DesiredGrants {
  readonly grants: readonly DesiredGrant[]
  readonly unmapped: readonly Unmapped[]
  readonly subsumed: readonly Subsumed[]
}

/** What AWS should hold for one integration; entitlements to other integrations' data sources are passed over. */
export function desiredGrants(
  entitlements: readonly Entitlement[],
  facts: Facts,
  integration: IntegrationId,
): DesiredGrants {
  const target = facts.integrations.find(({ id }) => id === integration)
  if (!target) return { grants: [], unmapped: [], subsumed: [] }
  const dataSources = new Map(facts.dataSources.map(dataSource => [dataSource.id, dataSource]))
  const principals = principalsByUser(facts)
  const whyUseless = uselessIn(target)

  const wanted: DesiredGrant[] = []
  const unmapped: Unmapped[] = []
  for (const entitlement of entitlements.toSorted((a, b) => a.dataSource - b.dataSource || a.user - b.user)) {
    const dataSource = dataSources.get(entitlement.dataSource)
    if (dataSource?.integration !== integration) continue
    const grant = grantFor(entitlement, dataSource, target, principals(entitlement.user, integration), whyUseless)
    if (typeof grant === 'string') unmapped.push({ entitlement, why: grant })
    else wanted.push(grant)
  }
  return { ...subsume(wanted, facts, target, dataSources), unmapped }
}

/** What AWS tells grants apart by; two grants of one key cannot exist at once. */
export function grantKey({
  grantee,
  scope,
  permission,
}: Pick<DesiredGrant, 'grantee' | 'scope' | 'permission'>): string {
  // The scope stands last: of the four it alone may contain spaces.
  return `${permission} ${granteeKey(grantee)} ${printScope(scope)}`
}

export function granteeKey({ type, identifier }: Grantee): string {
  return `${type} ${identifier}`
}

function grantFor(
  { user, level, because }: Entitlement,
  { id, scope }: DataSource,
  { locationPath }: Integration,
  [principal, second]: readonly Principal[],
  whyUseless: (principal: Principal) => WhyUseless | undefined,
): DesiredGrant | Unmapped['why'] {
  if (!principal) return 'noPrincipal'
  if (second) return 'severalPrincipals'
  const useless = whyUseless(principal)
  if (useless) return useless
  const subPrefix = subPrefixOf(scope, locationPath)
  if (subPrefix === undefined) return 'outsideLocation'
  const permission = level === 'WRITE' ? 'READWRITE' : 'READ'
  return { user, dataSource: id, grantee: granteeOf(principal), scope, subPrefix, permission, because }
}

function granteeOf({ kind, identifier }: Principal): Grantee {
  return { type: kind === 'identityCenterUser' ? 'DIRECTORY_USER' : 'IAM', identifier }
}

function subsume(
  wanted: readonly DesiredGrant[],
  facts: Facts,
  { subsumeEqual }: Integration,
  dataSources: ReadonlyMap<DataSourceId, DataSource>,
): Pick<DesiredGrants, 'grants' | 'subsumed'> {
  const covering = coveringAmong(facts)
  const wider = new Map<DataSourceId, readonly DataSourceId[]>()
  function widerThan(dataSource: DataSourceId): readonly DataSourceId[] {
    const known = wider.get(dataSource) ?? covering(dataSources.get(dataSource)!).map(({ id }) => id)
    wider.set(dataSource, known)
    return known
  }

  const held = Map.groupBy(wanted, grant => heldKey(grant.grantee, grant.dataSource))
  function makesSuperfluous(outer: DesiredGrant, grant: DesiredGrant): boolean {
    if (outer.permission !== grant.permission) return outer.permission === 'READWRITE'
    // Of two data sources with the same scope neither is wider: both grants would have one key, which the plan refuses.
    return subsumeEqual && printScope(outer.scope) !== printScope(grant.scope)
  }
  function coversOf(grant: DesiredGrant): DesiredGrant[] {
    return [...widerThan(grant.dataSource), grant.dataSource]
      .flatMap(dataSource => held.get(heldKey(grant.grantee, dataSource)) ?? [])
      .filter(outer => outer !== grant && makesSuperfluous(outer, grant))
  }

  const grants: DesiredGrant[] = []
  const subsumed: Subsumed[] = []
  for (const grant of wanted) {
    // Being superfluous is transitive, so one that is kept itself is always among the covering ones.
    const by = coversOf(grant).find(outer => coversOf(outer).length === 0)
    if (by) subsumed.push({ grant, by })
    else grants.push(grant)
  }
  return { grants, subsumed }
}

function heldKey(grantee: Grantee, dataSource: DataSourceId): string {
  return `${dataSource} ${granteeKey(grantee)}`
}
