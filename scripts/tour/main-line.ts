/** The main job, with a person who works as an IAM role. */
import assert from 'node:assert/strict'
import { awsAs } from './aws.ts'
import { connect, hasGrants, registerTwo, type Stage, takeDown, writePolicy } from './stage.ts'

const target = 's3://research-data/demographics/*'

export async function tellMainLine(stage: Stage): Promise<void> {
  const { api, account, endpoint, step } = stage
  const analyst = account.principals.find(({ arn }) => arn.endsWith('role/analyst'))
  assert.ok(analyst)
  const ann = awsAs(analyst.credentials, account, endpoint)

  const integrationId = await step('connect an AWS account, after nine validation tests', () => connect(stage))

  const [open, closed] = await step('register two prefixes, tag the first', () => registerTwo(stage, integrationId))

  const user = await step('map a person to her AWS role and say what is known of her', async () => {
    const { id } = await api.users.create({ body: { userid: 'ann@example.org', name: 'Ann Moreau' } })
    await api.users.setPrincipals({ params: { id }, body: [{ kind: 'iamRole', identifier: analyst.arn }] })
    await api.users.addAttribute({ params: { id, key: 'project', value: 'Research' } })
    return { id }
  })

  await step('nobody reaches anything before a policy says so', async () => {
    assert.deepEqual((await api.dataSources.access({ params: { id: open } })).items, [])
    await ann.isRefused(target)
  })

  await step('write a policy: people of a project read what is tagged with it', () => writePolicy(stage))

  await step('the grant is in AWS, and says why', async () => {
    await hasGrants(stage, user.id, 1)
    const { items } = await api.dataSources.access({ params: { id: open } })
    assert.deepEqual(
      items.map(({ user: { userid }, level, because }) => [userid, level, because[0]?.name]),
      [['ann@example.org', 'READ', 'Project members read their project']],
    )
  })

  const credentials = await step('she asks AWS for credentials, as herself', () => ann.credentialsFor(target))

  await step('she reads an object', async () => {
    const text = await ann.read(credentials, 'research-data', 'demographics/2026/people.csv')
    const [first] = text.split('\n')
    assert.equal(first, 'city,people')
    return { says: `first line: ${first}` }
  })

  await step('the sibling prefix is refused, with and without those credentials', async () => {
    await ann.isRefused('s3://research-data/salaries/*')
    await ann.cannotRead(credentials, 'research-data', 'salaries/2026.csv')
  })

  await step('her attribute goes, and the grant with it', async () => {
    await api.users.removeAttribute({ params: { id: user.id, key: 'project', value: 'Research' } })
    await hasGrants(stage, user.id, 0)
  })

  await step('she is refused new credentials', () => ann.isRefused(target))

  await step('delete the data sources, then the integration: AWS is as it was', () =>
    takeDown(stage, integrationId, [open, closed]),
  )
}
