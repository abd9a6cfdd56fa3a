/**
 * Whether an integration's location, its role and the Identity Center association are in AWS as they were: what all
 * grants hang on. Looks only; nothing of it is ever repaired, since each may have been done on purpose.
 */
import { isLocationOf, listLocations } from '../aws/access-grants.ts'
import type { AwsClients } from '../aws/clients.ts'
import { identityCenterOf } from '../aws/grant-listing.ts'
import type { Places } from '../db/drift-scan.ts'
import type { IntegrationRow } from '../db/integration.ts'

/** What keeps an integration from creating anything until somebody has looked: `test` names it. */
export interface PlaceFault {
  readonly test: string
  readonly message: string
}

/** The names under which the audit reports faults; it takes back no others. */
export const placeTests = {
  location: 'The Access Grants location is as it was registered',
  identityCenter: 'The Identity Center association is as it was',
} as const

/** What AWS says of the place as a whole. */
export interface PlaceInAws {
  /** Undefined: there is no Access Grants instance any more. */
  readonly identityCenterArn: string | undefined
  readonly locations: ReadonlyMap<string, { readonly scope: string; readonly roleArn: string }>
}

/** Two calls, each through `pass`. Throws AwsFailure. */
export async function lookAtPlace(
  aws: AwsClients,
  pass: <T>(call: () => Promise<T>) => Promise<T>,
): Promise<PlaceInAws> {
  const identityCenterArn = await pass(() => identityCenterOf(aws))
  if (identityCenterArn === undefined) return { identityCenterArn, locations: new Map() }
  const locations = await pass(() => listLocations(aws))
  return { identityCenterArn, locations: new Map(locations.map(location => [location.id, location])) }
}

/** @param before the association that the last scan saw; undefined: there was none yet */
export function judgePlace(
  integration: IntegrationRow,
  { identityCenterArn, locations }: PlaceInAws,
  before: string | undefined,
  hasDirectoryGrants: boolean,
): Places & { readonly faults: readonly PlaceFault[] } {
  const { aws_location_id: id, location_path: path, location_role: role } = integration
  const faults: PlaceFault[] = []
  const location = id === null ? undefined : locations.get(id)
  const told = (test: string, message: string) => void faults.push({ test, message })

  const missing = `location \`${id}\` of \`${path}\` is no longer in AWS, so none of its grants is: `
  let is: Places['location'] = 'equal'
  if (!location) {
    is = 'missing'
    told(placeTests.location, `${missing}delete this integration and create it again, or have the location restored`)
  } else if (!isLocationOf(location.scope, path)) {
    is = 'scopeChanged'
    told(placeTests.location, `location \`${id}\` is of \`${location.scope}\` in AWS, not of \`${path}\``)
  } else if (location.roleArn !== role) {
    is = 'roleChanged'
    const remedy = 'set it back in AWS, or edit the integration to name the new role'
    told(
      placeTests.location,
      `location \`${id}\` has the role \`${location.roleArn}\` in AWS, not \`${role}\`: ${remedy}`,
    )
  }

  const center = judgeIdentityCenter(identityCenterArn, before, hasDirectoryGrants)
  if (center === 'missing' || center === 'changed') {
    const was = before === undefined || before === 'none' ? '' : ` (it was \`${before}\`)`
    const now = center === 'missing' ? 'none is associated' : `it is \`${identityCenterArn}\``
    const message = `people of Identity Center have grants here, but of the Access Grants instance ${now}${was}: associate it again`
    told(placeTests.identityCenter, message)
  }
  return { location: is, identityCenter: center, identityCenterArn, faults }
}

/** As long as no grant hangs on it, it may come, go and change. */
function judgeIdentityCenter(
  now: string | undefined,
  before: string | undefined,
  hasDirectoryGrants: boolean,
): Places['identityCenter'] {
  if (now === undefined || now === 'none') return hasDirectoryGrants ? 'missing' : 'none'
  return hasDirectoryGrants && before !== undefined && before !== 'none' && now !== before ? 'changed' : 'equal'
}
