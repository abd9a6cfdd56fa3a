/** What this SCIM server is and can, as RFC 7643 (5 to 7) has it said. */
import { Problem } from '@headgate/core/api'
import { SchemaDefinition } from 'scimmy/types'
import { coreGroup, coreUser, enterpriseUser, groupDefinition, type Json, userDefinition } from './definitions.ts'
import { presentList } from './present.ts'

/** The most resources on a page. */
export const maxPage = 1000

export function serviceProviderConfig(base: string): Json {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: maxPage },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'The token of the identity provider, as Headgate showed it once',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  }
}

export function resourceTypes(base: string): Json[] {
  const type = (name: 'User' | 'Group', description: string, schema: string, extensions: readonly string[]) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    description,
    endpoint: `/${name}s`,
    schema,
    schemaExtensions: extensions.map(extension => ({ schema: extension, required: false })),
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  })
  return [
    type('User', 'A person whom the identity provider manages', coreUser, [enterpriseUser]),
    type('Group', 'A group of such people', coreGroup, []),
  ]
}

export function schemas(base: string): Json[] {
  const extensions = userDefinition.attributes.filter(one => one instanceof SchemaDefinition)
  return [userDefinition, ...(extensions as SchemaDefinition[]), groupDefinition].map(definition => {
    const described = JSON.parse(JSON.stringify(definition.describe(`${base}/Schemas`))) as Json
    return { ...described, id: definition.id }
  })
}

/** One of a list by its id. Throws Problem `route-unknown`. */
export function oneOf(all: readonly Json[], id: string, path: string): Json {
  const found = all.find(one => String(one.id).toLowerCase() === id.toLowerCase())
  if (!found) throw new Problem('route-unknown', { method: 'GET', path: path.slice(0, 200) })
  return found
}

export function listOf(all: readonly Json[]): Json {
  return presentList(all, all.length, 1)
}
