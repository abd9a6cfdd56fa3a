/** What an AWS admin has to set up for a target, filled in: policies ready to paste. Pure; creates nothing. */
import type { TargetSetup } from '@headgate/core/api'
import { partitionOf } from '../integrations/aws-actions.ts'

export interface SetupOfTarget {
  readonly tenantId: string
  readonly bucketName: string
  readonly region: string
  readonly path: string
  /** ARN of the user or role that writes. */
  readonly principal: string
  /** ARN of whoever assumes the role; undefined: none is assumed. */
  readonly trusted?: string | undefined
  readonly kmsKeyArn?: string | undefined
}

export function targetSetupDocuments(setup: SetupOfTarget): TargetSetup {
  const { tenantId, principal, trusted, kmsKeyArn } = setup
  return {
    tenantId,
    principal,
    iamPolicy: policy([...bucketStatements(setup), ...(kmsKeyArn === undefined ? [] : [keyStatement(setup)])]),
    bucketPolicy: policy(bucketStatements(setup).map(one => ({ ...one, Principal: { AWS: principal } }))),
    ...(trusted === undefined ? {} : { trustPolicy: trustPolicy(tenantId, trusted) }),
    ...(kmsKeyArn === undefined
      ? {}
      : { kmsKeyStatements: [{ ...keyStatement(setup), Principal: { AWS: principal }, Resource: '*' }] }),
  }
}

/** The first two are what it takes; the third lets it tidy up after itself. */
function bucketStatements({ bucketName, region, path }: SetupOfTarget) {
  const bucket = `arn:${partitionOf(region)}:s3:::${bucketName}`
  const objects = `${bucket}/${path === '' ? '' : `${path}/`}*`
  return [
    { Sid: 'HeadgatePutsFiles', Effect: 'Allow', Action: ['s3:PutObject'], Resource: objects },
    { Sid: 'HeadgateListsFiles', Effect: 'Allow', Action: ['s3:ListBucket'], Resource: bucket },
    {
      Sid: 'HeadgateTidiesUp',
      Effect: 'Allow',
      Action: ['s3:DeleteObject', 's3:AbortMultipartUpload'],
      Resource: objects,
    },
    { Sid: 'HeadgateFindsLeftovers', Effect: 'Allow', Action: ['s3:ListBucketMultipartUploads'], Resource: bucket },
  ]
}

function keyStatement({ kmsKeyArn = '' }: SetupOfTarget) {
  return {
    Sid: 'HeadgateEncrypts',
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: kmsKeyArn,
  }
}

function trustPolicy(tenantId: string, trusted: string) {
  return policy([
    {
      Sid: 'HeadgateAssumes',
      Effect: 'Allow',
      Principal: { AWS: trusted },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': tenantId } },
    },
  ])
}

function policy(Statement: readonly object[]): Record<string, unknown> {
  return { Version: '2012-10-17', Statement }
}
