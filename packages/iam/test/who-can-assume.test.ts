import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Breadth, evaluate, type Principal, parsePolicy, whoCanAssume } from '../src/index.ts'

const account = '111122223333'
const other = '444455556666'
const user = (name: string, of = account) => `arn:aws:iam::${of}:user/${name}`
const role = (name: string, of = account) => `arn:aws:iam::${of}:role/${name}`
const saml = `arn:aws:iam::${account}:saml-provider/corp`
const oidc = `arn:aws:iam::${account}:oidc-provider/login.example.com/tenant`

const allow = (Principal: unknown, Condition?: unknown, Action: unknown = 'sts:AssumeRole') => ({
  Effect: 'Allow',
  Principal,
  Action,
  ...(Condition === undefined ? {} : { Condition }),
})
const viaSaml = (condition?: unknown) => allow({ Federated: saml }, condition, 'sts:AssumeRoleWithSAML')
const viaOidc = (condition?: unknown) => allow({ Federated: oidc }, condition, 'sts:AssumeRoleWithWebIdentity')
const sub = 'login.example.com/tenant:sub'
const deny = (Principal: unknown, Condition?: unknown) => ({ ...allow(Principal, Condition), Effect: 'Deny' })

const cases: readonly (readonly [string, object | object[], Breadth, string])[] = [
  ['one IAM user is one person', allow({ AWS: user('ann') }), 'one', 'user'],
  ['two users are several', allow({ AWS: [user('ann'), user('ben')] }), 'several', 'user user'],
  ['the same user named twice is one', [allow({ AWS: user('ann') }), allow({ AWS: user('ann') })], 'one', 'user'],
  ['the account is whoever in it is allowed', allow({ AWS: `arn:aws:iam::${account}:root` }), 'several', 'account'],
  ['a bare account number is the same', allow({ AWS: other }), 'several', 'account'],
  ['a star is anybody', allow('*'), 'several', 'anybody'],
  ['so is a star of AWS', allow({ AWS: '*' }), 'several', 'anybody'],
  [
    'everybody but one is anybody',
    { Effect: 'Allow', NotPrincipal: { AWS: user('ann') }, Action: '*' },
    'several',
    'anybody',
  ],
  ['of another role nobody knows who can assume it', allow({ AWS: role('admins') }), 'unknown', 'role'],
  ['a service is nobody', allow({ Service: 'ec2.amazonaws.com' }), 'nobody', 'service'],
  [
    'a service beside a user leaves one',
    allow({ Service: 'ec2.amazonaws.com', AWS: user('ann') }),
    'one',
    'service user',
  ],
  ['who may only tag a session comes not in', allow({ AWS: other }, undefined, 'sts:TagSession'), 'nobody', ''],
  ['a pattern of actions counts', allow({ AWS: user('ann') }, undefined, 'sts:Assume*'), 'one', 'user'],
  [
    'all but another action counts',
    { Effect: 'Allow', Principal: { AWS: other }, NotAction: 'sts:TagSession' },
    'several',
    'account',
  ],
  [
    'people of a SAML provider are several',
    viaSaml({ StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } }),
    'several',
    'federated',
  ],
  ['one SAML subject is one', viaSaml({ StringEquals: { 'saml:sub': 'ann' } }), 'one', 'federated'],
  ['a pattern of subjects is several', viaSaml({ StringLike: { 'saml:sub': 'a*' } }), 'several', 'federated'],
  ['one OIDC subject is one', viaOidc({ StringEquals: { [sub]: 'ann' } }), 'one', 'federated'],
  [
    'the subject of another issuer says nothing',
    viaOidc({ StringEquals: { 'else.example.com:sub': 'ann' } }),
    'several',
    'federated',
  ],
  [
    'two OIDC subjects are several',
    viaOidc({ StringEquals: { [sub]: ['ann', 'ben'] } }),
    'several',
    'federated federated',
  ],
  [
    'a subject that may be absent says nothing',
    viaOidc({ StringEqualsIfExists: { [sub]: 'ann' } }),
    'several',
    'federated',
  ],
  [
    'a subject for all values says nothing',
    viaOidc({ 'ForAllValues:StringEquals': { [sub]: 'ann' } }),
    'several',
    'federated',
  ],
  ['whom a subject must not be says nothing', viaOidc({ StringNotEquals: { [sub]: 'ann' } }), 'several', 'federated'],
  ['an action that is not for it opens no way', allow({ Federated: oidc }), 'nobody', ''],
  [
    'a condition on the network makes nobody one',
    allow({ AWS: account }, { IpAddress: { 'aws:SourceIp': '10.0.0.1/32' } }),
    'several',
    'account',
  ],
  [
    'a tag makes nobody one',
    allow({ AWS: account }, { StringEquals: { 'aws:PrincipalTag/owner': 'ann' } }),
    'several',
    'account',
  ],
  [
    'the name of a session makes nobody one',
    allow({ AWS: account }, { StringEquals: { 'sts:RoleSessionName': 'ann' } }),
    'several',
    'account',
  ],
  [
    'a user by condition is one',
    allow({ AWS: account }, { ArnEquals: { 'aws:PrincipalArn': user('ann') } }),
    'one',
    'user',
  ],
  [
    'a user name in one account is one',
    allow({ AWS: account }, { StringEquals: { 'aws:username': 'ann' } }),
    'one',
    'user',
  ],
  [
    'a user name in any account is anybody',
    allow('*', { StringEquals: { 'aws:username': 'ann' } }),
    'several',
    'anybody',
  ],
  [
    'users by pattern are several',
    allow({ AWS: account }, { ArnLike: { 'aws:PrincipalArn': user('a*') } }),
    'several',
    'account',
  ],
  [
    'a person of the directory is one',
    allow({ AWS: account }, { StringEquals: { 'identitystore:UserId': 'u-1' } }),
    'one',
    'directoryUser',
  ],
  [
    'a session of Identity Center bears the name of its person',
    allow({ AWS: `arn:aws:sts::${account}:assumed-role/AWSReservedSSO_Read_0123456789abcdef/ann` }),
    'one',
    'directoryUser',
  ],
  [
    'any other session bears the name that somebody chose',
    allow({ AWS: `arn:aws:sts::${account}:assumed-role/admins/ann` }),
    'unknown',
    'unclear',
  ],
  [
    'a denial makes nobody one',
    [allow({ AWS: account }), deny('*', { StringNotEquals: { 'aws:PrincipalArn': user('ann') } })],
    'several',
    'account',
  ],
  ['nothing at all lets nobody in', [], 'nobody', ''],
]

for (const [name, Statement, breadth, ways] of cases) {
  test(name, () => {
    const reading = whoCanAssume(JSON.stringify({ Version: '2012-10-17', Statement }))
    assert.equal(reading.problem, undefined)
    assert.deepEqual([reading.breadth, reading.ways.map(({ who }) => who).join(' ')], [breadth, ways])
  })
}

test('what cannot be read is unknown, with the place that is wrong', () => {
  const reading = whoCanAssume('{"Statement":{"Effect":"Perhaps","Principal":"*","Action":"sts:AssumeRole"}}')
  assert.deepEqual([reading.breadth, reading.ways], ['unknown', []])
  assert.match(reading.problem ?? '', /Effect/)
})

test('a role that one person can assume is one person, as far as that is known', () => {
  const policy = JSON.stringify({ Version: '2012-10-17', Statement: allow({ AWS: role('hers') }) })
  assert.equal(whoCanAssume(policy, arn => (arn === role('hers') ? 'one' : undefined)).breadth, 'one')
  assert.equal(whoCanAssume(policy, () => 'several').breadth, 'several')
  assert.equal(whoCanAssume(policy, () => 'nobody').breadth, 'nobody')
})

// ── Held against the evaluator ──

interface Asking {
  readonly principal: Principal
  readonly action: string
  readonly context: Readonly<Record<string, string>>
  /** Who that is, whichever way they come. */
  readonly person: string
}

const names = ['ann', 'ben']
const people: readonly Asking[] = [
  ...[account, other].flatMap(of =>
    names.flatMap((name): Asking[] => [
      {
        principal: { kind: 'user', account: of, arn: user(name, of) },
        action: 'sts:AssumeRole',
        context: { 'aws:PrincipalArn': user(name, of), 'aws:username': name, 'aws:PrincipalTag/owner': 'ann' },
        person: user(name, of),
      },
      {
        principal: {
          kind: 'roleSession',
          account: of,
          arn: `arn:aws:sts::${of}:assumed-role/admins/${name}`,
          roleArn: role('admins', of),
        },
        action: 'sts:AssumeRole',
        context: { 'aws:PrincipalArn': role('admins', of), 'aws:SourceIp': '10.0.0.1' },
        person: `${name} in ${role('admins', of)}`,
      },
    ]),
  ),
  ...names.map(
    (name): Asking => ({
      principal: { kind: 'federated', provider: saml },
      action: 'sts:AssumeRoleWithSAML',
      context: { 'saml:sub': name, 'saml:aud': 'aws' },
      person: `saml ${name}`,
    }),
  ),
  ...names.map(
    (name): Asking => ({
      principal: { kind: 'federated', provider: oidc },
      action: 'sts:AssumeRoleWithWebIdentity',
      context: { [sub]: name },
      person: `oidc ${name}`,
    }),
  ),
]

const principals = fc.oneof(
  fc.constant('*'),
  fc
    .subarray([user('ann'), user('ben'), user('ann', other), role('admins'), account, other], {
      minLength: 1,
      maxLength: 2,
    })
    .map(AWS => ({ AWS })),
  fc.constantFrom({ Federated: saml }, { Federated: oidc }, { Service: 'ec2.amazonaws.com' }),
)
const conditions = fc.option(
  fc.record({
    operator: fc.constantFrom(
      'StringEquals',
      'StringLike',
      'StringNotEquals',
      'StringEqualsIfExists',
      'ForAnyValue:StringEquals',
    ),
    key: fc.constantFrom('saml:sub', sub, 'aws:username', 'aws:PrincipalArn', 'aws:PrincipalTag/owner', 'aws:SourceIp'),
    value: fc.constantFrom('ann', 'ben', 'a*', '*', user('ann'), role('admins'), '10.0.0.1'),
  }),
)
const statements = fc.array(
  fc
    .record({
      Effect: fc.constantFrom('Allow', 'Allow', 'Allow', 'Deny'),
      inverted: fc.constantFrom(false, false, false, false, true),
      Principal: principals,
      Action: fc.constantFrom('sts:AssumeRole', 'sts:*', 'sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity'),
      condition: conditions,
    })
    .map(({ Effect, inverted, Principal, Action, condition }) => ({
      Effect,
      [inverted ? 'NotPrincipal' : 'Principal']: Principal,
      Action,
      ...(condition ? { Condition: { [condition.operator]: { [condition.key]: condition.value } } } : {}),
    })),
  { minLength: 1, maxLength: 3 },
)

test('law: where it says one or nobody, the evaluator lets no second person in', () => {
  const seen = { nobody: 0, one: 0, several: 0, unknown: 0 }
  fc.assert(
    fc.property(statements, Statement => {
      const policy = JSON.stringify({ Version: '2012-10-17', Statement })
      const reading = whoCanAssume(policy)
      seen[reading.breadth]++
      const trust = { name: 'trust', document: parsePolicy(policy, 'trust') }
      const letIn = people.filter(({ principal, action, context }) => {
        const request = { principal, action, resource: role('wanted'), resourceAccount: account, context }
        return evaluate(request, { identity: [everything], trust }).allowed
      })
      const who = new Set(letIn.map(({ person }) => person))
      if (reading.breadth === 'nobody') assert.deepEqual([...who], [])
      if (reading.breadth === 'one') assert.ok(who.size <= 1, [...who].join())
      // Whoever is let in comes by one of the ways that are named.
      if (who.size > 0) assert.ok(reading.ways.some(way => way.who !== 'service'))
    }),
    { numRuns: 8000 },
  )
  for (const [breadth, count] of Object.entries(seen)) assert.ok(count > 20, `${breadth}: ${count}`)
})

const everything = {
  name: 'everything',
  document: parsePolicy(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    'identity',
  ),
}
