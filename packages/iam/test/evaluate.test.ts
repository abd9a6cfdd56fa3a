import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { denialText, evaluate, type Policies, type Principal, parsePolicy, type Request } from '../src/index.ts'

const account = '111122223333'
const other = '444455556666'
const ann: Principal = { kind: 'user', account, arn: `arn:aws:iam::${account}:user/ann`, id: 'AIDAEXAMPLEANN000001' }
const session: Principal = {
  kind: 'roleSession',
  account,
  arn: `arn:aws:sts::${account}:assumed-role/reader/today`,
  roleArn: `arn:aws:iam::${account}:role/team/reader`,
  id: 'AROAEXAMPLEREADER001:today',
}
const root: Principal = { kind: 'root', account, arn: `arn:aws:iam::${account}:root` }
const accessGrants: Principal = { kind: 'service', service: 'access-grants.s3.amazonaws.com' }
const unsigned: Principal = { kind: 'anonymous' }

/** A policy variable as written in a document. */
const variable = (inside: string): string => ['$', '{', inside, '}'].join('')

type Json = Readonly<Record<string, unknown>>
const statement = (Effect: string, more: Json = {}): Json => ({
  Effect,
  Action: 's3:GetObject',
  Resource: '*',
  ...more,
})
const allow = (more: Json = {}) => statement('Allow', more)
const deny = (more: Json = {}) => statement('Deny', more)
const allowFor = (AWS: string | string[], more: Json = {}) => allow({ Principal: { AWS }, ...more })

interface Case {
  readonly name: string
  readonly principal?: Principal
  readonly action?: string
  readonly resource?: string
  readonly owner?: string
  readonly context?: Request['context']
  readonly version?: string
  readonly identity?: readonly Json[]
  readonly boundary?: readonly Json[]
  readonly session?: readonly Json[]
  readonly policy?: readonly Json[]
  readonly trust?: readonly Json[]
  readonly key?: readonly Json[]
  /** `allow identity`, `explicitDeny session`, `implicitDeny boundary`, … */
  readonly verdict: string
}

const assume = { action: 'sts:AssumeRole', resource: `arn:aws:iam::${account}:role/location` }
const trusting = (Principal: unknown, more: Json = {}): Json => ({
  Effect: 'Allow',
  Action: 'sts:AssumeRole',
  Principal,
  ...more,
})
const mayAssume: Json = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }

const layers: readonly Case[] = [
  { name: 'nothing said is a denial by the identity layer', verdict: 'implicitDeny identity' },
  { name: 'an identity policy allows', identity: [allow()], verdict: 'allow identity' },
  { name: 'a deny beats an allow in the same policy', identity: [allow(), deny()], verdict: 'explicitDeny identity' },
  { name: 'a bucket policy naming the user allows alone', policy: [allowFor(ann.arn)], verdict: 'allow resource' },
  {
    name: 'a bucket policy naming only the account leaves it to the identity policy',
    policy: [allowFor(account)],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a bucket policy naming the account plus an identity policy allow',
    policy: [allowFor(`arn:aws:iam::${account}:root`)],
    identity: [allow()],
    verdict: 'allow identity',
  },
  {
    name: 'a bucket policy naming somebody else is no allow',
    policy: [allowFor(other)],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a bucket policy denies what the identity policy allows',
    identity: [allow()],
    policy: [deny({ Principal: '*' })],
    verdict: 'explicitDeny resource',
  },
  {
    name: 'across accounts the identity policy alone is not enough',
    owner: other,
    identity: [allow()],
    verdict: 'implicitDeny resource',
  },
  {
    name: 'across accounts the bucket policy alone is not enough',
    owner: other,
    policy: [allowFor(ann.arn)],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'across accounts both together allow, by account too',
    owner: other,
    identity: [allow()],
    policy: [allowFor(account)],
    verdict: 'allow identity',
  },
  {
    name: 'a session policy narrows what the role may do',
    principal: session,
    identity: [allow()],
    session: [allow({ Resource: 'arn:aws:s3:::lake/other/*' })],
    verdict: 'implicitDeny session',
  },
  {
    name: 'a session policy never widens',
    principal: session,
    session: [allow()],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a session policy may deny',
    principal: session,
    identity: [allow()],
    session: [allow(), deny()],
    verdict: 'explicitDeny session',
  },
  {
    name: 'a boundary narrows',
    identity: [allow()],
    boundary: [allow({ Action: 's3:PutObject' })],
    verdict: 'implicitDeny boundary',
  },
  {
    name: 'a boundary does not narrow what the bucket policy gives the user by name',
    policy: [allowFor(ann.arn)],
    boundary: [allow({ Action: 's3:PutObject' })],
    verdict: 'allow resource',
  },
  {
    name: 'a session policy narrows what the bucket policy gives the role',
    principal: session,
    policy: [allowFor(session.roleArn)],
    session: [allow({ Action: 's3:PutObject' })],
    verdict: 'implicitDeny session',
  },
  {
    name: 'a session policy does not narrow what the bucket policy gives that very session',
    principal: session,
    policy: [allowFor(session.arn)],
    session: [allow({ Action: 's3:PutObject' })],
    verdict: 'allow resource',
  },
  {
    name: 'a session policy does not narrow what the bucket policy gives everybody',
    principal: session,
    policy: [allowFor('*')],
    session: [allow({ Action: 's3:PutObject' })],
    verdict: 'allow resource',
  },
  {
    name: 'a role is recognised by its unique id',
    principal: session,
    policy: [allowFor('AROAEXAMPLEREADER001')],
    verdict: 'allow resource',
  },
  { name: 'root of the account needs no policy', principal: root, verdict: 'allow identity' },
  {
    name: 'root is stopped by a bucket policy',
    principal: root,
    policy: [deny({ Principal: '*' })],
    verdict: 'explicitDeny resource',
  },
  { name: 'root of another account is nobody', principal: root, owner: other, verdict: 'implicitDeny resource' },
  { name: 'the unsigned are refused', principal: unsigned, verdict: 'implicitDeny resource' },
  {
    name: 'the unsigned enter a public bucket',
    principal: unsigned,
    policy: [allow({ Principal: '*' })],
    verdict: 'allow resource',
  },
  {
    name: 'NotPrincipal spares only those it names',
    identity: [allow()],
    policy: [deny({ NotPrincipal: { AWS: [session.roleArn, session.arn, account] } })],
    principal: session,
    verdict: 'allow identity',
  },
  {
    name: 'NotPrincipal strikes everybody else',
    owner: other,
    identity: [allow()],
    policy: [deny({ NotPrincipal: { AWS: other } })],
    verdict: 'explicitDeny resource',
  },
]

const trust: readonly Case[] = [
  {
    name: 'a role is not assumed without its trust',
    ...assume,
    identity: [mayAssume],
    trust: [trusting({ AWS: other })],
    verdict: 'implicitDeny trust',
  },
  {
    name: 'trust in the user by name suffices in one account',
    ...assume,
    trust: [trusting({ AWS: ann.arn })],
    verdict: 'allow trust',
  },
  {
    name: 'trust in the account needs the identity policy too',
    ...assume,
    trust: [trusting({ AWS: account })],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'trust in the account and an identity policy allow',
    ...assume,
    identity: [mayAssume],
    trust: [trusting({ AWS: account })],
    verdict: 'allow identity',
  },
  {
    name: 'across accounts trust by name still needs the identity policy',
    ...assume,
    owner: other,
    trust: [trusting({ AWS: ann.arn })],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a trusted service assumes',
    ...assume,
    principal: accessGrants,
    trust: [trusting({ Service: 'access-grants.s3.amazonaws.com' })],
    verdict: 'allow trust',
  },
  {
    name: 'a service is held to the source account of the trust',
    ...assume,
    principal: accessGrants,
    context: { 'aws:SourceAccount': other },
    trust: [
      trusting(
        { Service: 'access-grants.s3.amazonaws.com' },
        { Condition: { StringEquals: { 'aws:SourceAccount': account } } },
      ),
    ],
    verdict: 'implicitDeny trust',
  },
  {
    name: 'a wrong external id is no trust',
    ...assume,
    owner: other,
    identity: [mayAssume],
    context: { 'sts:ExternalId': 'guess' },
    trust: [trusting({ AWS: account }, { Condition: { StringEquals: { 'sts:ExternalId': 'secret' } } })],
    verdict: 'implicitDeny trust',
  },
  {
    name: 'a trust policy may deny',
    ...assume,
    identity: [mayAssume],
    trust: [trusting({ AWS: account }), { ...trusting('*'), Effect: 'Deny' }],
    verdict: 'explicitDeny trust',
  },
]

const decrypting = { action: 'kms:Decrypt', resource: `arn:aws:kms:eu-west-1:${account}:key/lake` }
const mayDecrypt: Json = { Effect: 'Allow', Action: 'kms:*', Resource: '*' }

const keys: readonly Case[] = [
  {
    name: 'a key is not used without its policy, whatever the identity policy says',
    ...decrypting,
    identity: [mayDecrypt],
    key: [{ ...mayDecrypt, Principal: { AWS: other } }],
    verdict: 'implicitDeny resource',
  },
  {
    name: 'a key policy that names the account leaves it to the identity policy',
    ...decrypting,
    key: [{ ...mayDecrypt, Principal: { AWS: account } }],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a key policy that names the account and an identity policy allow',
    ...decrypting,
    identity: [mayDecrypt],
    key: [{ ...mayDecrypt, Principal: { AWS: account } }],
    verdict: 'allow identity',
  },
  {
    name: 'a key policy that names the user suffices',
    ...decrypting,
    key: [{ ...mayDecrypt, Principal: { AWS: ann.arn } }],
    verdict: 'allow resource',
  },
]

const patterns: readonly Case[] = [
  {
    name: 'actions have no case and take wildcards',
    identity: [allow({ Action: 'S3:get*' })],
    verdict: 'allow identity',
  },
  {
    name: '? is exactly one character',
    identity: [allow({ Action: 's3:GetObject?' })],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'NotAction allows the rest',
    identity: [{ Effect: 'Allow', NotAction: 'iam:*', Resource: '*' }],
    verdict: 'allow identity',
  },
  {
    name: 'NotAction leaves out what it names',
    identity: [{ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'NotResource leaves out what it names',
    identity: [{ Effect: 'Allow', Action: 's3:*', NotResource: 'arn:aws:s3:::lake/*' }],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'resources keep their case',
    identity: [allow({ Resource: 'arn:aws:s3:::LAKE/*' })],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a star reaches across slashes',
    identity: [allow({ Resource: 'arn:aws:s3:::lake/*.csv' })],
    verdict: 'allow identity',
  },
  { name: 'an unfinished ARN is completed', identity: [allow({ Resource: 'arn:aws:s3' })], verdict: 'allow identity' },
  {
    name: 'a star stays within its part of the ARN',
    identity: [allow({ Resource: 'arn:aws:*/sales/q1.csv:x:y:z' })],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a policy variable stands for its value',
    resource: 'arn:aws:s3:::lake/ann/x',
    context: { 'aws:username': 'ann' },
    identity: [allow({ Resource: `arn:aws:s3:::lake/${variable('aws:username')}/*` })],
    verdict: 'allow identity',
  },
  {
    name: 'a star in a variable value is no wildcard',
    context: { 'aws:username': '*' },
    identity: [allow({ Resource: `arn:aws:s3:::lake/${variable('aws:username')}` })],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a variable without value matches nothing',
    identity: [allow({ Resource: `arn:aws:s3:::lake/${variable('aws:username')}*` })],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'a variable without value takes its default',
    identity: [allow({ Resource: `arn:aws:s3:::lake/${variable("aws:PrincipalTag/team, 'sales'")}/*` })],
    verdict: 'allow identity',
  },
  {
    name: 'an escaped star is a star',
    resource: 'arn:aws:s3:::lake/*',
    identity: [allow({ Resource: `arn:aws:s3:::lake/${variable('*')}` })],
    verdict: 'allow identity',
  },
  {
    name: 'an escaped star is no wildcard',
    identity: [allow({ Resource: `arn:aws:s3:::lake/${variable('*')}` })],
    verdict: 'implicitDeny identity',
  },
  {
    name: 'documents of 2008 know no variables',
    version: '2008-10-17',
    resource: 'arn:aws:s3:::lake/ann/x',
    context: { 'aws:username': 'ann' },
    identity: [allow({ Resource: `arn:aws:s3:::lake/${variable('aws:username')}/*` })],
    verdict: 'implicitDeny identity',
  },
]

/** One condition under an allow: it holds exactly when the verdict allows. */
const holds = (name: string, Condition: Json, context: Request['context'], expected: boolean): Case => ({
  name,
  context,
  identity: [allow({ Condition })],
  verdict: expected ? 'allow identity' : 'implicitDeny identity',
})
const k = (value: string | readonly string[] | undefined) => ({ k: value })

const conditions: readonly Case[] = [
  {
    name: 'a negated test against a variable without value lets nobody in',
    context: { 'aws:PrincipalTag/team': 'sales' },
    identity: [
      allow({ Condition: { StringNotEquals: { 'aws:PrincipalTag/team': variable('aws:PrincipalTag/home') } } }),
    ],
    verdict: 'implicitDeny identity',
  },
  holds('StringEquals any of several', { StringEquals: { k: ['a', 'b'] } }, k('b'), true),
  holds('StringEquals keeps case', { StringEquals: { k: 'A' } }, k('a'), false),
  holds('StringEquals knows no wildcard', { StringEquals: { k: 'a*' } }, k('ab'), false),
  holds('StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { k: 'A' } }, k('a'), true),
  holds('StringNotEquals none of several', { StringNotEquals: { k: ['a', 'b'] } }, k('b'), false),
  holds('StringNotEquals holds for an absent key', { StringNotEquals: { k: 'a' } }, {}, true),
  holds('StringNotEqualsIgnoreCase', { StringNotEqualsIgnoreCase: { k: 'A' } }, k('a'), false),
  holds('StringLike', { StringLike: { k: 'a*c' } }, k('abc'), true),
  holds('StringLike fails for an absent key', { StringLike: { k: '*' } }, {}, false),
  holds('StringNotLike', { StringNotLike: { k: 'a*c' } }, k('abc'), false),
  holds('keys have no case', { StringEquals: { 'S3:Prefix': 'a' } }, { 's3:prefix': 'a' }, true),
  holds('every operator and key must hold', { StringEquals: { k: 'a', l: 'b' } }, { k: 'a', l: 'c' }, false),
  holds('NumericEquals', { NumericEquals: { k: '10' } }, k('10.0'), true),
  holds('NumericNotEquals', { NumericNotEquals: { k: 10 } }, k('10'), false),
  holds('NumericLessThan', { NumericLessThan: { k: 10 } }, k('10'), false),
  holds('NumericLessThanEquals', { NumericLessThanEquals: { 's3:max-keys': '10' } }, { 's3:max-keys': '9' }, true),
  holds('NumericGreaterThan', { NumericGreaterThan: { k: '9' } }, k('10'), true),
  holds('NumericGreaterThanEquals', { NumericGreaterThanEquals: { k: '10' } }, k('10'), true),
  holds('a number that is none compares to nothing', { NumericLessThan: { k: '10' } }, k('many'), false),
  holds('DateLessThan', { DateLessThan: { k: '2026-01-02' } }, k('2026-01-01T23:59:59Z'), true),
  holds('DateGreaterThan by epoch', { DateGreaterThan: { k: '1767225600' } }, k('2026-01-01T00:00:01Z'), true),
  holds('DateEquals', { DateEquals: { k: '2026-01-01T00:00:00Z' } }, k('2026-01-01T01:00:00+01:00'), true),
  holds('DateNotEquals', { DateNotEquals: { k: '2026-01-01' } }, k('2026-01-01T00:00:00Z'), false),
  holds('DateLessThanEquals', { DateLessThanEquals: { k: '2026-01-01' } }, k('2026-01-01T00:00:00Z'), true),
  holds('DateGreaterThanEquals', { DateGreaterThanEquals: { k: '2026-01-02' } }, k('2026-01-01T00:00:00Z'), false),
  holds('Bool', { Bool: { 'aws:SecureTransport': true } }, { 'aws:SecureTransport': 'true' }, true),
  holds('Bool fails for an absent key', { Bool: { 'aws:SecureTransport': 'false' } }, {}, false),
  holds('BinaryEquals', { BinaryEquals: { k: 'QmluYXJ5' } }, k('QmluYXJ5'), true),
  holds(
    'ArnLike',
    { ArnLike: { k: 'arn:aws:s3:*:*:access-grants/*' } },
    k(`arn:aws:s3:eu-west-1:${account}:access-grants/default`),
    true,
  ),
  holds(
    'ArnEquals takes wildcards too',
    { ArnEquals: { k: 'arn:aws:s3:*:*:access-grants/default' } },
    k(`arn:aws:s3:eu-west-1:${account}:access-grants/default`),
    true,
  ),
  holds('ArnNotEquals', { ArnNotEquals: { k: 'arn:aws:s3:::lake' } }, k('arn:aws:s3:::lake'), false),
  holds('ArnNotLike', { ArnNotLike: { k: 'arn:aws:s3:::lake*' } }, k('arn:aws:s3:::pond'), true),
  holds('IpAddress in range', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } }, { 'aws:SourceIp': '10.1.2.3' }, true),
  holds(
    'IpAddress of the other family',
    { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
    { 'aws:SourceIp': '::1' },
    false,
  ),
  holds(
    'IpAddress of version 6',
    { IpAddress: { 'aws:SourceIp': '2001:db8::/32' } },
    { 'aws:SourceIp': '2001:db8:1::5' },
    true,
  ),
  holds('NotIpAddress', { NotIpAddress: { 'aws:SourceIp': '10.0.0.1' } }, { 'aws:SourceIp': '10.0.0.1' }, false),
  holds('Null true: the key must be absent', { Null: { 'aws:TokenIssueTime': 'true' } }, {}, true),
  holds('Null false: the key must be there', { Null: { 'aws:TokenIssueTime': 'false' } }, {}, false),
  holds('IfExists holds for an absent key', { StringEqualsIfExists: { k: 'a' } }, {}, true),
  holds('IfExists compares when the key is there', { StringEqualsIfExists: { k: 'a' } }, k('b'), false),
  holds('ForAllValues needs every value', { 'ForAllValues:StringEquals': { k: ['a', 'b'] } }, k(['a', 'c']), false),
  holds('ForAllValues holds for none', { 'ForAllValues:StringEquals': { k: 'a' } }, {}, true),
  holds('ForAnyValue needs one value', { 'ForAnyValue:StringLike': { k: 'a*' } }, k(['b', 'ab']), true),
  holds('ForAnyValue fails for none', { 'ForAnyValue:StringNotEquals': { k: 'a' } }, {}, false),
  holds('ForAllValues with a negated operator', { 'ForAllValues:StringNotEquals': { k: 'a' } }, k(['b', 'a']), false),
  holds(
    'a variable in a condition',
    { StringLike: { 's3:prefix': `${variable('aws:username')}/*` } },
    { 's3:prefix': 'ann/x', 'aws:username': 'ann' },
    true,
  ),
]

for (const [title, cases] of Object.entries({ layers, trust, keys, patterns, conditions })) {
  describe(title, () => {
    for (const example of cases) {
      test(example.name, () => {
        const request = requestOf(example)
        const verdict = evaluate(request, policiesOf(example))
        assert.equal(`${verdict.decision} ${verdict.layer}`, example.verdict, verdict.reason)
        assert.equal(verdict.allowed, verdict.decision === 'allow')
      })
    }
  })
}

test('a verdict names the statement that decided', () => {
  const named = { identity: [allow({ Action: 's3:PutObject' }), allow({ Sid: 'ReadAll' })], name: '', verdict: '' }
  const verdict = evaluate(requestOf(named), policiesOf(named))
  assert.deepEqual(verdict.statement, { policy: 'identity', index: 1, sid: 'ReadAll' })
  assert.equal(verdict.reason, 'statement `ReadAll` of identity-based policy `identity` allows s3:GetObject')
})

describe('denials in the words of AWS', () => {
  const wordings: readonly [Case, string][] = [
    [{ name: 'identity', verdict: '' }, 'because no identity-based policy allows the s3:GetObject action'],
    [
      { name: 'session', identity: [allow()], session: [allow({ Action: 's3:PutObject' })], verdict: '' },
      'because no session policy allows the s3:GetObject action',
    ],
    [
      { name: 'boundary', identity: [allow()], boundary: [allow({ Action: 's3:PutObject' })], verdict: '' },
      'because no permissions boundary allows the s3:GetObject action',
    ],
    [
      { name: 'resource', identity: [allow()], owner: other, verdict: '' },
      'because no resource-based policy allows the s3:GetObject action',
    ],
    [
      { name: 'explicit identity', identity: [deny()], verdict: '' },
      'with an explicit deny in an identity-based policy',
    ],
    [
      { name: 'explicit resource', policy: [deny({ Principal: '*' })], verdict: '' },
      'with an explicit deny in a resource-based policy',
    ],
  ]
  for (const [example, ending] of wordings) {
    test(example.name, () => {
      const request = requestOf(example)
      const verdict = evaluate(request, policiesOf(example))
      assert.equal(
        denialText(request, verdict, { quoteResource: true }),
        `User: ${ann.arn} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::lake/sales/q1.csv" ${ending}`,
      )
    })
  }

  test('a service without trust, unquoted as STS prints it', () => {
    const example: Case = {
      name: '',
      ...assume,
      principal: accessGrants,
      trust: [trusting({ AWS: other })],
      verdict: '',
    }
    const request = requestOf(example)
    assert.equal(
      denialText(request, evaluate(request, policiesOf(example))),
      `User: access-grants.s3.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${assume.resource} because no role trust policy allows the sts:AssumeRole action`,
    )
  })
})

function requestOf(example: Case): Request {
  return {
    principal: example.principal ?? ann,
    action: example.action ?? 's3:GetObject',
    resource: example.resource ?? 'arn:aws:s3:::lake/sales/q1.csv',
    resourceAccount: example.owner ?? account,
    context: example.context ?? {},
  }
}

function policiesOf(example: Case): Policies {
  const Version = example.version ?? '2012-10-17'
  const read = (name: string, Statement: readonly Json[], kind: 'identity' | 'resource' | 'trust' = 'identity') => ({
    name,
    document: parsePolicy(JSON.stringify({ Version, Statement }), kind),
  })
  return {
    identity: example.identity ? [read('identity', example.identity)] : [],
    ...(example.boundary ? { boundary: read('boundary', example.boundary) } : {}),
    ...(example.session ? { session: [read('session', example.session)] } : {}),
    ...(example.policy ? { resource: read('bucket', example.policy, 'resource') } : {}),
    ...(example.trust ? { trust: read('trust', example.trust, 'trust') } : {}),
    ...(example.key ? { key: read('key', example.key, 'resource') } : {}),
  }
}
