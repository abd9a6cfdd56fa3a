/** Who may decide about a request: whoever meets a criterion now, and has no part in the matter. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Criterion, type Outcome, openReview, type Rule, type Stage } from '@headgate/core'
import type { Permission } from '@headgate/core/api'
import type { Tx } from '../src/db/act.ts'
import { storeRole } from '../src/db/principal-check.ts'
import type { Caller } from '../src/http/serve.ts'
import {
  approversOf,
  decidersOf,
  excludedFrom,
  isStuck,
  type ReviewAbout,
  requireDecider,
} from '../src/market/approvers.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
const people = new Map<string, TestPerson>()
before(async () => {
  server = await testServer()
  admin = server.admin
  for (const name of ['ann', 'bob', 'carl', 'dora', 'eve', 'finn', 'gone']) people.set(name, await server.as([], name))
  for (const name of ['gus', 'gil']) people.set(name, await server.as(['GOVERNANCE'], name))
  const group = async (name: string, ...members: string[]) => {
    const { id } = await admin.groups.create({ body: { name } })
    for (const one of members) await admin.groups.addMember({ params: { id, userId: known(one).id } })
    return id
  }
  await group('Stewards', 'ann', 'bob', 'gone')
  const managers = await group('Managers', 'carl')
  await admin.groups.addAttribute({ params: { id: managers, key: 'unit', value: 'Finance' } })
  await admin.users.addAttribute({ params: { id: known('dora').id, key: 'unit', value: 'Finance.Payroll' } })
  for (const name of ['emea', 'apac']) await admin.domains.create({ body: { name } })
  const rights = ['MANAGE_DATA_PRODUCTS' as const]
  await admin.domains.setGroupRights({ params: { name: 'emea', groupId: managers }, body: { rights } })
  await admin.domains.setUserRights({ params: { name: 'apac', userId: known('dora').id }, body: { rights } })
  await admin.users.update({ params: { id: known('gone').id }, body: { disabled: true } })
})
after(() => server.close())

function known(name: string): TestPerson {
  const one = people.get(name)
  assert.ok(one, name)
  return one
}

function names(ids: Iterable<number>): string[] {
  const found = [...people].filter(([, one]) => [...ids].includes(one.id))
  return found.map(([name]) => name).sort()
}

const inTx = <T>(work: (tx: Tx) => Promise<T>) => server.db.transaction(work)

/** About a request of eve for finn, by the built-in flow, for something in a domain. */
function about(more: Partial<ReviewAbout> = {}): ReviewAbout {
  return { requester: known('eve').id, beneficiary: known('finn').id, flowEditor: null, domains: ['emea'], ...more }
}

function callerOf(who: TestPerson, permissions: readonly Permission[] = [], keyIsNarrowed = false): Caller {
  return {
    type: 'user',
    id: who.id,
    userid: who.userid,
    name: who.userid,
    permissions: new Set(permissions),
    keyIsNarrowed,
    carriesOwning: !keyIsNarrowed,
  }
}

const criteria: readonly [Criterion, readonly string[], Partial<ReviewAbout>?][] = [
  [{ user: 'ann' }, ['ann']],
  [{ user: 'gone' }, []],
  [{ user: 'eve' }, []],
  [{ group: 'Stewards' }, ['ann', 'bob']],
  [{ group: 'Nobody' }, []],
  [{ group: 'All Users' }, ['ann', 'bob', 'carl', 'dora', 'gil', 'gus']],
  [{ permission: 'GOVERNANCE' }, ['gil', 'gus']],
  [{ domainRight: 'MANAGE_DATA_PRODUCTS' }, ['carl']],
  [{ domainRight: 'MANAGE_DATA_PRODUCTS' }, ['carl', 'dora'], { domains: ['emea', 'apac'] }],
  [{ domainRight: 'MANAGE_DATA_PRODUCTS' }, [], { domains: [] }],
  [{ domainRight: 'MANAGE_DATA_PRODUCTS', domain: 'apac' }, ['dora']],
  [{ domainRight: 'AUDIT_ACTIVITY' }, []],
  [{ attribute: { key: 'unit', value: 'Finance.Payroll' } }, ['carl', 'dora']],
  [{ attribute: { key: 'unit', value: 'Finance' } }, ['carl']],
  [{ attribute: { key: 'unit' } }, ['carl', 'dora']],
]
test('whoever meets a criterion now is found, but for those who have a part in it', async () => {
  for (const [criterion, expected, more] of criteria) {
    const found = await inTx(tx => approversOf(tx, criterion, about(more)))
    assert.deepEqual(names(found.filter(id => id !== admin.id)), expected, JSON.stringify([criterion, more ?? null]))
  }
})

test('the requester, the beneficiary and the last editor of the flow never decide', async () => {
  const any: Stage = { any: [{ permission: 'GOVERNANCE' }, { group: 'All Users' }] }
  const review = openReview([any])
  const cases = [
    ['requester', { requester: known('gus').id }],
    ['beneficiary', { beneficiary: known('gus').id }],
    ['flowEditor', { flowEditor: known('gus').id }],
  ] as const
  for (const [why, part] of cases) {
    assert.equal((await inTx(tx => excludedFrom(tx, about(part)))).get(known('gus').id), why)
    for (const verdict of ['approve', 'deny'] as const) {
      const caller = callerOf(known('gus'), ['GOVERNANCE'])
      await refuses(
        inTx(tx => requireDecider(tx, caller, review, about(part), verdict)),
        'decision-not-yours',
      )
    }
  }
})

test('who is known to be able to assume the role of the beneficiary never decides, through another role neither', async () => {
  const arn = (name: string) => `arn:aws:iam::111122223333:role/${name}`
  const trusting = (principal: object) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
    })
  const map = (name: string, kind: 'iamRole' | 'iamUser', identifier: string) =>
    server.db.kysely
      .insertInto('principal')
      .values({ person_id: known(name).id, kind, identifier })
      .execute()
  const roleUser = await server.as([], 'analysts')
  people.set('analysts', roleUser)
  await map('analysts', 'iamRole', arn('analyst'))
  await map('bob', 'iamUser', 'arn:aws:iam::111122223333:user/bob')
  await map('carl', 'iamRole', arn('carl'))
  const store = (name: string, principal: object) =>
    storeRole(server.db.kysely, { arn: arn(name), trustPolicy: trusting(principal), breadth: 'several', problem: null })
  await store('analyst', { AWS: ['arn:aws:iam::111122223333:user/bob', arn('middle')] })
  await store('middle', { AWS: [arn('carl'), arn('analyst')] })
  const excluded = await inTx(tx => excludedFrom(tx, about({ beneficiary: roleUser.id })))
  assert.deepEqual([...excluded].map(([id, why]) => [...names([id]), why]).sort(), [
    ['analysts', 'beneficiary'],
    ['bob', 'assumesRole'],
    ['carl', 'assumesRole'],
    ['eve', 'requester'],
  ])
  const found = await inTx(tx => approversOf(tx, { group: 'Stewards' }, about({ beneficiary: roleUser.id })))
  assert.deepEqual(names(found), ['ann'])
})

test('what somebody is when they decide counts, not what they were when the stage opened', async () => {
  const review = openReview([{ any: [{ permission: 'AUDIT' }, { group: 'Stewards' }] }])
  const decides = () => inTx(tx => requireDecider(tx, callerOf(known('ann')), review, about(), 'approve'))
  assert.deepEqual(await decides(), [1])
  const { items } = await admin.groups.list({ query: { search: 'Stewards' } })
  const params = { id: items[0]?.id ?? 0, userId: known('ann').id }
  await admin.groups.removeMember({ params })
  await refuses(decides(), 'decision-not-yours', 403)
  await admin.groups.addMember({ params })
})

test('a narrowed key decides by the permissions that it carries and by nothing else', async () => {
  const review = openReview([{ any: [{ permission: 'GOVERNANCE' }, { group: 'All Users' }] }])
  const gus = known('gus')
  const by = (caller: Caller) => inTx(tx => requireDecider(tx, caller, review, about(), 'approve'))
  assert.deepEqual(await by(callerOf(gus, ['GOVERNANCE'])), [0, 1])
  assert.deepEqual(await by(callerOf(gus, ['GOVERNANCE'], true)), [0])
  await refuses(by(callerOf(gus, ['AUDIT'], true)), 'decision-not-yours', 403)
})

test('a stage that nobody who is there can complete is stuck', async () => {
  const stuck = (stage: Stage, more: Partial<ReviewAbout> = {}) => inTx(tx => isStuck(tx, stage, about(more)))
  assert.equal(await stuck({ any: [{ user: 'finn' }] }), true)
  assert.equal(await stuck({ any: [{ user: 'finn' }, { user: 'ann' }] }), false)
  assert.equal(await stuck({ all: [{ user: 'ann' }, { group: 'Stewards' }] }), false)
  // Two criteria that only one person meets.
  assert.equal(await stuck({ all: [{ user: 'ann' }, { user: 'ann' }] }), true)
  // The first criterion must not take the only one who meets the second.
  assert.equal(await stuck({ all: [{ group: 'Stewards' }, { user: 'ann' }] }), false)
  assert.equal(await stuck({ all: [{ group: 'Stewards' }, { user: 'ann' }] }, { requester: known('bob').id }), true)
})

test('only those are asked whose approval would count now', async () => {
  const stage: Stage = { all: [{ group: 'Stewards' }, { permission: 'GOVERNANCE' }] }
  const opened = openReview([stage])
  const review = {
    ...opened,
    decisions: [{ stage: 0, by: known('gus').id as never, verdict: 'approve' as const, criteria: [1], at: 0 }],
  }
  const before = await inTx(tx => decidersOf(tx, opened, about()))
  assert.deepEqual(names(before.people.map(({ id }) => id)), ['ann', 'bob', 'gil', 'gus'])
  const now = await inTx(tx => decidersOf(tx, review, about()))
  assert.deepEqual([names(now.people.map(({ id }) => id)), now.stuck], [['ann', 'bob'], false])
})

const rule = (condition: string, then: Outcome): Rule => ({ if: condition, then })

test('trying a flow out tells the rule, the stages, who could decide and who never may', async () => {
  const gus = known('gus')
  const flow = await gus.reviewFlows.create({
    body: {
      name: 'tried',
      rules: [
        rule(`@isInGroups('Stewards') AND @levelIs('READ')`, { approve: { for: '30d' } }),
        rule(`@hasAttribute('unit', 'Finance.Payroll') AND @durationAtMost('1w')`, { approve: {} }),
      ],
      otherwise: {
        review: {
          stages: [
            { any: [{ domainRight: 'MANAGE_DATA_PRODUCTS' }, { group: 'Stewards' }] },
            { all: [{ permission: 'GOVERNANCE' }, { user: 'finn' }] },
          ],
        },
      },
    },
  })
  const params = { id: flow.id }
  const tried = (name: string, more: object = {}) =>
    admin.reviewFlows.tryOut({ params, body: { beneficiary: known(name).id, ...more } })
  const steward = await tried('bob', { duration: '90d' })
  assert.deepEqual([steward.rule, steward.outcome, steward.duration, steward.stages], [0, 'approve', '30d', []])
  const finance = await tried('dora', { duration: '7d', level: 'WRITE' })
  assert.deepEqual([finance.rule, finance.duration], [1, '7d'])
  const other = await tried('finn', { requester: known('ann').id, domain: 'emea', duration: '7d' })
  assert.deepEqual([other.rule, other.outcome, other.stuck], [undefined, 'review', true])
  assert.deepEqual(
    other.stages.map(({ match, criteria: each, stuck }) => [
      match,
      each.map(({ text, people: some }) => [text, some.map(({ userid }) => userid).filter(id => people.has(id))]),
      stuck,
    ]),
    [
      [
        'any',
        [
          ['MANAGE_DATA_PRODUCTS in its domain', ['carl']],
          ['group `Stewards`', ['bob']],
        ],
        false,
      ],
      [
        'all',
        [
          ['GOVERNANCE', ['gil']],
          ['user `finn`', []],
        ],
        true,
      ],
    ],
  )
  assert.deepEqual(
    other.excluded.map(({ user, why }) => [user.userid, why]),
    [
      ['ann', 'requester'],
      ['finn', 'beneficiary'],
      ['gus', 'flowEditor'],
    ],
  )
  await refuses(tried('finn', { domain: 'nowhere' }), 'domain-not-found', 404)
  await refuses(tried('finn', { product: 'c1234' }), 'data-product-not-found', 404)
  await refuses(tried('finn', { duration: 'soon' }), 'request-invalid', 422)
  await refuses(admin.reviewFlows.tryOut({ params, body: { beneficiary: 999_999 } }), 'user-not-found', 404)
})
