/**
 * Asking instead of writing policies: a data product, a request on behalf of a role, two people who decide, an end that
 * comes by itself. Nobody waits for the days in between: the clock is moved.
 */
import assert from 'node:assert/strict'
import { ApiError, type Caller } from '@headgate/core/api'
import { awsAs } from './aws.ts'
import { connect, hasGrants, registerTwo, type Stage, takeDown } from './stage.ts'

const target = 's3://research-data/demographics/*'
const day = 86_400_000

export async function tellMarketplace(stage: Stage): Promise<void> {
  const { api, account, endpoint, step, until, passTime } = stage
  const role = account.principals.find(({ arn }) => arn.endsWith('role/analyst'))
  assert.ok(role)
  const aws = awsAs(role.credentials, account, endpoint)

  const integrationId = await step('connect an AWS account, after nine validation tests', () => connect(stage))
  const sources = await step('register two prefixes', () => registerTwo(stage, integrationId))
  const { ann, sam, gina, analysts } = await step(
    'Ann asks, Sam is a steward, Gina a governor; `analysts` stands for an AWS role',
    () => people(stage, role.arn),
  )

  const product = await step('a data product, reviewed by a steward and then by a governor', async () => {
    const stages = [{ any: [{ group: 'Stewards' }] }, { any: [{ permission: 'GOVERNANCE' as const }] }]
    const flow = { name: 'A steward, then a governor', otherwise: { review: { stages } } }
    const { id: reviewFlow } = await api.reviewFlows.create({ body: flow })
    const [open] = sources
    const body = {
      name: 'Demographics',
      description: 'People by city',
      dataSources: [open],
      longest: '90d',
      reviewFlow,
    }
    const { id, version } = await api.dataProducts.create({ body })
    return { id, ifMatch: `"${version}"`, says: `id ${id}` }
  })
  const params = { id: product.id }

  await step('publishing is previewed, and gives and takes nothing', async () => {
    const changes = [{ change: 'publishDataProduct' as const, id: product.id }]
    const { token, movements } = await api.previews.make({ body: { changes } })
    assert.deepEqual(movements, { gained: 0, lost: 0, raised: 0, lowered: 0 })
    assert.ok(token)
    await api.dataProducts.publish({ params, ifMatch: product.ifMatch, ifPreview: token })
    const { tags } = await api.dataSources.get({ params: { id: sources[0] } })
    const tag = `Headgate Marketplace Data Product.${product.id}`
    assert.ok(JSON.stringify(tags).includes(tag))
    return { says: `tagged ${tag}` }
  })

  await step('Ann finds it, and sees whom an approval for `analysts` would reach', async () => {
    const { items } = await ann.marketplace.list({ query: { search: 'demo' } })
    assert.deepEqual(
      items.map(({ name }) => name),
      ['Demographics'],
    )
    const status = await ann.requests.statusOfProduct({ params, query: { for: analysts } })
    assert.deepEqual(
      status.dataSources.map(one => one.status),
      ['ifApproved'],
    )
    const [advice] = status.advice
    assert.equal(advice?.principal.identifier, role.arn)
    await aws.isRefused(target)
    return { says: advice.text }
  })

  const first = await step('she asks on behalf of `analysts`; asking twice with one key is one request', async () => {
    const answers = { purpose: 'The yearly report on cities' }
    const body = { for: analysts, answers, duration: '30d', idempotencyKey: 'yearly report' }
    const { id, onBehalf, stage: at } = await ann.requests.askForProduct({ params, body })
    assert.equal((await ann.requests.askForProduct({ params, body })).id, id)
    assert.equal(onBehalf, 'role-user')
    assert.deepEqual(at, { number: 1, of: 2 })
    await refused(ann.requests.decide({ params: { id }, body: { verdict: 'approve' } }), 'decision-not-yours')
    return { id, says: `request ${id} waits for a steward; she cannot decide it herself` }
  })

  await step('Sam sees what it would do, and approves for 20 days', async () => {
    const { items } = await sam.requests.list({ query: { box: 'toDecide' } })
    assert.deepEqual(
      items.map(({ id }) => id),
      [first.id],
    )
    const { effect } = await sam.requests.review({ params: { id: first.id } })
    assert.deepEqual([effect.gained, effect.integrations[0]?.grants], [1, { create: 1, revoke: 0 }])
    const after = await approve(sam, first.id, '20d')
    assert.deepEqual([after.state, after.stage], ['pending', { number: 2, of: 2 }])
    await refused(approve(sam, first.id), 'decision-not-yours')
    return { says: 'stage 2 of 2; he has no say in that' }
  })

  const firstEnd = await step('Gina approves as asked; the shortest counts', async () => {
    const { state, until: end = '' } = await approve(gina, first.id)
    assert.equal(state, 'approved')
    assert.ok(Math.abs(Date.parse(end) - Date.now() - 20 * day) < day / 24)
    return { at: Date.parse(end), says: `until ${end}` }
  })

  await step('the grant is in AWS, and says why', async () => {
    await hasGrants(stage, analysts, 1)
    const { items } = await api.dataSources.access({ params: { id: sources[0] } })
    assert.deepEqual(
      items.map(({ user: { userid }, because }) => [userid, because.map(({ kind }) => kind)]),
      [['analysts', ['membership']]],
    )
  })

  const credentials = await step('whoever works as `analyst` asks AWS for credentials', () =>
    aws.credentialsFor(target),
  )
  await step('and reads an object; the sibling prefix stays shut', async () => {
    const [line] = (await aws.read(credentials, 'research-data', 'demographics/2026/people.csv')).split('\n')
    assert.equal(line, 'city,people')
    await aws.isRefused('s3://research-data/salaries/*')
    return { says: `first line: ${line}` }
  })

  await step('two weeks later she is told that the end is near', async () => {
    await passTime(14 * day)
    return { says: await toldOf(stage, ann, 'membership.expiring') }
  })

  const second = await step('one click asks for longer; both approve', async () => {
    const { id, extension } = await ann.requests.extend({ params: { id: first.id } })
    assert.equal(extension, true)
    await approve(sam, id)
    const { until: end = '' } = await approve(gina, id)
    return { id, says: `until ${end}` }
  })

  await step('the first approval ends, the second one stands: the grant was never gone', async () => {
    await passTime(firstEnd.at - 14 * day - Date.now())
    await until('the first one is over', () => isOver(ann, first.id))
    const { items } = await api.grants.list({ query: { userId: analysts } })
    assert.deepEqual(
      items.map(({ state }) => state),
      ['active'],
    )
    await aws.credentialsFor(target)
  })

  await step('the end of the second one comes: by its date alone, the grant goes', async () => {
    const { until: end = '' } = await ann.requests.get({ params: { id: second.id } })
    await passTime(Date.parse(end) - Date.now() - 1000)
    await hasGrants(stage, analysts, 0)
    await aws.isRefused(target)
    await until('it is over', () => isOver(ann, second.id))
    return { says: await toldOf(stage, ann, 'membership.expired') }
  })

  await step('she asks again; Sam asks back, she answers, he refuses', async () => {
    const { id, extension } = await ann.requests.extend({ params: { id: second.id }, body: { duration: '90d' } })
    assert.equal(extension, false)
    await sam.requests.comment({ params: { id }, body: { text: 'Is the report not out?' } })
    await ann.requests.comment({ params: { id }, body: { text: 'It is. Just in case.' } })
    const reason = 'Ask when there is a purpose'
    const { state } = await sam.requests.decide({ params: { id }, body: { verdict: 'deny', reason } })
    assert.equal(state, 'denied')
    await aws.isRefused(target)
    return { says: await toldOf(stage, ann, 'request.denied') }
  })

  await step('delete the product, the data sources and the integration: AWS is as it was', async () => {
    const { version } = await api.dataProducts.get({ params })
    await api.dataProducts.remove({ params, ifMatch: `"${version}"` })
    await takeDown(stage, integrationId, sources)
  })
}

async function people({ api, signIn, until }: Stage, roleArn: string) {
  const person = async (userid: string, permissions: readonly 'GOVERNANCE'[] = []) => {
    const { id } = await api.users.create({ body: { userid, name: userid, permissions: [...permissions] } })
    return { id, calls: await signIn(id) }
  }
  const [ann, sam, gina] = [await person('Ann'), await person('Sam'), await person('Gina', ['GOVERNANCE'])]
  const { id: stewards } = await api.groups.create({ body: { name: 'Stewards' } })
  await api.groups.addMember({ params: { id: stewards, userId: sam.id } })
  const { id: analysts } = await api.users.create({
    body: { userid: 'analysts', name: 'Analysts', kind: 'role-user' },
  })
  await api.users.setPrincipals({ params: { id: analysts }, body: [{ kind: 'iamRole', identifier: roleArn }] })
  await until('AWS was asked who can assume the role', async () => {
    const advice = await api.principalAdvice.ofUser({ params: { id: analysts } })
    return advice.some(({ readAt }) => readAt !== undefined)
  })
  return { ann: ann.calls, sam: sam.calls, gina: gina.calls, analysts }
}

function approve(who: Caller, id: number, duration?: string) {
  const limit = duration === undefined ? {} : { duration }
  return who.requests.decide({ params: { id }, body: { verdict: 'approve', ...limit } })
}

async function isOver(who: Caller, id: number): Promise<boolean> {
  return (await who.requests.get({ params: { id } })).state === 'expired'
}

/** What her inbox says of it, once it does. */
async function toldOf({ until }: Stage, who: Caller, kind: string): Promise<string> {
  let title: string | undefined
  await until(`told of ${kind}`, async () => {
    const { items } = await who.notifications.list({ query: {} })
    title = items.find(one => one.kind === kind)?.title
    return title !== undefined
  })
  return title ?? ''
}

async function refused(work: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(work, error => error instanceof ApiError && error.code === code)
}
