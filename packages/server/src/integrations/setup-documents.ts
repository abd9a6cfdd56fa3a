/**
 * What an AWS admin has to set up for an integration, filled in: five policies ready to paste, and one CloudFormation
 * template with all of them. Pure: says what is needed and creates nothing.
 */
import type { SetupDocuments, SetupFeature } from '@headgate/core/api'
import { bucketArns, controllerStatements, instanceArn, type Place, partitionOf } from './aws-actions.ts'
import { cloudFormation } from './cloud-formation.ts'

export interface Setup {
  readonly place: Place
  /** ARN of the role that Headgate assumes. */
  readonly controllerRole: string
  /** Who may assume it. */
  readonly trustedPrincipal: string
  readonly kmsKeyArns: readonly string[]
  readonly features: readonly SetupFeature[]
}

export function setupDocuments(setup: Setup): SetupDocuments {
  const { place, controllerRole } = setup
  const documents = {
    tenantId: place.tenantId,
    controllerRole,
    locationRole: place.locationRole,
    maxSessionDuration,
    controllerPolicy: policy(controllerStatements(place, setup.features)),
    controllerTrustPolicy: controllerTrustPolicy(setup),
    locationRoleTrustPolicy: locationRoleTrustPolicy(place),
    locationRolePolicy: locationRolePolicy(setup),
    consumerPolicy: consumerPolicy(place),
  }
  return { ...documents, cloudFormation: cloudFormation(documents, place) }
}

/** Seconds: a revocation is true for everybody after an hour at most. */
export const maxSessionDuration = 3600

/** Those that AWS tells the Access Grants instance about: all that vended credentials can ever be for (facts 2.1). */
export const objectActions: readonly string[] = [
  's3:GetObject',
  's3:GetObjectVersion',
  's3:GetObjectAcl',
  's3:GetObjectVersionAcl',
  's3:ListMultipartUploadParts',
  's3:PutObject',
  's3:PutObjectAcl',
  's3:PutObjectVersionAcl',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:AbortMultipartUpload',
]
export const bucketActions: readonly string[] = [
  's3:ListBucket',
  's3:ListBucketVersions',
  's3:ListBucketMultipartUploads',
]

export const accessGrants = 'access-grants.s3.amazonaws.com'
export const contextProvider = 'arn:aws:iam::aws:contextProvider/IdentityCenter'

/** ARNs of all objects below the path, in these buckets. */
export function objectArns({ locationPath, ...place }: Pick<Place, 'region' | 'buckets' | 'locationPath'>): string[] {
  const [, ...below] = locationPath.slice('s3://'.length).split('/')
  return bucketArns(place).map(arn => `${arn}/${below.join('/')}*`)
}

function controllerTrustPolicy({ place, trustedPrincipal }: Setup) {
  return policy([
    {
      Sid: 'HeadgateAssumes',
      Effect: 'Allow',
      Principal: { AWS: trustedPrincipal },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': place.tenantId } },
    },
  ])
}

function locationRoleTrustPolicy(place: Place) {
  const source = { 'aws:SourceAccount': place.accountId, 'aws:SourceArn': instanceArn(place) }
  const Principal = { Service: accessGrants }
  return policy([
    {
      Sid: 'AccessGrantsVends',
      Effect: 'Allow',
      Principal,
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
      Condition: { StringEquals: source },
    },
    {
      Sid: 'AccessGrantsVendsToIdentityCenter',
      Effect: 'Allow',
      Principal,
      Action: 'sts:SetContext',
      Condition: {
        StringEquals: source,
        'ForAllValues:ArnEquals': { 'sts:RequestContextProviders': contextProvider },
      },
    },
  ])
}

function locationRolePolicy({ place, kmsKeyArns }: Setup) {
  const Condition = {
    StringEquals: { 'aws:ResourceAccount': place.accountId },
    ArnEquals: { 's3:AccessGrantsInstanceArn': instanceArn(place) },
  }
  const statements: object[] = [
    { Sid: 'Objects', Effect: 'Allow', Action: objectActions, Resource: objectArns(place), Condition },
    { Sid: 'Buckets', Effect: 'Allow', Action: bucketActions, Resource: bucketArns(place), Condition },
  ]
  if (kmsKeyArns.length > 0) {
    const viaS3 = { 'kms:ViaService': `s3.${place.region}.${domainOf(place.region)}` }
    statements.push({
      Sid: 'Keys',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: kmsKeyArns,
      Condition: { StringEquals: viaS3 },
    })
  }
  return policy(statements)
}

function consumerPolicy(place: Place) {
  return policy([
    {
      Sid: 'AskForCredentials',
      Effect: 'Allow',
      Action: ['s3:GetDataAccess', 's3:ListCallerAccessGrants', 's3:GetAccessGrantsInstanceForPrefix'],
      Resource: instanceArn(place),
    },
  ])
}

function domainOf(region: string): string {
  return partitionOf(region) === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
}

function policy(Statement: readonly object[]): Record<string, unknown> {
  return { Version: '2012-10-17', Statement }
}
