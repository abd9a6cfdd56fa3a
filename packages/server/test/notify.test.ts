/** Who is told what, and what they find in their inbox. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { NoticeKind } from '@headgate/core/api'
import { act, system } from '../src/db/act.ts'
import { type Notice, notify } from '../src/notify/notify.ts'
import { type TestServer, testServer } from './support/server.ts'

describe('notify', () => {
  let server: TestServer
  before(async () => {
    server = await testServer()
  })
  after(() => server.close())

  test('tells whoever is named or holds the permission, once, and nobody who is left out', async () => {
    const named = await server.as()
    const governor = await server.as(['GOVERNANCE'])
    const doer = await server.as(['GOVERNANCE'])
    await tell({
      kind: 'request.stuck',
      to: { people: [named.id, governor.id], permission: 'GOVERNANCE', except: [doer.id] },
      about: { type: 'request', id: 1 },
      facts: { of: { id: 'c1', name: 'Sales' }, for: { id: named.id, name: 'Ann' } },
    })
    const rows = await server.db.kysely.selectFrom('inbox').select('person_id').orderBy('person_id').execute()
    assert.deepEqual(rows.map(row => row.person_id).sort(), [server.admin.id, named.id, governor.id].sort())
  })

  async function tell<Kind extends NoticeKind>(notice: Notice<Kind>): Promise<void> {
    await act(server.db, system, doing => notify(doing, notice))
  }
})
