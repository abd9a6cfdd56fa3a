/** For every operation: what the SDK writes is what we read, and what we write is what the SDK reads. Nothing is lost either way. */
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import * as aws from '@aws-sdk/client-s3-control'
import { makeAccount, makeIdentityCenter } from '../src/bootstrap.ts'
import { createControlDesk } from '../src/control-desk.ts'
import { createFaults } from '../src/faults.ts'
import { forgetful } from '../src/memory/memory.ts'
import { newSeed, randomnessFrom } from '../src/randomness.ts'
import { CONTROL_OPERATIONS, s3ControlService } from '../src/s3control/service.ts'
import { createSandboxServer } from '../src/server.ts'
import type { Service, ServiceCall, World } from '../src/service.ts'
import { emptyState } from '../src/state.ts'
import { defaultUnknowns } from '../src/unknowns.ts'
import { parseXml, type WireResponse, type XmlElement } from '../src/wire.ts'
import { ACCOUNT, controlClient, putBucket, putRole, REGION } from './world.ts'

const of = { AccountId: ACCOUNT }
const INSTANCE_ARN = `arn:aws:s3:${REGION}:${ACCOUNT}:access-grants/default`
const ODD = 'ü & <b> "c" \'d\' \n e  '

interface Exchange {
  readonly call: ServiceCall
  readonly answer: WireResponse
}

it('every operation round-trips between the SDK and our wire, in both directions', async () => {
  const world: World = {
    state: emptyState(),
    now: Date.now,
    random: randomnessFrom(newSeed()),
    faults: createFaults(),
    unknowns: defaultUnknowns(),
    limits: { grantsPerInstance: 100, locationsPerInstance: 100 },
  }
  const seen: Exchange[] = []
  const watched: Service = {
    ...s3ControlService,
    handle(call) {
      const answer = s3ControlService.handle(call)
      seen.push({ call, answer })
      return answer
    },
  }
  const desk = createControlDesk(world, forgetful)
  const server = createSandboxServer({
    world,
    services: [watched],
    desk,
    memory: forgetful,
    onBug: error => assert.fail(String(error)),
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const admin = makeAccount(world, ACCOUNT)
  const client = controlClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, admin)
  const covered = new Set<string>()

  /** Sends the command and compares both directions leaf by leaf. */
  async function both<Output extends object>(
    operation: string,
    input: object,
    sending: Promise<Output>,
  ): Promise<Output> {
    const output = await sending
    const exchange = seen.at(-1) as Exchange
    assert.equal(exchange.call.operation, operation)
    covered.add(operation)

    const { AccountId, ...members } = input as { AccountId: string }
    assert.equal(exchange.call.request.headers['x-amz-account-id'], AccountId)
    const read = valuesRead(exchange.call)
    for (const [path, value] of leaves(members)) assert.ok(read.includes(value), `${operation}: ${path} was not read`)
    assert.equal(read.length, leaves(members).length, `${operation}: reads as many values as were written`)

    const { $metadata: _, ...fields } = output as { $metadata?: unknown }
    const body = String(exchange.answer.body)
    if (body === '') assert.deepEqual(fields, {}, operation)
    else {
      const root = parseXml(body)
      assert.equal(root.name, `${operation}Result`)
      assert.deepEqual(leaves(fields).sort(), xmlLeaves(root, '').sort(), operation)
    }
    return output
  }

  try {
    const role = putRole(world, 'location')
    putBucket(world, 'lake')
    const center = makeIdentityCenter(world, ACCOUNT, REGION)
    const Tags = [
      { Key: 'team', Value: 'Ü b' },
      { Key: 'stage', Value: 'x=1' },
    ]
    const instance = { ...of, IdentityCenterArn: center.instanceArn, Tags }
    await both('CreateAccessGrantsInstance', instance, client.send(new aws.CreateAccessGrantsInstanceCommand(instance)))
    await both('GetAccessGrantsInstance', of, client.send(new aws.GetAccessGrantsInstanceCommand(of)))
    await both(
      'DissociateAccessGrantsIdentityCenter',
      of,
      client.send(new aws.DissociateAccessGrantsIdentityCenterCommand(of)),
    )
    const association = { ...of, IdentityCenterArn: center.instanceArn }
    await both(
      'AssociateAccessGrantsIdentityCenter',
      association,
      client.send(new aws.AssociateAccessGrantsIdentityCenterCommand(association)),
    )
    const few = { ...of, MaxResults: 7 }
    await both('ListAccessGrantsInstances', few, client.send(new aws.ListAccessGrantsInstancesCommand(few)))
    const prefix = { ...of, S3Prefix: 's3://lake/a b/ü*' }
    await both(
      'GetAccessGrantsInstanceForPrefix',
      prefix,
      client.send(new aws.GetAccessGrantsInstanceForPrefixCommand(prefix)),
    )
    const statement = { Effect: 'Allow', Principal: '*', Action: 's3:ListAccessGrants', Resource: INSTANCE_ARN }
    const policy = {
      ...of,
      Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'A', ...statement }] }, null, 2),
      Organization: 'o-abcdefghij',
    }
    await both(
      'PutAccessGrantsInstanceResourcePolicy',
      policy,
      client.send(new aws.PutAccessGrantsInstanceResourcePolicyCommand(policy)),
    )
    await both(
      'GetAccessGrantsInstanceResourcePolicy',
      of,
      client.send(new aws.GetAccessGrantsInstanceResourcePolicyCommand(of)),
    )
    await both(
      'DeleteAccessGrantsInstanceResourcePolicy',
      of,
      client.send(new aws.DeleteAccessGrantsInstanceResourcePolicyCommand(of)),
    )

    const location = { ...of, LocationScope: 's3://lake/', IAMRoleArn: role.arn, Tags }
    const { AccessGrantsLocationId } = await both(
      'CreateAccessGrantsLocation',
      location,
      client.send(new aws.CreateAccessGrantsLocationCommand(location)),
    )
    const locationId = { ...of, AccessGrantsLocationId }
    await both('GetAccessGrantsLocation', locationId, client.send(new aws.GetAccessGrantsLocationCommand(locationId)))
    const update = { ...locationId, IAMRoleArn: role.arn }
    await both('UpdateAccessGrantsLocation', update, client.send(new aws.UpdateAccessGrantsLocationCommand(update)))
    const locations = { ...of, LocationScope: 's3://lake/', MaxResults: 3 }
    await both('ListAccessGrantsLocations', locations, client.send(new aws.ListAccessGrantsLocationsCommand(locations)))

    const caller = [...(world.state.accounts.get(ACCOUNT)?.users.values() ?? [])][0]?.arn ?? ''
    const ApplicationArn = `arn:aws:sso::${ACCOUNT}:application/ssoins-1/apl-1`
    const S3SubPrefix = `dir/${ODD.replace('\n', '')}`
    const object: aws.CreateAccessGrantCommandInput = {
      ...locationId,
      AccessGrantsLocationConfiguration: { S3SubPrefix },
      Grantee: { GranteeType: 'IAM', GranteeIdentifier: caller },
      Permission: 'READWRITE',
      ApplicationArn,
      S3PrefixType: 'Object',
      Tags,
    }
    const made = await both('CreateAccessGrant', object, client.send(new aws.CreateAccessGrantCommand(object)))
    const { ApplicationArn: __, S3PrefixType: ___, ...plain } = object
    const prefixGrant = { ...plain, AccessGrantsLocationConfiguration: { S3SubPrefix: 'dir/*' } }
    await both('CreateAccessGrant', prefixGrant, client.send(new aws.CreateAccessGrantCommand(prefixGrant)))
    const grantId = { ...of, AccessGrantId: made.AccessGrantId }
    await both('GetAccessGrant', grantId, client.send(new aws.GetAccessGrantCommand(grantId)))
    const filter = {
      ...of,
      GranteeType: 'IAM',
      GranteeIdentifier: caller,
      Permission: 'READWRITE',
      GrantScope: made.GrantScope,
      ApplicationArn,
      MaxResults: 9,
    } as const
    const found = await both('ListAccessGrants', filter, client.send(new aws.ListAccessGrantsCommand(filter)))
    assert.equal(found.AccessGrantsList?.[0]?.AccessGrantId, made.AccessGrantId)
    const one = { ...of, MaxResults: 1 }
    const first = await both('ListAccessGrants', one, client.send(new aws.ListAccessGrantsCommand(one)))
    const next = { ...one, NextToken: first.NextToken }
    await both('ListAccessGrants', next, client.send(new aws.ListAccessGrantsCommand(next)))
    const own = { ...of, GrantScope: 's3://lake/dir/', MaxResults: 5, AllowedByApplication: true }
    await both('ListCallerAccessGrants', own, client.send(new aws.ListCallerAccessGrantsCommand(own)))
    const access: aws.GetDataAccessCommandInput = {
      ...of,
      Target: 's3://lake/dir/a b+ü.txt',
      Permission: 'READ',
      DurationSeconds: 900,
      Privilege: 'Minimal',
      TargetType: 'Object',
      AuditContext: 'job 7',
    }
    await both('GetDataAccess', access, client.send(new aws.GetDataAccessCommand(access)))

    const tagged = { ...of, ResourceArn: made.AccessGrantArn }
    const more = { ...tagged, Tags: [{ Key: 'new', Value: 'é' }] }
    await both('TagResource', more, client.send(new aws.TagResourceCommand(more)))
    const fewer = { ...tagged, TagKeys: ['new', 'a b'] }
    await both('UntagResource', fewer, client.send(new aws.UntagResourceCommand(fewer)))
    await both('ListTagsForResource', tagged, client.send(new aws.ListTagsForResourceCommand(tagged)))

    await both('DeleteAccessGrant', grantId, client.send(new aws.DeleteAccessGrantCommand(grantId)))
    const rest = await client.send(new aws.ListAccessGrantsCommand(of))
    for (const { AccessGrantId } of rest.AccessGrantsList ?? []) {
      await client.send(new aws.DeleteAccessGrantCommand({ ...of, AccessGrantId }))
    }
    await both(
      'DeleteAccessGrantsLocation',
      locationId,
      client.send(new aws.DeleteAccessGrantsLocationCommand(locationId)),
    )
    await client.send(new aws.DissociateAccessGrantsIdentityCenterCommand(of))
    await both('DeleteAccessGrantsInstance', of, client.send(new aws.DeleteAccessGrantsInstanceCommand(of)))
    assert.deepEqual([...covered].sort(), [...CONTROL_OPERATIONS].sort())
  } finally {
    client.destroy()
    server.close()
    server.closeAllConnections()
  }
})

/** Every value that our side finds in a request: in the body, the query, and the named part of the path. */
function valuesRead({ request, operation }: ServiceCall): string[] {
  const inBody = request.body.length === 0 ? [] : xmlLeaves(parseXml(request.body), '')
  const inQuery = request.query.map(([, value]) => value)
  const path = decodeURIComponent(request.rawPath)
  const named = /\/(?:(?:grant|location)\/(.+)|tags\/(.+))$/.exec(path)
  const inPath = /^(Get|Update|Delete)AccessGrant(sLocation)?$|[Tt]ag/.test(operation)
    ? [named?.[1] ?? named?.[2] ?? '']
    : []
  return [...inBody.map(([, value]) => value), ...inQuery, ...inPath]
}

type Leaf = [path: string, value: string]

function leaves(value: unknown, path = ''): Leaf[] {
  if (value === undefined) return []
  if (Array.isArray(value)) return value.flatMap(each => leaves(each, path))
  if (value instanceof Date) return [[path, value.toISOString()]]
  if (typeof value !== 'object' || value === null) return [[path, String(value)]]
  return Object.entries(value).flatMap(([name, each]) => leaves(each, `${path}/${name}`))
}

// What SDKs leave out of their shapes: the element around each item of a list.
const ITEMS = new Set(['AccessGrant', 'AccessGrantsLocation', 'AccessGrantsInstance', 'Tag'])

function xmlLeaves(element: XmlElement, path: string): Leaf[] {
  return element.children.flatMap(child => {
    const at = ITEMS.has(child.name) ? path : `${path}/${child.name}`
    if (child.children.length > 0) return xmlLeaves(child, at)
    // Seconds and milliseconds are the same time to a reader.
    const isTime = /^\d{4}-\d\d-\d\dT.*Z$/.test(child.text)
    return [[at, isTime ? new Date(child.text).toISOString() : child.text]]
  })
}
