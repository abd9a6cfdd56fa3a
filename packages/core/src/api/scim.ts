/**
 * The routes that identity providers call: SCIM 2.0 (RFC 7643, 7644).
 *
 * No part of `api`: these speak `application/scim+json`, answer errors in SCIM's own shape, and know no person but the
 * provider that the bearer token belongs to. What the messages look like is told by `/scim/v2/Schemas`.
 */
import type { Endpoint } from './endpoint.ts'

export interface ScimEndpoint extends Pick<Endpoint, 'method' | 'path' | 'summary' | 'errors'> {
  /** The bearer token of an identity provider whose SCIM part is on. */
  readonly needs: 'identityProvider'
  readonly status: 200 | 201 | 204
  /** Bytes; absent: takes no body. */
  readonly bodyLimit?: number
}

const MiB = 1024 * 1024
const needs = 'identityProvider'
const read = ['scim-not-found'] as const
const query = ['scim-filter-invalid', 'scim-value-invalid'] as const
const written = ['scim-value-invalid', 'scim-syntax-invalid', 'scim-too-many'] as const
const patched = [...written, 'scim-path-invalid', 'scim-no-target', 'scim-mutability', 'scim-version-changed'] as const
/** A hundred thousand members, as the wordiest provider writes them. */
const groupLimit = 32 * MiB

export const scim = {
  listUsers: {
    ...{ method: 'GET', path: '/scim/v2/Users', needs, status: 200, errors: query },
    summary: 'People of the identity provider, by `filter`, `startIndex`, `count`',
  },
  getUser: {
    ...{ method: 'GET', path: '/scim/v2/Users/{id}', needs, status: 200, errors: read },
    summary: 'One person of the identity provider',
  },
  createUser: {
    ...{ method: 'POST', path: '/scim/v2/Users', needs, status: 201, bodyLimit: MiB },
    summary: 'A person comes to the identity provider',
    errors: [...written, 'scim-name-taken', 'scim-external-id-taken'],
  },
  replaceUser: {
    ...{ method: 'PUT', path: '/scim/v2/Users/{id}', needs, status: 200, bodyLimit: MiB },
    summary: 'A person as the identity provider knows them now',
    errors: [...read, ...written, 'scim-name-taken', 'scim-external-id-taken', 'scim-version-changed'],
  },
  patchUser: {
    ...{ method: 'PATCH', path: '/scim/v2/Users/{id}', needs, status: 200, bodyLimit: MiB },
    summary: 'Changes some attributes of a person; `active: false` takes every grant back',
    errors: [...read, ...patched, 'scim-name-taken', 'scim-external-id-taken'],
  },
  removeUser: {
    ...{ method: 'DELETE', path: '/scim/v2/Users/{id}', needs, status: 204 },
    summary: 'A person leaves; their history stays',
    errors: [...read, 'scim-version-changed', 'last-admin'],
  },
  listGroups: {
    ...{ method: 'GET', path: '/scim/v2/Groups', needs, status: 200, errors: query },
    summary: 'Groups of the identity provider, by `filter`, `startIndex`, `count`',
  },
  getGroup: {
    ...{ method: 'GET', path: '/scim/v2/Groups/{id}', needs, status: 200, errors: read },
    summary: 'One group of the identity provider, with its members unless they are excluded',
  },
  createGroup: {
    ...{ method: 'POST', path: '/scim/v2/Groups', needs, status: 201, bodyLimit: groupLimit },
    summary: 'A group comes to the identity provider, perhaps with members',
    errors: [...written, 'scim-group-not-allowed', 'scim-group-taken', 'name-reserved'],
  },
  replaceGroup: {
    ...{ method: 'PUT', path: '/scim/v2/Groups/{id}', needs, status: 200, bodyLimit: groupLimit },
    summary: 'A group and all of its members',
    errors: [
      ...read,
      ...written,
      'scim-group-not-allowed',
      'scim-group-taken',
      'scim-version-changed',
      'name-reserved',
    ],
  },
  patchGroup: {
    ...{ method: 'PATCH', path: '/scim/v2/Groups/{id}', needs, status: 204, bodyLimit: groupLimit },
    summary: 'Members come and go, or the group is renamed',
    errors: [...read, ...patched, 'scim-group-not-allowed', 'scim-group-taken', 'name-reserved'],
  },
  removeGroup: {
    ...{ method: 'DELETE', path: '/scim/v2/Groups/{id}', needs, status: 204 },
    summary: 'A group ends',
    errors: [...read, 'scim-version-changed'],
  },
  serviceProviderConfig: {
    ...{ method: 'GET', path: '/scim/v2/ServiceProviderConfig', needs, status: 200, errors: [] },
    summary: 'What this SCIM server can do',
  },
  resourceTypes: {
    ...{ method: 'GET', path: '/scim/v2/ResourceTypes', needs, status: 200, errors: [] },
    summary: 'User and Group',
  },
  resourceType: {
    ...{ method: 'GET', path: '/scim/v2/ResourceTypes/{id}', needs, status: 200, errors: ['route-unknown'] },
    summary: 'User or Group',
  },
  schemas: {
    ...{ method: 'GET', path: '/scim/v2/Schemas', needs, status: 200, errors: [] },
    summary: 'Every attribute that is understood',
  },
  schema: {
    ...{ method: 'GET', path: '/scim/v2/Schemas/{id}', needs, status: 200, errors: ['route-unknown'] },
    summary: 'The attributes of one schema',
  },
} as const satisfies Readonly<Record<string, ScimEndpoint>>
