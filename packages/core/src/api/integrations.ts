/** Integrations: one AWS account + region + Access Grants location each (01). */
import { z } from 'zod'
import { idParam, name, newName, nothing } from './common.ts'
import { endpoint } from './endpoint.ts'

export const integrationStatuses = [
  'creating',
  'createError',
  'enabled',
  'editing',
  'editError',
  'deleting',
  'deleteError',
  'recurringValidationError',
  'disabled',
  'deleted',
] as const
export type IntegrationStatus = (typeof integrationStatuses)[number]

/** The first seven names are the documented ones; the last two are ours. Clients match on them. */
export const validationTestNames = [
  'There is no existing integration matching this configuration',
  'The provided integration name is unique across Headgate S3 integrations',
  'The provided access grants location role is a valid ARN format',
  "The provided AWS credentials allow fetching the caller's identity via the AWS STS API",
  'An AWS Access Grants instance is configured in the provided AWS account and region',
  'The provided S3 path exists and Headgate can list prefixes',
  'An AWS Access Grants location does not yet exist for the provided path',
  'The provided AWS credentials are allowed every IAM action that Headgate needs',
  'The provided access grants location role trusts S3 Access Grants and may do what it passes on',
] as const

export const validationTest = z.object({
  name: z.string(),
  status: z.enum(['passed', 'failed', 'warning', 'skipped']),
  /** What to do; there unless the test passed. */
  message: z.string().optional(),
})
export const validationResults = z.object({
  status: z.enum(['passed', 'failed', 'warning', 'skipped']),
  validationTests: z.array(validationTest),
})
export type ValidationTest = z.output<typeof validationTest>
export type ValidationResults = z.output<typeof validationResults>

export const regionName = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as `us-east-1`')

const common = {
  name: newName,
  awsAccountId: z.string().regex(/^\d{12}$/, 'must be 12 digits'),
  awsRegion: regionName,
  /** Checked as validation test 3, so that the answer lists it among the others. */
  awsLocationRole: z.string().min(1).max(2048),
  awsLocationPath: z.string().min(1).max(2000),
}
export const authenticationTypes = ['accessKey', 'auto', 'assumeRole'] as const
export type AuthenticationType = (typeof authenticationTypes)[number]

export const keyId = z.string().min(1).max(128)
export const secretKey = z.string().min(1).max(256)
export const roleArn = z
  .string()
  .max(2048)
  .regex(
    /^arn:aws[a-z-]*:iam::\d{12}:role\/([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/,
    'must be the ARN of an IAM role, such as `arn:aws:iam::111122223333:role/headgate-controller`',
  )

const configInput = z.discriminatedUnion('authenticationType', [
  z.strictObject({
    ...common,
    authenticationType: z.literal('accessKey'),
    awsAccessKeyId: keyId,
    awsSecretAccessKey: secretKey,
  }),
  z.strictObject({ ...common, authenticationType: z.literal('auto') }),
  z.strictObject({ ...common, authenticationType: z.literal('assumeRole'), awsRoleArn: roleArn }),
])
export const integrationInput = z.strictObject({
  type: z.literal('Native S3'),
  autoBootstrap: z.literal(false, { error: 'must be false: S3 integrations are set up by the AWS admin' }),
  config: configInput,
})

/**
 * What an edit may say. What is left out stays as it is; the account, region and path never change, and are taken only
 * as they are, so that what GET answered may be sent back. So is the secret as it is shown.
 */
export const integrationEdit = z.strictObject({
  type: z.literal('Native S3').optional(),
  autoBootstrap: z.literal(false).optional(),
  config: z.strictObject({
    name: name.optional(),
    awsLocationRole: common.awsLocationRole.optional(),
    authenticationType: z.enum(authenticationTypes).optional(),
    awsAccessKeyId: keyId.optional(),
    awsSecretAccessKey: secretKey.optional(),
    awsRoleArn: roleArn.optional(),
    awsAccountId: z.string().optional(),
    awsRegion: z.string().optional(),
    awsLocationPath: z.string().optional(),
    port: z.number().optional(),
  }),
})

const trialEvent = z.object({
  state: z.enum(['running', 'done', 'canceled', 'failed']),
  /** Those that are done, in their order. */
  tests: z.array(validationTest).readonly(),
  /** How many there will be. */
  total: z.number().int(),
  /** Of one that is done. */
  result: z.enum(['passed', 'warning', 'failed']).optional(),
  /** Why it broke off. */
  message: z.string().optional(),
})
export type TrialEvent = z.output<typeof trialEvent>

const summary = z.object({ id: z.string(), status: z.enum(integrationStatuses), validationResults })
export const integration = summary.extend({
  type: z.literal('Native S3'),
  autoBootstrap: z.literal(false),
  config: z.object({
    port: z.literal(443),
    ...common,
    authenticationType: z.enum(authenticationTypes),
    awsAccessKeyId: z.string().optional(),
    /** Always `<REDACTED>`. */
    awsSecretAccessKey: z.string().optional(),
    /** The role that Headgate assumes, with the tenant id as external id. */
    awsRoleArn: z.string().optional(),
  }),
  /** Why the status is an error, and what to do; ours. */
  statusMessage: z.string().optional(),
})
export type Integration = z.output<typeof integration>

/** Statements of the controller policy that not everybody needs. */
export const setupFeatures = ['identityCenter', 'associateIdentityCenter', 'removeForeignGrants'] as const
export type SetupFeature = (typeof setupFeatures)[number]

export const kmsKeyArn = z
  .string()
  .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]{1,128}$/, 'must be the ARN of a KMS key (not of an alias)')
const bucketName = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
export const principalArn = z
  .string()
  .max(2048)
  .regex(
    /^arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]+)$/,
    'must be the ARN of a user, a role or an account',
  )

export const setupInput = z.strictObject({
  awsAccountId: common.awsAccountId,
  awsRegion: common.awsRegion,
  awsLocationPath: common.awsLocationPath,
  /** Default: a role `headgate-access-grants-location`. */
  awsLocationRole: roleArn.optional(),
  /** The role that Headgate assumes; default: a role `headgate-controller`. */
  awsRoleArn: roleArn.optional(),
  /** Who may assume it: the identity that Headgate itself runs as. Default: whomever the account lets. */
  trustedPrincipal: principalArn.optional(),
  /** Below `s3://`: those that the location role reaches. Default: the path's bucket, or every bucket of the account. */
  buckets: z.array(bucketName).max(50).default([]),
  /** Keys that encrypt the data; without any, nothing is said of KMS. */
  kmsKeyArns: z.array(kmsKeyArn).max(20).default([]),
  features: z.array(z.enum(setupFeatures)).default([]),
})

const listed = z
  .string()
  .transform(text => text.split(',').filter(item => item !== ''))
  .optional()

const document = z.record(z.string(), z.unknown())
/** Each is JSON to be pasted as it is. */
export const setupDocuments = z.object({
  /** The external id that the controller's role asks for. */
  tenantId: z.string(),
  controllerRole: z.string(),
  locationRole: z.string(),
  /** Seconds, of the location role: credentials vended before a revocation live that long. */
  maxSessionDuration: z.number().int(),
  controllerPolicy: document,
  controllerTrustPolicy: document,
  locationRoleTrustPolicy: document,
  locationRolePolicy: document,
  /** For people who do not come through a service that asks for their credentials. */
  consumerPolicy: document,
  /** All of it in one template. */
  cloudFormation: document,
})
export type SetupDocuments = z.output<typeof setupDocuments>

const params = z.object({ id: idParam })
const readers = ['APPLICATION_ADMIN', 'GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'] as const
const needs = ['APPLICATION_ADMIN'] as const

export const integrations = {
  create: endpoint({
    method: 'POST',
    path: '/integrations',
    summary: 'Validate, store, and register the Access Grants location in the background',
    needs,
    body: integrationInput,
    status: 200,
    response: summary,
    errors: [
      'integration-exists',
      'integration-name-taken',
      'integration-location-exists',
      'integration-busy',
      'validation-failed',
      'aws-refused',
      'aws-unreachable',
    ],
  }),
  validate: endpoint({
    method: 'POST',
    path: '/integrations/validate',
    summary: 'The validation of a create, and nothing stored; failed tests are part of the answer',
    needs,
    body: integrationInput,
    status: 200,
    response: z.object({ validationResults }),
    errors: [],
  }),
  startTrial: endpoint({
    method: 'POST',
    path: '/integrations/trials',
    summary: 'Begin the same validation, to be watched check by check; nothing but how it goes is kept, for a day',
    needs,
    body: integrationInput,
    status: 202,
    response: z.object({ id: z.string() }),
    errors: [],
  }),
  watchTrial: endpoint({
    method: 'GET',
    path: '/integrations/trials/{id}/events',
    summary: 'How a validation that the caller began goes on: server-sent events, the state first, until it ends',
    needs,
    params: z.object({ id: z.uuid() }),
    streams: true,
    status: 200,
    response: trialEvent,
    errors: ['integration-trial-not-found'],
  }),
  cancelTrial: endpoint({
    method: 'DELETE',
    path: '/integrations/trials/{id}',
    summary: 'End a validation that the caller began, after the check that is under way',
    needs,
    params: z.object({ id: z.uuid() }),
    status: 204,
    response: nothing,
    errors: ['integration-trial-not-found'],
  }),
  list: endpoint({
    method: 'GET',
    path: '/integrations',
    summary: 'Every integration; `include=deleted` adds the deleted ones',
    needs: readers,
    query: z.strictObject({ include: z.literal('deleted').optional() }),
    status: 200,
    response: z.array(integration),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/integrations/{id}',
    summary: 'One integration',
    needs: readers,
    params,
    status: 200,
    response: integration,
    errors: ['integration-not-found'],
  }),
  status: endpoint({
    method: 'GET',
    path: '/integrations/{id}/status',
    summary: 'Status and validation results of one integration',
    needs: readers,
    params,
    status: 200,
    response: z.object({ status: z.enum(integrationStatuses), validationResults }),
    errors: ['integration-not-found'],
  }),
  update: endpoint({
    method: 'PUT',
    path: '/integrations/{id}',
    summary: 'Change name, credentials, authentication method or location role; what is left out stays as it is',
    needs,
    params,
    body: integrationEdit,
    ifMatch: true,
    status: 200,
    response: summary,
    errors: [
      'integration-not-found',
      'integration-busy',
      'integration-disabled',
      'integration-name-taken',
      'version-missing',
      'version-stale',
      'validation-failed',
      'aws-refused',
      'aws-unreachable',
    ],
  }),
  setup: endpoint({
    method: 'GET',
    path: '/integrations/{id}/setup',
    summary: 'What the AWS admin needs for this integration: policies to paste and a CloudFormation template',
    needs,
    params,
    query: z.strictObject({
      features: listed.pipe(z.array(z.enum(setupFeatures)).optional()),
      kmsKeyArns: listed.pipe(z.array(kmsKeyArn).max(20).optional()),
      trustedPrincipal: principalArn.optional(),
    }),
    status: 200,
    response: setupDocuments,
    errors: ['integration-not-found'],
  }),
  prepareSetup: endpoint({
    method: 'POST',
    path: '/integrations/setup',
    summary: 'The same before anything is stored',
    needs,
    body: setupInput,
    status: 200,
    response: setupDocuments,
    errors: [],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/integrations/{id}',
    summary: 'Remove our grants, then the location; `force` gives up what is in AWS instead and calls nothing',
    needs,
    params,
    query: z.strictObject({
      dataSources: z.literal('disable').optional(),
      removeForeign: z.literal('true').optional(),
      force: z.literal('true').optional(),
    }),
    ifPreview: true,
    status: 200,
    response: summary,
    errors: [
      'integration-not-found',
      'integration-busy',
      'integration-disabled',
      'integration-has-data-sources',
      'integration-has-foreign-grants',
      'validation-failed',
      'aws-refused',
      'aws-unreachable',
    ],
  }),
}
