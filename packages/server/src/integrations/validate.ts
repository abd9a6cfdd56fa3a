/**
 * The seven validation tests (01), in the documented order and by their documented names.
 *
 * Looks only: nothing is changed in AWS or in the database. A test whose prerequisite failed is skipped; a message says
 * what to do about it.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem, type ValidationResults, validationTestNames } from '@headgate/core/api'
import { type AwsLocation, findInstance, intentTag, isLocationOf, listLocations, tagsOf } from '../aws/access-grants.ts'
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import { hasBuckets, hasKeysBelow, lookAtBucket } from '../aws/buckets.ts'
import type { AwsClients } from '../aws/clients.ts'
import { callerIdentity } from '../aws/identity.ts'
import { retrying } from '../aws/retry.ts'

/** What is to become, or is, an integration. */
export interface Candidate {
  readonly name: string
  readonly accountId: string
  readonly region: string
  readonly locationRole: string
  /** Normalised. */
  readonly locationPath: string
  readonly authenticationType: 'accessKey' | 'auto'
}

/** Another integration in use. */
export interface Other {
  readonly id: number
  readonly name: string
  readonly account_id: string
  readonly region: string
  readonly location_path: string
}

export interface Validation {
  readonly results: ValidationResults
  /** How to answer the first failure; carries all results. */
  readonly problem?: Problem
  /** The numbers of the tests that failed, 1 to 7. */
  readonly failed: readonly TestNumber[]
}

export type TestNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7

/**
 * All seven, before an integration is made.
 * @param others every other integration in use
 * @param intent of an earlier attempt at this very integration: a location that carries it is ours
 */
export function validateNew(
  aws: AwsClients,
  candidate: Candidate,
  others: readonly Other[],
  intent?: string,
): Promise<Validation> {
  return runTests([
    { number: 1, needs: [], run: async () => testConfiguration(candidate, others) },
    { number: 2, needs: [], run: async () => testName(candidate, others) },
    ...testsOfAccount(aws, candidate),
    { number: 7, needs: [1, 5], run: () => testLocation(aws, candidate, intent) },
  ])
}

/** Tests 3 to 6, before an integration is deleted. */
export function validateExisting(aws: AwsClients, candidate: Candidate): Promise<Validation> {
  return runTests(testsOfAccount(aws, candidate))
}

function testsOfAccount(aws: AwsClients, candidate: Candidate): Test[] {
  return [
    { number: 3, needs: [], run: async () => testRole(candidate) },
    { number: 4, needs: [], run: () => testIdentity(aws, candidate) },
    { number: 5, needs: [4], run: () => testInstance(aws) },
    { number: 6, needs: [4], run: () => testPath(aws, candidate) },
  ]
}

type Verdict =
  | { readonly status: 'passed' }
  | { readonly status: 'warning'; readonly message: string }
  /** `problem`: how to answer, when not with 422 `validation-failed`. */
  | { readonly status: 'failed'; readonly message: string; readonly problem?: Problem }

interface Test {
  readonly number: TestNumber
  readonly needs: readonly TestNumber[]
  readonly run: () => Promise<Verdict>
}

async function runTests(tests: readonly Test[]): Promise<Validation> {
  const stopped = new Map<TestNumber, string>()
  const failed: TestNumber[] = []
  const validationTests: ValidationResults['validationTests'] = []
  let answer: Problem | undefined
  for (const { number, needs, run } of tests) {
    const name = validationTestNames[number - 1] ?? ''
    const missing = needs.find(need => stopped.has(need))
    if (missing !== undefined) {
      stopped.set(number, name)
      validationTests.push({
        name,
        status: 'skipped',
        message: `not tried, because this must pass first: ${stopped.get(missing)}`,
      })
      continue
    }
    const verdict = await run()
    validationTests.push({
      name,
      ...('message' in verdict ? { message: verdict.message } : {}),
      status: verdict.status,
    })
    if (verdict.status !== 'failed') continue
    stopped.set(number, name)
    failed.push(number)
    answer ??= verdict.problem ?? new Problem('validation-failed', { reason: verdict.message })
  }
  const warned = validationTests.some(test => test.status === 'warning')
  const results: ValidationResults = {
    status: failed.length > 0 ? 'failed' : warned ? 'warning' : 'passed',
    validationTests,
  }
  if (answer === undefined) return { results, failed }
  const detail = { ...answer.detail, validation: validationTests, validationResults: results }
  return { results, failed, problem: new Problem(answer.code, detail, { cause: answer.cause }) }
}

const passed: Verdict = { status: 'passed' }

function testConfiguration(candidate: Candidate, others: readonly Other[]): Verdict {
  const { accountId, region, locationPath: path } = candidate
  const near = others.filter(other => other.account_id === accountId && other.region === region)
  const same = near.find(other => other.location_path === path)
  if (same) {
    const problem = new Problem('integration-exists', { path, account: accountId, region, id: same.id })
    const message = `integration ${same.id} (\`${same.name}\`) manages this path already: use it, or delete it first`
    return { status: 'failed', message, problem }
  }
  const nested = near.find(other => path.startsWith(other.location_path) || other.location_path.startsWith(path))
  if (!nested) return passed
  const relation = path.startsWith(nested.location_path) ? 'lies inside' : 'covers'
  const message =
    `\`${path}\` ${relation} \`${nested.location_path}\` of integration ${nested.id} (\`${nested.name}\`): ` +
    'AWS grants add up, so whoever is let into the outer path reaches the inner one too'
  return { status: 'warning', message }
}

function testName(candidate: Candidate, others: readonly Other[]): Verdict {
  const same = others.find(other => other.name === candidate.name)
  if (!same) return passed
  const problem = new Problem('integration-name-taken', { name: candidate.name, id: same.id })
  return { status: 'failed', message: problem.message, problem }
}

function testRole({ locationRole, accountId }: Candidate): Verdict {
  const match = /^arn:aws[a-z-]*:iam::(\d{12}):role\/([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/.exec(locationRole)
  const example = `\`arn:aws:iam::${accountId}:role/access-grants-location\``
  if (!match) {
    return { status: 'failed', message: `\`awsLocationRole\` is not the ARN of an IAM role: write it as ${example}` }
  }
  if (match[1] === accountId) return passed
  const message = `\`awsLocationRole\` is in account ${match[1]}: name a role of account ${accountId}, such as ${example}`
  return { status: 'failed', message }
}

async function testIdentity(aws: AwsClients, { accountId, authenticationType }: Candidate): Promise<Verdict> {
  return asking(
    async () => {
      const identity = await patiently(() => callerIdentity(aws))
      if (identity.accountId === accountId) return passed
      const message =
        `the credentials belong to account ${identity.accountId} (\`${identity.arn}\`), not to ${accountId}: ` +
        'use credentials of that account, or correct `awsAccountId`'
      return { status: 'failed', message }
    },
    authenticationType === 'auto' ? noChain : wrongKey,
  )
}

const noChain =
  'give the server AWS credentials that its SDK finds by itself (a role of its service account, for example)'
const wrongKey = 'check `awsAccessKeyId` and `awsSecretAccessKey`, and that the key is active'

async function testInstance(aws: AwsClients): Promise<Verdict> {
  return asking(async () => {
    if (await patiently(() => findInstance(aws))) return passed
    const where = `account ${aws.accountId}, region ${aws.region}`
    return {
      status: 'failed',
      message: `there is no S3 Access Grants instance in ${where}: create one in the S3 console under Access Grants`,
    }
  }, 'allow these credentials `s3:GetAccessGrantsInstance`')
}

async function testPath(aws: AwsClients, { locationPath }: Candidate): Promise<Verdict> {
  if (locationPath === 's3://') return testAllBuckets(aws)
  const [bucket = '', ...segments] = locationPath.slice('s3://'.length).split('/')
  const prefix = segments.join('/')
  return asking(async () => {
    const found = await patiently(() => lookAtBucket(aws, bucket))
    const trouble = troubleWith(found, bucket, aws)
    if (trouble) return { status: 'failed', message: trouble }
    if (await patiently(() => hasKeysBelow(aws, bucket, prefix))) return passed
    return {
      status: 'warning',
      message: `nothing lies under \`${locationPath}\` yet: check the path, unless that is right`,
    }
  }, `allow these credentials \`s3:ListBucket\` on \`arn:aws:s3:::${bucket}\``)
}

/** What is wrong with the bucket and what to do; undefined when nothing is. */
function troubleWith(
  found: Awaited<ReturnType<typeof lookAtBucket>>,
  bucket: string,
  { accountId, region }: AwsClients,
): string | undefined {
  switch (found.is) {
    case 'here':
      return undefined
    case 'missing':
      return `bucket \`${bucket}\` does not exist: create it, or correct \`awsLocationPath\``
    case 'elsewhere':
      return `bucket \`${bucket}\` is in ${found.region ?? 'another region'}, not in ${region}: Access Grants serve the buckets of their own region`
    case 'of-another-account':
      return `bucket \`${bucket}\` belongs to another account than ${accountId}: connect its owner's account instead`
    case 'hidden':
      return `these credentials may not look at bucket \`${bucket}\`: allow them \`s3:ListBucket\` on \`arn:aws:s3:::${bucket}\`; or it belongs to another account than ${accountId}, which is then the one to connect`
  }
}

async function testAllBuckets(aws: AwsClients): Promise<Verdict> {
  const verdict = await asking(async () => {
    if (await patiently(() => hasBuckets(aws))) return passed
    return { status: 'warning', message: `account ${aws.accountId} has no bucket in ${aws.region} yet` }
  }, 'allow these credentials `s3:ListAllMyBuckets`, or buckets cannot be offered for choice')
  const isDenied = verdict.status === 'failed' && verdict.problem === undefined
  return isDenied ? { status: 'warning', message: verdict.message } : verdict
}

async function testLocation(aws: AwsClients, { locationPath }: Candidate, intent?: string): Promise<Verdict> {
  return asking(async () => {
    const locations = await patiently(() => listLocations(aws))
    const taken = locations.find(location => isLocationOf(location.scope, locationPath))
    if (!taken) return passed
    if (intent !== undefined && (await isOurs(aws, taken, intent))) {
      return {
        status: 'warning',
        message: `location \`${taken.id}\` is there from an earlier attempt and will be used`,
      }
    }
    const message =
      `location \`${taken.id}\` (\`${taken.scope}\`) is registered there already: ` +
      'delete it in AWS if nobody uses it, or choose another path'
    return { status: 'failed', message, problem: new Problem('integration-location-exists', { location: taken.id }) }
  }, 'allow these credentials `s3:ListAccessGrantsLocations`')
}

async function isOurs(aws: AwsClients, location: AwsLocation, intent: string): Promise<boolean> {
  return (await patiently(() => tagsOf(aws, location.arn))).get(intentTag) === intent
}

/** @param whenDenied what to do when the credentials are wrong or may not */
async function asking(question: () => Promise<Verdict>, whenDenied: string): Promise<Verdict> {
  try {
    return await question()
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const { operation, code, message: text } = error
    if (error.kind === 'denied') {
      return { status: 'failed', message: `AWS refused ${operation} (${code}: ${text}): ${whenDenied}` }
    }
    const problem = problemOfAws(error)
    const message =
      problem.code === 'aws-unreachable'
        ? `AWS did not answer ${operation} (${code}: ${text}): check the way from this server to AWS, then try again`
        : `AWS refused ${operation} (${code}: ${text}): see what AWS asks for`
    return { status: 'failed', message, problem }
  }
}

/** Somebody waits for the answer, so two more attempts in half a second are all there is. */
function patiently<T>(call: () => Promise<T>): Promise<T> {
  return retrying(call, {
    kinds: ['throttled', 'lostAnswer'],
    tries: 3,
    firstWaitMs: 150,
    pause: async ms => void (await sleep(ms)),
  })
}
