// Buckets: made, found, listed, removed. A name belongs to one account in the whole world.

import { createHash } from 'node:crypto'
import { authorize } from '../authorize.ts'
import type { ServiceCall } from '../service.ts'
import type { AccountId, Bucket, PublicAccessBlock, Region } from '../state.ts'
import {
  isoMillis,
  parseXml,
  printXml,
  queryValue,
  textOf,
  type WireResponse,
  type XmlElement,
  xmlResponse,
} from '../wire.ts'
import { addressOf } from './address.ts'
import { authorizeOn, requestedBucket } from './bucket-access.ts'
import { s3Error } from './errors.ts'
import { readPayload } from './payload.ts'

export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'

export function createBucket(call: ServiceCall): WireResponse {
  const { world, caller } = call
  const name = addressOf(call.request).bucket ?? ''
  const resource = `arn:aws:s3:::${name}`
  authorize(world, caller, { action: 's3:CreateBucket', resource, resourceAccount: caller.account })
  if (!isBucketName(name)) throw s3Error('InvalidBucketName', { BucketName: name })
  const region = requestedRegion(call)
  const existing = world.state.buckets.get(name)
  if (existing !== undefined) refuseExisting(existing, caller.account)
  else {
    const created = { account: caller.account, region, createdAt: world.now(), tags: new Map(), objects: new Map() }
    world.state.buckets.set(name, { name, ...created, publicAccessBlock: everythingBlocked })
  }
  return { status: 200, headers: { location: `/${name}` }, body: '' }
}

/** What S3 gives every new bucket. */
const everythingBlocked: PublicAccessBlock = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
}

// Nothing may exist by that name, but for one old promise of us-east-1: making one's own bucket again succeeds.
function refuseExisting(existing: Bucket, account: AccountId): void {
  const fields = { BucketName: existing.name }
  if (existing.account !== account) throw s3Error('BucketAlreadyExists', fields)
  if (existing.region !== 'us-east-1') throw s3Error('BucketAlreadyOwnedByYou', fields)
}

const reservedNames = /^(?:xn--|sthree-|amzn-s3-demo-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/

function isBucketName(name: string): boolean {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || name.includes('..')) return false
  return !/^\d+\.\d+\.\d+\.\d+$/.test(name) && !reservedNames.test(name)
}

// us-east-1 makes buckets anywhere; every other endpoint only its own, and wants to be told so.
function requestedRegion(call: ServiceCall): Region {
  const asked = locationConstraint(call)
  const here = call.region
  if (asked === undefined || asked === '') {
    if (here === 'us-east-1') return here
    throw s3Error('IllegalLocationConstraintException')
  }
  const region = asked === 'EU' ? 'eu-west-1' : asked
  if (!/^[a-z]{2}(?:-[a-z]+)+-\d$/.test(region) || region === 'us-east-1') {
    throw s3Error('InvalidLocationConstraint', { LocationConstraint: asked })
  }
  if (here !== 'us-east-1' && region !== here) {
    const message = `The ${asked} location constraint is incompatible for the region specific endpoint this request was sent to.`
    throw s3Error('IllegalLocationConstraintException', {}, message)
  }
  return region
}

function locationConstraint(call: ServiceCall): string | undefined {
  const { content } = readPayload(call)
  if (content.length === 0) return undefined
  const configuration: XmlElement = parseXml(content)
  if (configuration.name !== 'CreateBucketConfiguration') throw s3Error('MalformedXML')
  return textOf(configuration, 'LocationConstraint')
}

export function headBucket(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:ListBucket')
  const headers = { 'content-type': 'application/xml', 'x-amz-access-point-alias': 'false' }
  return { status: 200, headers: { ...headers, 'x-amz-bucket-region': bucket.region }, body: '' }
}

export function deleteBucket(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:DeleteBucket')
  if (bucket.objects.size + (bucket.noncurrent?.size ?? 0) > 0)
    throw s3Error('BucketNotEmpty', { BucketName: bucket.name })
  call.world.state.buckets.delete(bucket.name)
  return { status: 204, headers: {}, body: '' }
}

export function getBucketLocation(call: ServiceCall): WireResponse {
  const bucket = requestedBucket(call)
  authorizeOn(call, bucket, 's3:GetBucketLocation')
  const constraint = bucket.region === 'us-east-1' ? '' : bucket.region
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="${s3Namespace}">${constraint}</LocationConstraint>`
  return xmlResponse(200, xml)
}

export function listBuckets({ world, caller, request }: ServiceCall): WireResponse {
  authorize(world, caller, { action: 's3:ListAllMyBuckets', resource: '*', resourceAccount: caller.account })
  const prefix = queryValue(request, 'prefix') ?? ''
  const region = queryValue(request, 'bucket-region')
  const after = queryValue(request, 'continuation-token')
  const size = maxBuckets(queryValue(request, 'max-buckets'))
  const own = [...world.state.buckets.values()]
    .filter(bucket => bucket.account === caller.account && bucket.name.startsWith(prefix))
    .filter(bucket => region === undefined || bucket.region === region)
    .filter(bucket => after === undefined || bucket.name > after)
    .sort((left, right) => (left.name < right.name ? -1 : 1))
  const page = own.slice(0, size)
  const body = printXml(
    'ListAllMyBucketsResult',
    {
      Owner: { ID: canonicalUserId(caller.account) },
      Buckets: {
        Bucket: page.map(bucket => ({
          Name: bucket.name,
          CreationDate: isoMillis(bucket.createdAt),
          BucketRegion: bucket.region,
        })),
      },
      ContinuationToken: own.length > page.length ? page.at(-1)?.name : undefined,
      Prefix: prefix === '' ? undefined : prefix,
    },
    s3Namespace,
  )
  return xmlResponse(200, body)
}

function maxBuckets(asked: string | undefined): number {
  if (asked === undefined) return 10_000
  if (/^\d{1,5}$/.test(asked) && Number(asked) >= 1 && Number(asked) <= 10_000) return Number(asked)
  throw s3Error('InvalidArgument', { ArgumentName: 'max-buckets', ArgumentValue: asked })
}

/** The 64 hex digits S3 calls an account by in owners and ACLs; here they follow from the account id. */
export function canonicalUserId(account: AccountId): string {
  return createHash('sha256').update(`canonical-user/${account}`).digest('hex')
}
