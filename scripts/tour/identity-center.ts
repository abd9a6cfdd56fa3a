/** The same with a person of IAM Identity Center, from her sign-in at the company's identity provider to bytes. */
import assert from 'node:assert/strict'
import { awsAs } from './aws.ts'
import { adminOf, followSetup, makeSignIn, makeWorkload, sessionFor } from './directory.ts'
import { connect, hasGrants, registerTwo, type Stage, takeDown, writePolicy } from './stage.ts'

const target = 's3://research-data/demographics/*'
const email = 'dee@example.org'

export async function tellIdentityCenter(stage: Stage): Promise<void> {
  const { api, account, endpoint, step } = stage
  const admin = await adminOf(stage)

  const signIn = await step('AWS: an Identity Center with a person, and an application that trusts the sign-in', () =>
    makeSignIn(admin, email),
  )
  await step('AWS: permissions for Headgate and for a tool, pasted from the set-up documents', async () => {
    const documents = await api.integrations.prepareSetup({
      body: {
        awsAccountId: account.accountId,
        awsRegion: account.region,
        awsLocationPath: 's3://',
        awsLocationRole: account.locationRole,
        features: ['identityCenter', 'associateIdentityCenter'],
      },
    })
    await followSetup(admin, documents)
    await makeWorkload(admin, documents)
  })
  const integrationId = await step('connect the AWS account, after nine validation tests', () => connect(stage))

  await step('associate its Access Grants instance with the Identity Center, on order', async () => {
    const { instanceArn } = signIn
    const params = { id: integrationId }
    const associated = await api.identityCenter.associate({ params, body: { instanceArn } })
    assert.equal(associated.instanceArn, instanceArn)
    return { says: `people are looked up in ${associated.identityStoreId}` }
  })

  const [open, closed] = await step('register two prefixes, tag the first', () => registerTwo(stage, integrationId))

  const user = await step('map the person by e-mail address: the directory knows her id', async () => {
    const { id } = await api.users.create({ body: { userid: email, name: 'Dee Sato' } })
    const body = [{ kind: 'identityCenterUser' as const, identifier: email }]
    const { principals } = await api.users.setPrincipals({ params: { id }, body })
    assert.deepEqual(principals, [{ kind: 'identityCenterUser', identifier: signIn.userId }])
    await api.users.addAttribute({ params: { id, key: 'project', value: 'Research' } })
    return { id }
  })

  await step('write a policy; the grant in AWS names her, not a role', async () => {
    await writePolicy(stage)
    await hasGrants(stage, user.id, 1)
    const { items } = await api.grants.list({ query: { userId: user.id } })
    assert.deepEqual(
      items.map(({ grantee }) => grantee),
      [{ type: 'DIRECTORY_USER', identifier: signIn.userId }],
    )
  })

  const context = await step('she signs in; the tool exchanges her token (CreateTokenWithIAM)', async () => {
    const { tokenFor, exchange } = signIn
    return exchange(tokenFor(email))
  })

  const dee = await step('the tool assumes its role in her name (AssumeRole with her context)', async () =>
    awsAs(await sessionFor(admin, context), account, endpoint),
  )

  const credentials = await step('it asks AWS for credentials to her data', () => dee.credentialsFor(target))

  await step('and reads an object', async () => {
    const [first] = (await dee.read(credentials, 'research-data', 'demographics/2026/people.csv')).split('\n')
    assert.equal(first, 'city,people')
    return { says: `first line: ${first}` }
  })

  await step('the sibling prefix is refused, and so is the tool without her', async () => {
    await dee.isRefused('s3://research-data/salaries/*')
    await dee.cannotRead(credentials, 'research-data', 'salaries/2026.csv')
    await awsAs(await sessionFor(admin, undefined), account, endpoint).isRefused(target)
  })

  await step('her attribute goes, and the grant with it: no new credentials', async () => {
    await api.users.removeAttribute({ params: { id: user.id, key: 'project', value: 'Research' } })
    await hasGrants(stage, user.id, 0)
    await dee.isRefused(target)
  })

  await step('dissociate, delete the data sources, then the integration: AWS is as it was', async () => {
    assert.deepEqual(await api.identityCenter.dissociate({ params: { id: integrationId } }), {})
    await takeDown(stage, integrationId, [open, closed])
  })
}
