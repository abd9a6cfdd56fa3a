/** Integrations: one AWS account + region + Access Grants location each (01). */
import { z } from 'zod'
import { idParam, name } from './common.ts'
import { endpoint } from './endpoint.ts'

export const integrationStatuses = [
  'creating',
  'createError',
  'enabled',
  'deleting',
  'deleteError',
  'recurringValidationError',
  'deleted',
] as const
export type IntegrationStatus = (typeof integrationStatuses)[number]

/** The names are the documented ones; clients match on them. */
export const validationTestNames = [
  'There is no existing integration matching this configuration',
  'The provided integration name is unique across Headgate S3 integrations',
  'The provided access grants location role is a valid ARN format',
  "The provided AWS credentials allow fetching the caller's identity via the AWS STS API",
  'An AWS Access Grants instance is configured in the provided AWS account and region',
  'The provided S3 path exists and Headgate can list prefixes',
  'An AWS Access Grants location does not yet exist for the provided path',
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

const common = {
  name,
  awsAccountId: z.string().regex(/^\d{12}$/, 'must be 12 digits'),
  awsRegion: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as `us-east-1`'),
  /** Checked as validation test 3, so that the answer lists it among the others. */
  awsLocationRole: z.string().min(1).max(2048),
  awsLocationPath: z.string().min(1).max(2000),
}
const configInput = z.discriminatedUnion('authenticationType', [
  z.strictObject({
    ...common,
    authenticationType: z.literal('accessKey'),
    awsAccessKeyId: z.string().min(1).max(128),
    awsSecretAccessKey: z.string().min(1).max(256),
  }),
  z.strictObject({ ...common, authenticationType: z.literal('auto') }),
])
export const integrationInput = z.strictObject({
  type: z.literal('Native S3'),
  autoBootstrap: z.literal(false, { error: 'must be false: S3 integrations are set up by the AWS admin' }),
  config: configInput,
})

const summary = z.object({ id: z.string(), status: z.enum(integrationStatuses), validationResults })
export const integration = summary.extend({
  type: z.literal('Native S3'),
  autoBootstrap: z.literal(false),
  config: z.object({
    port: z.literal(443),
    ...common,
    authenticationType: z.enum(['accessKey', 'auto']),
    awsAccessKeyId: z.string().optional(),
    /** Always `<REDACTED>`. */
    awsSecretAccessKey: z.string().optional(),
  }),
  /** Why the status is an error, and what to do; ours. */
  statusMessage: z.string().optional(),
})
export type Integration = z.output<typeof integration>

const params = z.object({ id: idParam })
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
  list: endpoint({
    method: 'GET',
    path: '/integrations',
    summary: 'Every integration; `include=deleted` adds the deleted ones',
    needs: ['APPLICATION_ADMIN', 'GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'],
    query: z.strictObject({ include: z.literal('deleted').optional() }),
    status: 200,
    response: z.array(integration),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/integrations/{id}',
    summary: 'One integration',
    needs: ['APPLICATION_ADMIN', 'GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'],
    params,
    status: 200,
    response: integration,
    errors: ['integration-not-found'],
  }),
  remove: endpoint({
    method: 'DELETE',
    path: '/integrations/{id}',
    summary: 'Remove our grants, then the location; refused while data sources are registered, unless they go too',
    needs,
    params,
    query: z.strictObject({ dataSources: z.literal('disable').optional() }),
    ifPreview: true,
    status: 200,
    response: summary,
    errors: [
      'integration-not-found',
      'integration-busy',
      'integration-has-data-sources',
      'integration-has-foreign-grants',
      'validation-failed',
      'aws-refused',
      'aws-unreachable',
    ],
  }),
}
