/**
 * The validation tests (01): seven in the documented order and by their documented names, and two of ours.
 *
 * Looks only: nothing is changed in AWS or in the database. A test whose prerequisite failed is skipped; a message says
 * what to do about it.
 */
import {
  type AuthenticationType,
  Problem,
  type ValidationResults,
  type ValidationTest,
  validationTestNames,
} from '@headgate/core/api'
import {
  type AwsInstance,
  type AwsLocation,
  findInstance,
  isLocationOf,
  listLocations,
  type Ownership,
  ownerOfLocation,
} from '../aws/access-grants.ts'
import { AwsFailure } from '../aws/aws-error.ts'
import { hasBuckets, hasKeysBelow, lookAtBucket } from '../aws/buckets.ts'
import type { AwsClients } from '../aws/clients.ts'
import { callerIdentity } from '../aws/identity.ts'
import { asking, patiently, type Verdict } from './ask-aws.ts'
import { checkLocationRole } from './check-location-role.ts'
import { checkPermissions } from './check-permissions.ts'

/** What is to become, or is, an integration. */
export interface Candidate {
  readonly name: string
  readonly accountId: string
  readonly region: string
  readonly locationRole: string
  /** Normalised. */
  readonly locationPath: string
  readonly authenticationType: AuthenticationType
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
  /** The numbers of the tests that failed. */
  readonly failed: readonly TestNumber[]
  /** The location role's longest session, where IAM told it. */
  readonly maxSessionSeconds?: number
}

export type TestNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** Told of a test once it is done. */
export type Tell = (test: ValidationTest) => Promise<void>

/** Whose location it is to be. */
export interface Owner {
  readonly tenantId: string
  /** Of an earlier attempt at this very integration: a location that carries it is ours. */
  readonly intent?: string | undefined
  /** Names of buckets below `s3://` that are in use. */
  readonly buckets?: readonly string[]
}

/**
 * All nine, before an integration is made.
 * @param others every other integration in use
 * @param tell hears of each test once it is done; what it throws ends them
 */
export function validateNew(
  aws: AwsClients,
  candidate: Candidate,
  others: readonly Other[],
  owner: Owner,
  tell: Tell = async () => {},
): Promise<Validation> {
  const seen: Seen = {}
  const tests: readonly Test[] = [
    ...testsOfOthers(candidate, others),
    ...testsOfAccount(aws, candidate, owner, seen),
    { number: 7, needs: [1, 5], run: () => testLocation(aws, candidate, owner) },
    ...testsOfRights(aws, candidate, owner, seen),
  ]
  return runTests(seen, tests, tell)
}

/** All but the seventh, before an integration is edited: its location is there already, or is made by the edit. */
export function validateEdit(
  aws: AwsClients,
  candidate: Candidate,
  others: readonly Other[],
  owner: Owner,
): Promise<Validation> {
  const seen: Seen = {}
  return runTests(seen, [
    ...testsOfOthers(candidate, others),
    ...testsOfAccount(aws, candidate, owner, seen),
    ...testsOfRights(aws, candidate, owner, seen),
  ])
}

/** Tests 3 to 6, before an integration is deleted. */
export function validateExisting(aws: AwsClients, candidate: Candidate, owner: Owner): Promise<Validation> {
  const seen: Seen = {}
  return runTests(seen, testsOfAccount(aws, candidate, owner, seen))
}

/** 3 to 6, 8 and 9, while an integration is in use. */
export function validateAgain(aws: AwsClients, candidate: Candidate, owner: Owner): Promise<Validation> {
  const seen: Seen = {}
  return runTests(seen, [...testsOfAccount(aws, candidate, owner, seen), ...testsOfRights(aws, candidate, owner, seen)])
}

/** What one test learnt and a later one needs. */
interface Seen {
  callerArn?: string
  instance?: AwsInstance
  maxSessionSeconds?: number
}

function testsOfOthers(candidate: Candidate, others: readonly Other[]): Test[] {
  return [
    { number: 1, needs: [], run: async () => testConfiguration(candidate, others) },
    { number: 2, needs: [], run: async () => testName(candidate, others) },
  ]
}

function testsOfAccount(aws: AwsClients, candidate: Candidate, owner: Owner, seen: Seen): Test[] {
  return [
    { number: 3, needs: [], run: async () => testRole(candidate) },
    { number: 4, needs: [], run: () => testIdentity(aws, candidate, owner, seen) },
    { number: 5, needs: [4], run: () => testInstance(aws, seen) },
    { number: 6, needs: [4], run: () => testPath(aws, candidate) },
  ]
}

function testsOfRights(aws: AwsClients, candidate: Candidate, { tenantId, buckets = [] }: Owner, seen: Seen): Test[] {
  const path = candidate.locationPath
  const named = path === 's3://' ? buckets : [path.slice('s3://'.length).split('/')[0] ?? '']
  const about = () => ({
    place: { ...candidate, tenantId, controllers: [], buckets: named },
    hasIdentityCenter: seen.instance?.hasIdentityCenter ?? false,
  })
  return [
    { number: 8, needs: [3, 4], run: () => checkPermissions(aws, { ...about(), callerArn: seen.callerArn ?? '' }) },
    {
      number: 9,
      needs: [3, 4],
      run: async () => {
        const { maxSessionSeconds, ...verdict } = await checkLocationRole(aws, about())
        if (maxSessionSeconds !== undefined) seen.maxSessionSeconds = maxSessionSeconds
        return verdict
      },
    },
  ]
}

interface Test {
  readonly number: TestNumber
  readonly needs: readonly TestNumber[]
  readonly run: () => Promise<Verdict>
}

async function runTests(seen: Seen, tests: readonly Test[], tell: Tell = async () => {}): Promise<Validation> {
  const stopped = new Map<TestNumber, string>()
  const failed: TestNumber[] = []
  const validationTests: ValidationTest[] = []
  const add = async (test: ValidationTest) => {
    validationTests.push(test)
    await tell(test)
  }
  let answer: Problem | undefined
  for (const { number, needs, run } of tests) {
    const name = validationTestNames[number - 1] ?? ''
    const missing = needs.find(need => stopped.has(need))
    if (missing !== undefined) {
      stopped.set(number, name)
      await add({
        name,
        status: 'skipped',
        message: `not tried, because this must pass first: ${stopped.get(missing)}`,
      })
      continue
    }
    const verdict = await run()
    await add({
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
  const read = seen.maxSessionSeconds === undefined ? {} : { maxSessionSeconds: seen.maxSessionSeconds }
  if (answer === undefined) return { results, failed, ...read }
  const detail = { ...answer.detail, validation: validationTests, validationResults: results }
  return { results, failed, ...read, problem: new Problem(answer.code, detail, { cause: answer.cause }) }
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

async function testIdentity(
  aws: AwsClients,
  { accountId, authenticationType }: Candidate,
  { tenantId }: Owner,
  seen: Seen,
): Promise<Verdict> {
  return asking(async () => {
    const identity = await patiently(() => callerIdentity(aws))
    seen.callerArn = identity.arn
    if (identity.accountId === accountId) return passed
    const message =
      `the credentials belong to account ${identity.accountId} (\`${identity.arn}\`), not to ${accountId}: ` +
      'use credentials of that account, or correct `awsAccountId`'
    return { status: 'failed', message }
  }, remedies[authenticationType](tenantId))
}

const chain =
  'give the server AWS credentials that its SDK finds by itself (a role of its service account, for example)'
const remedies: Readonly<Record<AuthenticationType, (tenantId: string) => string>> = {
  auto: () => chain,
  accessKey: () => 'check `awsAccessKeyId` and `awsSecretAccessKey`, and that the key is active',
  assumeRole: tenantId =>
    `${chain}, and let \`awsRoleArn\` trust them with the external id \`${tenantId}\`: see its set-up documents`,
}

async function testInstance(aws: AwsClients, seen: Seen): Promise<Verdict> {
  return asking(async () => {
    const instance = await patiently(() => findInstance(aws))
    if (instance) {
      seen.instance = instance
      return passed
    }
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

async function testLocation(aws: AwsClients, { locationPath }: Candidate, owner: Owner): Promise<Verdict> {
  return asking(async () => {
    const locations = await patiently(() => listLocations(aws))
    const taken = locations.find(location => isLocationOf(location.scope, locationPath))
    if (!taken) return passed
    const whose = await ownershipOf(aws, taken, owner)
    if (whose === 'ours') {
      return {
        status: 'warning',
        message: `location \`${taken.id}\` is there from an earlier attempt and will be used`,
      }
    }
    if (whose === 'lost') {
      const message =
        `location \`${taken.id}\` was made by Headgate for an integration that is gone, and will be adopted: ` +
        'look for grants in it that nobody manages any more'
      return { status: 'warning', message }
    }
    const message =
      `location \`${taken.id}\` (\`${taken.scope}\`) is registered there already: ` +
      'delete it in AWS if nobody uses it, or choose another path'
    return { status: 'failed', message, problem: new Problem('integration-location-exists', { location: taken.id }) }
  }, 'allow these credentials `s3:ListAccessGrantsLocations`')
}

/** What we may not look at is not ours to use. */
async function ownershipOf(aws: AwsClients, location: AwsLocation, owner: Owner): Promise<Ownership> {
  const marks = { tenantId: owner.tenantId, intent: owner.intent ?? '' }
  try {
    return await patiently(() => ownerOfLocation(aws, location, marks))
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'denied') return 'foreign'
    throw error
  }
}
