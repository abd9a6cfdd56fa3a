import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CreateAccessKeyCommand, CreateUserCommand as CreateIamUserCommand } from '@aws-sdk/client-iam'
import * as store from '@aws-sdk/client-identitystore'
import type { Sandbox } from '../src/index.ts'
import { type Clients, clientsOf } from './aws-clients.ts'
import { ACCOUNT, REGION, refusal, startTestSandbox } from './world.ts'

let sandbox: Sandbox
let admin: Clients
let IdentityStoreId: string

before(async () => {
  const started = await startTestSandbox()
  sandbox = started.sandbox
  admin = clientsOf(sandbox, started.admin)
  IdentityStoreId = sandbox.makeIdentityCenter(ACCOUNT, REGION).identityStoreId
})
after(() => sandbox.close())

async function makeUser(UserName: string): Promise<string> {
  const command = new store.CreateUserCommand({
    IdentityStoreId,
    UserName,
    DisplayName: `${UserName} Example`,
    Name: { GivenName: UserName, FamilyName: 'Example' },
    Emails: [{ Value: `${UserName}@example.com`, Primary: true }],
  })
  return (await admin.store.send(command)).UserId ?? ''
}

async function makeGroup(DisplayName: string): Promise<string> {
  return (await admin.store.send(new store.CreateGroupCommand({ IdentityStoreId, DisplayName }))).GroupId ?? ''
}

async function join(GroupId: string, UserId: string): Promise<string> {
  const command = new store.CreateGroupMembershipCommand({ IdentityStoreId, GroupId, MemberId: { UserId } })
  return (await admin.store.send(command)).MembershipId ?? ''
}

describe('users', () => {
  test('a user is read back with what it was given', async () => {
    const UserId = await makeUser('ann')
    const user = await admin.store.send(new store.DescribeUserCommand({ IdentityStoreId, UserId }))
    assert.match(UserId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    assert.deepEqual([user.UserId, user.UserName, user.DisplayName], [UserId, 'ann', 'ann Example'])
    assert.deepEqual(user.Emails, [{ Value: 'ann@example.com', Primary: true }])
    assert.equal(user.Name?.FamilyName, 'Example')
  })

  test('a user name is given once, whatever its case', async () => {
    await makeUser('twin')
    assert.equal((await refusal(makeUser('Twin'))).name, 'ConflictException')
  })

  test('a user without a name is a ValidationException', async () => {
    const command = new store.CreateUserCommand({ IdentityStoreId, UserName: 'nameless', DisplayName: 'Nameless' })
    assert.equal((await refusal(admin.store.send(command))).name, 'ValidationException')
  })

  test('the id is found by user name and by email address', async () => {
    const UserId = await makeUser('found')
    const find = async (AttributePath: string, AttributeValue: string) => {
      const AlternateIdentifier = { UniqueAttribute: { AttributePath, AttributeValue } }
      return (await admin.store.send(new store.GetUserIdCommand({ IdentityStoreId, AlternateIdentifier }))).UserId
    }
    assert.equal(await find('userName', 'found'), UserId)
    assert.equal(await find('emails.value', 'found@example.com'), UserId)
    const { name, message } = await refusal(find('userName', 'lost'))
    assert.deepEqual([name, message], ['ResourceNotFoundException', 'USER not found.'])
  })

  test('a list can be filtered by user name', async () => {
    await makeUser('filtered')
    const Filters = [{ AttributePath: 'UserName', AttributeValue: 'filtered' }]
    const { Users } = await admin.store.send(new store.ListUsersCommand({ IdentityStoreId, Filters }))
    assert.deepEqual(
      Users?.map(user => user.UserName),
      ['filtered'],
    )
  })

  test('a long list comes in pages, each user once', async () => {
    const made = new Set<string>()
    for (let i = 0; i < 12; i++) made.add(await makeUser(`paged-${i}`))
    const seen: string[] = []
    let pages = 0
    for await (const page of store.paginateListUsers({ client: admin.store, pageSize: 5 }, { IdentityStoreId })) {
      pages++
      seen.push(...(page.Users ?? []).map(user => user.UserId ?? ''))
    }
    assert.equal(new Set(seen).size, seen.length)
    assert.deepEqual(new Set(seen.filter(id => made.has(id))), made)
    assert.ok(pages >= 3)
  })

  test('a token that is none is refused', async () => {
    const command = new store.ListUsersCommand({ IdentityStoreId, NextToken: 'nonsense' })
    assert.equal((await refusal(admin.store.send(command))).name, 'ValidationException')
  })
})

describe('groups and memberships', () => {
  test('a group is read back, found by name, listed', async () => {
    const GroupId = await makeGroup('Analysts')
    const group = await admin.store.send(new store.DescribeGroupCommand({ IdentityStoreId, GroupId }))
    assert.equal(group.DisplayName, 'Analysts')
    const AlternateIdentifier = { UniqueAttribute: { AttributePath: 'displayName', AttributeValue: 'analysts' } }
    const found = await admin.store.send(new store.GetGroupIdCommand({ IdentityStoreId, AlternateIdentifier }))
    assert.equal(found.GroupId, GroupId)
    const { Groups } = await admin.store.send(new store.ListGroupsCommand({ IdentityStoreId }))
    assert.ok(Groups?.some(listed => listed.GroupId === GroupId))
    assert.equal((await refusal(makeGroup('ANALYSTS'))).name, 'ConflictException')
  })

  test('a membership shows from both sides until it is deleted', async () => {
    const [GroupId, UserId] = [await makeGroup('Sellers'), await makeUser('seller')]
    const MembershipId = await join(GroupId, UserId)
    const MemberId = { UserId }
    const ofGroup = () => admin.store.send(new store.ListGroupMembershipsCommand({ IdentityStoreId, GroupId }))
    const ofUser = () => admin.store.send(new store.ListGroupMembershipsForMemberCommand({ IdentityStoreId, MemberId }))
    const expected = [{ IdentityStoreId, MembershipId, GroupId, MemberId }]
    assert.deepEqual((await ofGroup()).GroupMemberships, expected)
    assert.deepEqual((await ofUser()).GroupMemberships, expected)
    assert.equal((await refusal(join(GroupId, UserId))).name, 'ConflictException')
    await admin.store.send(new store.DeleteGroupMembershipCommand({ IdentityStoreId, MembershipId }))
    assert.deepEqual((await ofGroup()).GroupMemberships, [])
    assert.deepEqual((await ofUser()).GroupMemberships, [])
  })

  test('asks of several groups at once are answered one by one', async () => {
    const [inside, outside, UserId] = [await makeGroup('Inside'), await makeGroup('Outside'), await makeUser('insider')]
    const MembershipId = await join(inside, UserId)
    const MemberId = { UserId }
    const { Results } = await admin.store.send(
      new store.IsMemberInGroupsCommand({ IdentityStoreId, MemberId, GroupIds: [inside, outside] }),
    )
    assert.deepEqual(
      Results?.map(result => result.MembershipExists),
      [true, false],
    )
    const command = new store.GetGroupMembershipIdCommand({ IdentityStoreId, GroupId: inside, MemberId })
    assert.equal((await admin.store.send(command)).MembershipId, MembershipId)
  })

  test('memberships end with the user, and with the group', async () => {
    const [GroupId, leaver, stayer] = [await makeGroup('Fading'), await makeUser('leaver'), await makeUser('stayer')]
    await join(GroupId, leaver)
    await join(GroupId, stayer)
    await admin.store.send(new store.DeleteUserCommand({ IdentityStoreId, UserId: leaver }))
    const left = await admin.store.send(new store.ListGroupMembershipsCommand({ IdentityStoreId, GroupId }))
    assert.deepEqual(
      left.GroupMemberships?.map(membership => membership.MemberId?.UserId),
      [stayer],
    )
    await admin.store.send(new store.DeleteGroupCommand({ IdentityStoreId, GroupId }))
    const command = new store.ListGroupMembershipsForMemberCommand({ IdentityStoreId, MemberId: { UserId: stayer } })
    assert.deepEqual((await admin.store.send(command)).GroupMemberships, [])
  })
})

test('a store that is not there is ResourceNotFoundException', async () => {
  const command = new store.ListUsersCommand({ IdentityStoreId: 'd-0000000000' })
  assert.equal((await refusal(admin.store.send(command))).name, 'ResourceNotFoundException')
})

test('without permission the answer is AccessDeniedException, in the words of IAM', async () => {
  await admin.iam.send(new CreateIamUserCommand({ UserName: 'outsider' }))
  const { AccessKey } = await admin.iam.send(new CreateAccessKeyCommand({ UserName: 'outsider' }))
  const outsider = clientsOf(sandbox, {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  })
  const { name, message } = await refusal(outsider.store.send(new store.ListUsersCommand({ IdentityStoreId })))
  assert.equal(name, 'AccessDeniedException')
  assert.match(message, /because no identity-based policy allows the identitystore:ListUsers action/)
})
