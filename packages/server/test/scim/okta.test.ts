/** The calls that Okta makes (its SCIM 2.0 reference: users, group push), one after the other. */
import { test } from 'node:test'
import { testServer } from '../support/server.ts'
import { absent, coreGroup, coreUser, patchOp, play, provider, type Step } from './scim-world.ts'

const ann = {
  schemas: [coreUser],
  userName: 'ann@example.com',
  name: { givenName: 'Ann', familyName: 'Lee' },
  emails: [{ primary: true, value: 'ann@example.com', type: 'work' }],
  displayName: 'Ann Lee',
  locale: 'en-US',
  externalId: '00ujl29u0le5T6Aj10h7',
  groups: [],
  password: '1mz050nq',
  active: true,
}
const { password: _, ...annUpdated } = {
  ...ann,
  name: { givenName: 'Ann', familyName: 'Moss' },
  displayName: 'Ann Moss',
}

const users: readonly Step[] = [
  {
    send: 'GET /ServiceProviderConfig',
    status: 200,
    answers: { patch: { supported: true }, filter: { supported: true } },
  },
  {
    send: 'GET /Users?startIndex=1&count=2',
    status: 200,
    answers: { totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] },
  },
  {
    send: 'GET /Users?filter=userName eq "ann@example.com"&startIndex=1&count=100',
    status: 200,
    answers: { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], totalResults: 0 },
  },
  {
    send: 'POST /Users',
    body: ann,
    status: 201,
    keep: 'ann',
    answers: {
      userName: 'ann@example.com',
      active: true,
      password: absent,
      meta: { resourceType: 'User', version: 'W/"1"' },
    },
  },
  { send: 'POST /Users', body: ann, status: 409, answers: { scimType: 'uniqueness', status: '409' } },
  {
    send: 'GET /Users?filter=userName eq "ANN@example.com"&startIndex=1&count=100',
    status: 200,
    answers: { totalResults: 1, Resources: [{ id: '{ann}' }] },
  },
  {
    send: 'GET /Users/{ann}',
    status: 200,
    answers: { name: { familyName: 'Lee' }, externalId: '00ujl29u0le5T6Aj10h7' },
  },
  {
    send: 'PUT /Users/{ann}',
    body: { ...annUpdated, id: '{ann}' },
    status: 200,
    answers: { id: '{ann}', displayName: 'Ann Moss', meta: { version: 'W/"2"' } },
  },
  // Again the same: no new version.
  {
    send: 'PUT /Users/{ann}',
    body: { ...annUpdated, id: '{ann}' },
    status: 200,
    answers: { meta: { version: 'W/"2"' } },
  },
  {
    send: 'PATCH /Users/{ann}',
    body: { schemas: [patchOp], Operations: [{ op: 'replace', value: { active: false } }] },
    status: 200,
    answers: { active: false },
  },
  { send: 'PUT /Users/{ann}', body: { ...annUpdated, active: true }, status: 200, answers: { active: true } },
]

const groups: readonly Step[] = [
  { send: 'GET /Groups?startIndex=1&count=100', status: 200, answers: { totalResults: 0, Resources: [] } },
  { send: 'POST /Users', body: { ...ann, userName: 'bob@example.com', externalId: 'bob' }, status: 201, keep: 'bob' },
  { send: 'POST /Users', body: { ...ann, userName: 'cid@example.com', externalId: 'cid' }, status: 201, keep: 'cid' },
  {
    send: 'POST /Groups',
    body: { schemas: [coreGroup], displayName: 'Research', members: [{ value: '{bob}', display: 'bob@example.com' }] },
    status: 201,
    keep: 'research',
    answers: { displayName: 'Research', members: [{ value: '{bob}' }], meta: { resourceType: 'Group' } },
  },
  { send: 'GET /Groups?filter=displayName eq "Research"', status: 200, answers: { totalResults: 1 } },
  {
    send: 'PATCH /Groups/{research}',
    body: {
      schemas: [patchOp],
      Operations: [{ op: 'add', path: 'members', value: [{ value: '{cid}', display: 'cid@example.com' }] }],
    },
    status: 204,
  },
  {
    send: 'GET /Groups/{research}',
    status: 200,
    answers: { members: [{ value: '{bob}' }, { value: '{cid}' }], meta: { version: 'W/"2"' } },
  },
  {
    send: 'PATCH /Groups/{research}',
    body: {
      schemas: [patchOp],
      Operations: [
        { op: 'remove', path: 'members[value eq "{bob}"]' },
        { op: 'add', path: 'members', value: [{ value: '{cid}' }] },
      ],
    },
    status: 204,
  },
  {
    send: 'PATCH /Groups/{research}',
    body: {
      schemas: [patchOp],
      Operations: [{ op: 'replace', value: { id: '{research}', displayName: 'Research & Development' } }],
    },
    status: 204,
  },
  {
    send: 'GET /Groups/{research}',
    status: 200,
    answers: { displayName: 'Research & Development', members: [{ value: '{cid}' }] },
  },
  {
    send: 'GET /Users/{cid}',
    status: 200,
    answers: { groups: [{ value: '{research}', display: 'Research & Development' }] },
  },
  {
    send: 'PATCH /Groups/{research}',
    body: { schemas: [patchOp], Operations: [{ op: 'replace', path: 'members', value: [{ value: '{bob}' }] }] },
    status: 204,
  },
  {
    send: 'PUT /Groups/{research}',
    body: { schemas: [coreGroup], id: '{research}', displayName: 'Research', members: [] },
    status: 200,
    answers: { displayName: 'Research', members: absent },
  },
  { send: 'DELETE /Groups/{research}', status: 204 },
  { send: 'GET /Groups/{research}', status: 404, answers: { status: '404' } },
  { send: 'DELETE /Groups/{research}', status: 404 },
]

test('what Okta sends for its users and pushed groups does what it means, and twice what once', async () => {
  const server = await testServer()
  try {
    const okta = await provider(server, 'okta')
    await play(okta, users)
    await play(okta, groups)
  } finally {
    await server.close()
  }
})
