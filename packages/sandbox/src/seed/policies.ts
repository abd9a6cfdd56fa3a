/** The policies of a seeded account, as AWS's guide to Access Grants and docs/operate.md of Headgate have them. */
import { identityCenterContextProvider } from '../identity-center.ts'
import type { AccountId } from '../state.ts'

/** Lets Access Grants, and for this one instance only, make sessions of the role. */
export function locationTrust(account: AccountId, instanceArn: string): string {
  const Principal = { Service: 'access-grants.s3.amazonaws.com' }
  const source = { StringEquals: { 'aws:SourceAccount': account, 'aws:SourceArn': instanceArn } }
  return policy(
    { Effect: 'Allow', Principal, Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'], Condition: source },
    {
      Effect: 'Allow',
      Principal,
      Action: 'sts:SetContext',
      Condition: {
        ...source,
        'ForAllValues:ArnEquals': { 'sts:RequestContextProviders': identityCenterContextProvider },
      },
    },
  )
}

/** The fourteen actions that Access Grants can vend, and only to sessions that it vended. */
export function locationPermissions(account: AccountId, instanceArn: string): string {
  const Condition = {
    StringEquals: { 'aws:ResourceAccount': account },
    ArnEquals: { 's3:AccessGrantsInstanceArn': [instanceArn] },
  }
  return policy(
    { Effect: 'Allow', Action: OBJECT_ACTIONS, Resource: 'arn:aws:s3:::*', Condition },
    { Effect: 'Allow', Action: BUCKET_ACTIONS, Resource: 'arn:aws:s3:::*', Condition },
  )
}

const OBJECT_ACTIONS = [
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

const BUCKET_ACTIONS = ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads']

/** What docs/operate.md asks for, and nothing that would let Headgate read data. */
export function controllerPermissions(account: AccountId, instanceArn: string, locationRoleArn: string): string {
  return policy(
    {
      Effect: 'Allow',
      Action: [
        's3:GetAccessGrantsInstance',
        's3:GetAccessGrantsInstanceResourcePolicy',
        's3:CreateAccessGrantsLocation',
        's3:GetAccessGrantsLocation',
        's3:UpdateAccessGrantsLocation',
        's3:DeleteAccessGrantsLocation',
        's3:ListAccessGrantsLocations',
        's3:CreateAccessGrant',
        's3:GetAccessGrant',
        's3:DeleteAccessGrant',
        's3:ListAccessGrants',
        's3:TagResource',
        's3:ListTagsForResource',
        's3:GetAccessGrantsInstanceResourcePolicy',
      ],
      Resource: [instanceArn, `${instanceArn}/*`],
    },
    { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: 'arn:aws:s3:::*' },
    { Effect: 'Allow', Action: ['s3:ListAllMyBuckets', 'iam:GetAccountSummary'], Resource: '*' },
    {
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: locationRoleArn,
      Condition: { StringEquals: { 'iam:PassedToService': 'access-grants.s3.amazonaws.com' } },
    },
    {
      Effect: 'Allow',
      Action: ['iam:GetRole', 'iam:GetUser', 'iam:SimulatePrincipalPolicy'],
      Resource: [`arn:aws:iam::${account}:role/*`, `arn:aws:iam::${account}:user/*`],
    },
    // A grant to a person of the directory makes AWS look them up with the rights of whoever creates it.
    {
      Effect: 'Allow',
      Action: [
        'sso:DescribeInstance',
        'sso:DescribeApplication',
        'identitystore:DescribeUser',
        'identitystore:DescribeGroup',
        'identitystore:GetUserId',
      ],
      Resource: '*',
    },
  )
}

/** What Headgate's set-up documents for an export ask for. */
export function exporterPermissions(bucket: string): string {
  const arn = `arn:aws:s3:::${bucket}`
  return policy(
    { Effect: 'Allow', Action: ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'], Resource: `${arn}/*` },
    { Effect: 'Allow', Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'], Resource: arn },
  )
}

/** To ask; what the answer is, grants decide. */
export const consumerPermissions = policy({
  Effect: 'Allow',
  Action: ['s3:GetDataAccess', 's3:ListCallerAccessGrants', 's3:GetAccessGrantsInstanceForPrefix'],
  Resource: '*',
})

export function accountTrust(account: AccountId, ...actions: readonly string[]): string {
  return policy({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: actions })
}

/** Lets in the one person whom the company's SAML provider signs in under that name. */
export function personTrust(account: AccountId, name: string): string {
  return policy({
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${account}:saml-provider/company` },
    Action: 'sts:AssumeRoleWithSAML',
    Condition: { StringEquals: { 'SAML:sub': name, 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
  })
}

/** Lets principals of other accounts ask the instance, as far as their own account lets them. */
export function sharingPolicy(accounts: readonly AccountId[], instanceArn: string): string {
  return policy({
    Effect: 'Allow',
    Principal: { AWS: accounts },
    Action: ['s3:GetDataAccess', 's3:ListCallerAccessGrants', 's3:GetAccessGrantsInstanceForPrefix'],
    Resource: instanceArn,
  })
}

function policy(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}
