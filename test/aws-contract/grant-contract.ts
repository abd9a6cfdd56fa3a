/** Grants as records: made, found, listed, tagged, deleted, and found again after a lost answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateAccessGrantCommand,
  DeleteAccessGrantCommand,
  GetAccessGrantCommand,
  ListAccessGrantsCommand,
  type ListAccessGrantsCommandInput,
  ListTagsForResourceCommand,
  paginateListAccessGrants,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-s3-control'
import type { Stage } from './stage.ts'
import { eventually, refusalOf } from './target.ts'

export function grantContract(stage: () => Stage): void {
  test("a grant's scope is its location's and its sub-prefix together", async () => {
    const { control, account, grant, root, locationId, target } = stage()
    const made = await grant({ subPrefix: 'made/*' })
    assert.equal(made.GrantScope, `${root}made/*`)
    assert.match(made.AccessGrantArn ?? '', new RegExp(`:access-grants/default/grant/${made.AccessGrantId}$`))

    const { AccessGrantId } = made
    const read = await control.send(new GetAccessGrantCommand({ ...account, AccessGrantId }))
    assert.deepEqual(
      { ...read, $metadata: undefined, CreatedAt: undefined },
      { ...made, $metadata: undefined, CreatedAt: undefined },
    )
    assert.deepEqual(read.Grantee, { GranteeType: 'IAM', GranteeIdentifier: target.grantee.arn })
    assert.deepEqual([read.Permission, read.AccessGrantsLocationId], ['READ', locationId])
    assert.equal(read.AccessGrantsLocationConfiguration?.S3SubPrefix, 'made/*')
  })

  test('a grant on one object names that object and nothing that begins with it', async () => {
    const { grant, root } = stage()
    const made = await grant({ subPrefix: 'single/object.csv', isObject: true })
    assert.equal(made.GrantScope, `${root}single/object.csv`)
  })

  test('a grant that exists is not made twice, and is found by grantee, permission and scope', async () => {
    const { grant, root, target } = stage()
    const { AccessGrantId } = await grant({ subPrefix: 'twice/*' })
    const again = await refusalOf(grant({ subPrefix: 'twice/*' }))
    assert.deepEqual([again?.code, again?.status], ['AccessGrantAlreadyExists', 409])
    // What is done when the answer to a create was lost: the retry is refused, the grant is looked up.
    const grantee = { GranteeType: 'IAM', GranteeIdentifier: target.grantee.arn } as const
    const wanted = { ...grantee, Permission: 'READ', GrantScope: `${root}twice/*` } as const
    await assertListed(stage(), wanted, [AccessGrantId])
  })

  test('reading and writing the same prefix are two grants', async () => {
    const { grant, root } = stage()
    const both = {
      READ: await grant({ subPrefix: 'pair/*' }),
      WRITE: await grant({ subPrefix: 'pair/*', permission: 'WRITE' }),
    }
    for (const Permission of ['READ', 'WRITE'] as const) {
      await assertListed(stage(), { GrantScope: `${root}pair/*`, Permission }, [both[Permission].AccessGrantId])
    }
  })

  test('pages follow each other without gap or repetition', async () => {
    const { control, account, grant, root } = stage()
    const permissions = ['READ', 'WRITE', 'READWRITE'] as const
    const made: string[] = []
    for (const permission of permissions) made.push((await grant({ subPrefix: 'pages/*', permission })).AccessGrantId)
    await eventually(stage().target, async () => {
      const found: (string | undefined)[] = []
      const asked = { ...account, GrantScope: `${root}pages/*` }
      for await (const page of paginateListAccessGrants({ client: control, pageSize: 1 }, asked)) {
        assert.ok((page.AccessGrantsList?.length ?? 0) <= 1)
        found.push(...(page.AccessGrantsList ?? []).map(each => each.AccessGrantId))
      }
      assert.deepEqual(found.toSorted(), made.toSorted())
    })
  })

  test('a grant is deleted once; the second time it is not there', async () => {
    const { control, account, grant, revoke, root } = stage()
    const { AccessGrantId } = await grant({ subPrefix: 'deleted/*' })
    assert.ok([200, 204].includes(await revoke(AccessGrantId)))
    const named = { ...account, AccessGrantId }
    for (const command of [new DeleteAccessGrantCommand(named), new GetAccessGrantCommand(named)]) {
      const gone = await eventually(stage().target, async () => {
        const refused = await refusalOf(control.send(command as GetAccessGrantCommand))
        assert.ok(refused)
        return refused
      })
      assert.deepEqual([gone.code, gone.status], ['NoSuchAccessGrantError', 404])
    }
    await assertListed(stage(), { GrantScope: `${root}deleted/*` }, [])
  })

  test('a grantee that AWS does not know is refused', async () => {
    const { grant, target } = stage()
    const granteeArn = `arn:aws:iam::${target.accountId}:role/headgate-contract-nobody`
    const refused = await refusalOf(grant({ subPrefix: 'nobody/*', granteeArn }))
    assert.equal(refused?.code, 'InvalidRequest')
    assert.match(refused.message, /Invalid Grantee in the request/)
  })

  test('a grant in a location that is not there is refused', async () => {
    const { control, account, target } = stage()
    const command = new CreateAccessGrantCommand({
      ...account,
      AccessGrantsLocationId: '00000000-0000-4000-8000-000000000000',
      AccessGrantsLocationConfiguration: { S3SubPrefix: 'x/*' },
      Grantee: { GranteeType: 'IAM', GranteeIdentifier: target.grantee.arn },
      Permission: 'READ',
    })
    const refused = await refusalOf(control.send(command))
    assert.deepEqual([refused?.code, refused?.status], ['NoSuchAccessGrantsLocationError', 404])
  })

  test('tags are given with a grant, added, and taken away', async () => {
    const { control, account, grant } = stage()
    const { AccessGrantArn: ResourceArn = '' } = await grant({
      subPrefix: 'tagged/*',
      tags: [{ Key: 'managed-by', Value: 'contract' }],
    })
    const tags = async () => {
      const { Tags = [] } = await control.send(new ListTagsForResourceCommand({ ...account, ResourceArn }))
      return Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]))
    }
    assert.deepEqual(await tags(), { 'managed-by': 'contract' })
    const Tags = [{ Key: 'reason', Value: 'policy 7' }]
    await control.send(new TagResourceCommand({ ...account, ResourceArn, Tags }))
    assert.deepEqual(await tags(), { 'managed-by': 'contract', reason: 'policy 7' })
    await control.send(new UntagResourceCommand({ ...account, ResourceArn, TagKeys: ['managed-by'] }))
    assert.deepEqual(await tags(), { reason: 'policy 7' })
  })
}

/** Just these grants match, once AWS has seen what was last changed. */
async function assertListed(
  { control, account, target }: Stage,
  filter: Partial<ListAccessGrantsCommandInput>,
  expected: readonly string[],
): Promise<void> {
  await eventually(target, async () => {
    const { AccessGrantsList = [] } = await control.send(new ListAccessGrantsCommand({ ...account, ...filter }))
    assert.deepEqual(
      AccessGrantsList.map(each => each.AccessGrantId),
      expected,
    )
  })
}
