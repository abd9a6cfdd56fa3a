/**
 * The same random requests and policies given to `evaluate` and to an independent simulator; both must agree.
 * The simulator is used here only: its licence keeps it out of what is shipped.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runSimulation } from '@cloud-copilot/iam-simulate'
import fc from 'fast-check'
import { evaluate, parsePolicy } from '../src/index.ts'

const account = '111122223333'
const other = '444455556666'
const ann = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/ann` } as const
const reader = {
  kind: 'roleSession',
  account,
  arn: `arn:aws:sts::${account}:assumed-role/reader/today`,
  roleArn: `arn:aws:iam::${account}:role/reader`,
} as const

const objectActions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:GetObjectAcl']
const actionPatterns = [...objectActions, 's3:*', 's3:Get*', 's3:*Object', 's3:ListBucket', 's3:List*', '*']
const objects = ['arn:aws:s3:::lake/sales/q1.csv', 'arn:aws:s3:::lake/hr/pay.csv', 'arn:aws:s3:::lake/ann/notes']
const buckets = ['arn:aws:s3:::lake', 'arn:aws:s3:::pond']
const variable = (inside: string): string => ['$', '{', inside, '}'].join('')
const variables = [
  `arn:aws:s3:::lake/${variable('aws:username')}/*`,
  `arn:aws:s3:::lake/${variable("aws:username, 'sales'")}/*`,
  `arn:aws:s3:::lake/${variable('aws:PrincipalTag/team')}/*`,
  `arn:aws:s3:::lake/ann/${variable('*')}`,
]
const bucketPatterns = ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*', 'arn:aws:s3:::lake*', 'arn:aws:s3:::lake/sales/*']
const resourcePatterns = [...bucketPatterns, 'arn:aws:s3:::*', 'arn:aws:s3:::*/q?.csv', ...variables]

const conditionKeys = ['aws:PrincipalTag/team', 's3:prefix', 'aws:SourceAccount'] as const
const words = ['sales', 'sales/', 'hr', 'Sales', account]
const stringOperators = [
  'StringEquals',
  'StringNotEquals',
  'StringLike',
  'StringNotLike',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
]

const some = <T>(values: readonly T[], max = 2) => fc.subarray([...values], { minLength: 1, maxLength: max })
const stringCondition = fc
  .record({
    operator: fc.constantFrom(...stringOperators),
    suffix: fc.constantFrom('', '', 'IfExists'),
    key: fc.constantFrom(...conditionKeys),
    values: some([...words, 'sal*', 's?les', '*', variable('aws:username'), variable('aws:PrincipalTag/team')]),
  })
  .map(({ operator, suffix, key, values }) => ({ [`${operator}${suffix}`]: { [key]: values } }))
const setCondition = fc
  .record({
    quantifier: fc.constantFrom('ForAllValues', 'ForAnyValue'),
    operator: fc.constantFrom('StringEquals', 'StringLike', 'StringNotEquals'),
    values: some(['team', 'cost', 't*']),
  })
  .map(({ quantifier, operator, values }) => ({ [`${quantifier}:${operator}`]: { 'aws:TagKeys': values } }))
/** Operators with values of their own kind: the bounds lie below, at and above what requests carry. */
const comparison = (operators: readonly string[], key: string, bounds: readonly string[]) =>
  fc
    .record({
      operator: fc.constantFrom(...operators),
      suffix: fc.constantFrom('', '', 'IfExists'),
      bounds: some(bounds),
    })
    .map(({ operator, suffix, bounds: values }) => ({ [`${operator}${suffix}`]: { [key]: values } }))
const ordered = (kind: string) =>
  ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'].map(name => kind + name)
const arnOperators = ['ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike']
const otherCondition = fc.oneof(
  comparison(ordered('Numeric'), 's3:max-keys', ['5', '9', '10', '10.0', '1000']),
  comparison(ordered('Date'), 'aws:TokenIssueTime', [
    '2026-04-30T00:00:00Z',
    '2026-05-01T00:00:00Z',
    '2026-06-01T00:00:00Z',
  ]),
  comparison(ordered('Date'), 'aws:CurrentTime', ['2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z']),
  comparison(arnOperators, 'aws:PrincipalArn', [
    `arn:aws:iam::${account}:role/*`,
    `arn:aws:iam::${account}:user/ann`,
    `arn:aws:iam::*:user/a?n`,
  ]),
  comparison(['IpAddress', 'NotIpAddress'], 'aws:SourceIp', ['10.0.0.0/8', '2001:db8::/32', '192.0.2.1/32']),
  comparison(['Bool'], 'aws:SecureTransport', ['true', 'false']),
  fc.constantFrom(
    { Null: { 's3:prefix': 'true' } },
    { Null: { 's3:prefix': 'false' } },
    { Null: { 'aws:PrincipalTag/team': 'false' } },
    { Null: { 'aws:TokenIssueTime': 'true' } },
  ),
)
const condition = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: stringCondition },
  { weight: 1, arbitrary: setCondition },
  { weight: 2, arbitrary: otherCondition },
)

const ownStatement = fc
  .record({
    effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
    actionElement: fc.constantFrom('Action', 'Action', 'Action', 'NotAction'),
    actions: some(actionPatterns),
    resourceElement: fc.constantFrom('Resource', 'Resource', 'Resource', 'NotResource'),
    resources: some(['*', ...resourcePatterns]),
    condition,
  })
  .map(({ effect, actionElement, actions, resourceElement, resources, condition: Condition }) => ({
    Effect: effect,
    [actionElement]: actions,
    [resourceElement]: resources,
    ...(Condition === undefined ? {} : { Condition }),
  }))
const accountOrRole: readonly unknown[] = [
  { AWS: account },
  { AWS: `arn:aws:iam::${account}:root` },
  { AWS: [ann.arn, other] },
  { AWS: reader.roleArn },
  { AWS: `arn:aws:iam::${account}:user/bob` },
  { Service: 'access-grants.s3.amazonaws.com' },
]
const everybodyOrSession: readonly unknown[] = ['*', { AWS: '*' }, { AWS: reader.arn }]
// A session's role and user are spared only together with their account (AWS's documentation of NotPrincipal); naming
// one without the other is where the simulator itself says that it does not know.
const spared: readonly unknown[] = [
  { AWS: [ann.arn, account] },
  { AWS: [reader.roleArn, reader.arn, account] },
  { AWS: other },
  { AWS: `arn:aws:iam::${account}:user/bob` },
]
const bucketStatement = (principals: readonly unknown[]) =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(ownStatement, fc.constantFrom(...principals))
        .map(([own, Principal]) => ({ ...own, Principal })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(ownStatement, fc.constantFrom(...spared))
        .map(([own, NotPrincipal]) => ({ ...own, Effect: 'Deny', NotPrincipal })),
    },
  )

const document = (statement: fc.Arbitrary<unknown>) =>
  fc.array(statement, { minLength: 1, maxLength: 3 }).map(Statement => ({ Version: '2012-10-17', Statement }))

const request = fc
  .oneof(
    fc.record({ action: fc.constantFrom(...objectActions), resource: fc.constantFrom(...objects) }),
    fc.record({ action: fc.constantFrom('s3:ListBucket'), resource: fc.constantFrom(...buckets) }),
  )
  .chain(target =>
    fc.record({
      target: fc.constant(target),
      owner: fc.constantFrom(account, account, other),
      principal: fc.constantFrom(ann, reader),
      prefix: fc.option(fc.constantFrom(...words), { nil: undefined }),
      maxKeys: fc.option(fc.constantFrom('5', '10', '1000'), { nil: undefined }),
      team: fc.option(fc.constantFrom(...words), { nil: undefined }),
      sourceIp: fc.constantFrom('10.1.2.3', '192.0.2.1', '2001:db8::1'),
      tagKeys: fc.option(fc.subarray(['team', 'cost', 'tier'], { minLength: 1 }), { nil: undefined }),
    }),
  )

const own = fc.record({
  asked: request,
  identity: fc.array(document(ownStatement), { maxLength: 2 }),
  boundary: fc.option(document(ownStatement), { nil: undefined, freq: 3 }),
})
// AWS documents that a session policy does not narrow what a bucket policy gives to everybody or to the session by its
// own ARN; the simulator lets it narrow. So the two never meet here; evaluate.test.ts has AWS's rule by name.
const world = fc.oneof(
  fc.record({
    own,
    session: fc.constant(undefined),
    bucket: fc.option(document(bucketStatement([...accountOrRole, ...everybodyOrSession])), { nil: undefined }),
  }),
  fc.record({
    // Only role sessions carry session policies.
    own: own.map(given => ({ ...given, asked: { ...given.asked, principal: reader } })),
    session: document(ownStatement),
    bucket: fc.option(document(bucketStatement(accountOrRole)), { nil: undefined }),
  }),
)
type World = typeof world extends fc.Arbitrary<infer W> ? W : never

test('agrees with an independent simulator on random S3 requests', async () => {
  const seen = { allow: 0, explicitDeny: 0, implicitDeny: 0 }
  const property = fc.asyncProperty(world, async given => {
    const ours = ourVerdict(given)
    seen[ours.decision]++
    assert.equal(ours.decision, await theirDecision(given), `${ours.layer}: ${ours.reason}`)
  })
  await fc.assert(property, { numRuns: 6000, seed: 20260101 })
  // A generator that only ever denies would prove nothing.
  for (const [decision, count] of Object.entries(seen)) assert.ok(count > 30, `only ${count} × ${decision}`)
})

function contextOf({ own: { asked } }: World): Record<string, string | string[]> {
  const { principal, target, prefix, maxKeys, team, sourceIp, tagKeys } = asked
  const isList = target.action === 's3:ListBucket'
  return {
    'aws:PrincipalArn': principal.kind === 'roleSession' ? principal.roleArn : ann.arn,
    'aws:SecureTransport': 'true',
    'aws:CurrentTime': '2026-07-01T00:00:00Z',
    'aws:SourceIp': sourceIp,
    ...(principal.kind === 'roleSession' ? { 'aws:TokenIssueTime': '2026-05-01T00:00:00Z' } : {}),
    ...(principal.kind === 'user' ? { 'aws:username': 'ann' } : {}),
    ...(team === undefined ? {} : { 'aws:PrincipalTag/team': team }),
    ...(tagKeys === undefined ? {} : { 'aws:TagKeys': tagKeys }),
    ...(isList && prefix !== undefined ? { 's3:prefix': prefix } : {}),
    ...(isList && maxKeys !== undefined ? { 's3:max-keys': maxKeys } : {}),
  }
}

function ourVerdict(given: World) {
  const { session, bucket } = given
  const { asked, identity, boundary } = given.own
  const named = (name: string, json: unknown, kind: 'identity' | 'resource' = 'identity') => ({
    name,
    document: parsePolicy(JSON.stringify(json), kind),
  })
  const context = contextOf(given)
  return evaluate(
    { principal: asked.principal, ...asked.target, resourceAccount: asked.owner, context },
    {
      identity: identity.map((json, i) => named(`identity ${i}`, json)),
      ...(session ? { session: [named('session', session)] } : {}),
      ...(boundary ? { boundary: named('boundary', boundary) } : {}),
      ...(bucket ? { resource: named('bucket', bucket, 'resource') } : {}),
    },
  )
}

async function theirDecision(given: World): Promise<string> {
  const { session, bucket } = given
  const { asked, identity, boundary } = given.own
  const result = await runSimulation(
    {
      request: {
        principal: asked.principal.arn,
        action: asked.target.action,
        resource: { resource: asked.target.resource, accountId: asked.owner },
        contextVariables: contextOf(given),
      },
      identityPolicies: identity.map((policy, i) => ({ name: `identity ${i}`, policy })),
      ...(session ? { sessionPolicy: session } : {}),
      ...(boundary ? { permissionBoundaryPolicies: [{ name: 'boundary', policy: boundary }] } : {}),
      ...(bucket ? { resourcePolicy: bucket } : {}),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  )
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors))
  return decisions[result.overallResult]
}

const decisions = { Allowed: 'allow', ExplicitlyDenied: 'explicitDeny', ImplicitlyDenied: 'implicitDeny' } as const
