/** Where grants live: the instance of an account and region, and its locations. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateAccessGrantsInstanceCommand,
  CreateAccessGrantsLocationCommand,
  DeleteAccessGrantsLocationCommand,
  GetAccessGrantsInstanceCommand,
  GetAccessGrantsInstanceForPrefixCommand,
  GetAccessGrantsLocationCommand,
  ListAccessGrantsInstancesCommand,
  ListAccessGrantsLocationsCommand,
  UpdateAccessGrantsLocationCommand,
} from '@aws-sdk/client-s3-control'
import type { Stage } from './stage.ts'
import { eventually, refusalOf } from './target.ts'

export function placeContract(stage: () => Stage): void {
  test('an account has one instance a region, and says so when it has none', async () => {
    const { control, account, instanceArn, withoutInstance, target } = stage()
    if (withoutInstance !== undefined) {
      assert.deepEqual([withoutInstance.code, withoutInstance.status], ['AccessGrantsInstanceNotExistsError', 404])
    }
    assert.equal(instanceArn, `arn:aws:s3:${target.region}:${target.accountId}:access-grants/default`)
    const instance = await control.send(new GetAccessGrantsInstanceCommand(account))
    assert.equal(instance.AccessGrantsInstanceId, 'default')
    assert.ok(instance.CreatedAt instanceof Date)
    const again = await refusalOf(control.send(new CreateAccessGrantsInstanceCommand(account)))
    assert.deepEqual([again?.code, again?.status], ['AccessGrantsInstanceAlreadyExists', 409])
  })

  test('the instance is found in the list, and by a prefix of a bucket', async () => {
    const { control, account, instanceArn, root } = stage()
    const list = await control.send(new ListAccessGrantsInstancesCommand(account))
    assert.ok(list.AccessGrantsInstancesList?.some(each => each.AccessGrantsInstanceArn === instanceArn))
    const found = await control.send(new GetAccessGrantsInstanceForPrefixCommand({ ...account, S3Prefix: root }))
    assert.equal(found.AccessGrantsInstanceArn, instanceArn)
  })

  test('a location is read, listed by its scope, and kept by its role', async () => {
    const { control, account, root, locationId, target } = stage()
    const named = { ...account, AccessGrantsLocationId: locationId }
    const location = await control.send(new GetAccessGrantsLocationCommand(named))
    assert.deepEqual([location.LocationScope, location.IAMRoleArn], [root, target.locationRoleArn])
    assert.match(location.AccessGrantsLocationArn ?? '', new RegExp(`:access-grants/default/location/${locationId}$`))

    const update = new UpdateAccessGrantsLocationCommand({ ...named, IAMRoleArn: target.locationRoleArn })
    assert.equal((await control.send(update)).LocationScope, root)
    const list = await control.send(new ListAccessGrantsLocationsCommand({ ...account, LocationScope: root }))
    assert.deepEqual(
      list.AccessGrantsLocationsList?.map(each => each.AccessGrantsLocationId),
      [locationId],
    )
  })

  test('a scope has one location', async () => {
    const { control, account, root, target } = stage()
    const twice = { ...account, LocationScope: root, IAMRoleArn: target.locationRoleArn }
    const refused = await refusalOf(control.send(new CreateAccessGrantsLocationCommand(twice)))
    assert.deepEqual([refused?.code, refused?.status], ['AccessGrantsLocationAlreadyExistsError', 409])
  })

  test('a location goes when nothing is granted in it any more, and only once', async () => {
    const { control, account, root, target, keepLocation, removeLocation } = stage()
    const wish = { ...account, LocationScope: `${root}short-lived/`, IAMRoleArn: target.locationRoleArn }
    const { AccessGrantsLocationId = '' } = await control.send(new CreateAccessGrantsLocationCommand(wish))
    keepLocation(AccessGrantsLocationId)
    await removeLocation(AccessGrantsLocationId)
    const named = { ...account, AccessGrantsLocationId }
    for (const command of [new GetAccessGrantsLocationCommand(named), new DeleteAccessGrantsLocationCommand(named)]) {
      const gone = await eventually(target, async () => {
        const refused = await refusalOf(control.send(command as GetAccessGrantsLocationCommand))
        assert.ok(refused)
        return refused
      })
      assert.deepEqual([gone.code, gone.status], ['NoSuchAccessGrantsLocationError', 404])
    }
  })

  test('a location with a grant in it stays', async () => {
    const { control, account, locationId, grant, revoke } = stage()
    const { AccessGrantId } = await grant({ subPrefix: 'holds/*' })
    const named = { ...account, AccessGrantsLocationId: locationId }
    const refused = await refusalOf(control.send(new DeleteAccessGrantsLocationCommand(named)))
    assert.deepEqual([refused?.code, refused?.status], ['AccessGrantsLocationNotEmptyError', 400])
    await revoke(AccessGrantId)
  })
}
