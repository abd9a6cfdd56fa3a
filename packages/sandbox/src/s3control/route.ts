/** Method and path → the operation and the part of the path that names something. Decides nothing else. */
import type { WireRequest } from '../wire.ts'

export interface Route {
  readonly operation: string
  /** The id of a grant or location, or the ARN of a tagged resource; '' where the path names nothing. */
  readonly named: string
}

export function routeOf(request: WireRequest): Route | undefined {
  if (!request.rawPath.startsWith(PREFIX)) return undefined
  const path = request.rawPath.slice(PREFIX.length)
  const fixed = FIXED[`${request.method} ${path}`]
  if (fixed !== undefined) return { operation: fixed, named: '' }
  for (const [folder, byMethod] of NAMING) {
    const operation = byMethod[request.method]
    if (!path.startsWith(folder) || path.length === folder.length || operation === undefined) continue
    const named = decodePath(path.slice(folder.length))
    return named === undefined ? undefined : { operation, named }
  }
  return undefined
}

const PREFIX = '/v20180820/'

const FIXED: Readonly<Record<string, string>> = {
  'POST accessgrantsinstance': 'CreateAccessGrantsInstance',
  'GET accessgrantsinstance': 'GetAccessGrantsInstance',
  'DELETE accessgrantsinstance': 'DeleteAccessGrantsInstance',
  'GET accessgrantsinstances': 'ListAccessGrantsInstances',
  'GET accessgrantsinstance/prefix': 'GetAccessGrantsInstanceForPrefix',
  'POST accessgrantsinstance/identitycenter': 'AssociateAccessGrantsIdentityCenter',
  'DELETE accessgrantsinstance/identitycenter': 'DissociateAccessGrantsIdentityCenter',
  'PUT accessgrantsinstance/resourcepolicy': 'PutAccessGrantsInstanceResourcePolicy',
  'GET accessgrantsinstance/resourcepolicy': 'GetAccessGrantsInstanceResourcePolicy',
  'DELETE accessgrantsinstance/resourcepolicy': 'DeleteAccessGrantsInstanceResourcePolicy',
  'POST accessgrantsinstance/location': 'CreateAccessGrantsLocation',
  'GET accessgrantsinstance/locations': 'ListAccessGrantsLocations',
  'POST accessgrantsinstance/grant': 'CreateAccessGrant',
  'GET accessgrantsinstance/grants': 'ListAccessGrants',
  'GET accessgrantsinstance/caller/grants': 'ListCallerAccessGrants',
  'GET accessgrantsinstance/dataaccess': 'GetDataAccess',
}

const NAMING: ReadonlyArray<readonly [folder: string, byMethod: Readonly<Record<string, string>>]> = [
  [
    'accessgrantsinstance/location/',
    { GET: 'GetAccessGrantsLocation', PUT: 'UpdateAccessGrantsLocation', DELETE: 'DeleteAccessGrantsLocation' },
  ],
  ['accessgrantsinstance/grant/', { GET: 'GetAccessGrant', DELETE: 'DeleteAccessGrant' }],
  ['tags/', { POST: 'TagResource', DELETE: 'UntagResource', GET: 'ListTagsForResource' }],
]

function decodePath(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
