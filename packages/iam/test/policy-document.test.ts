import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type PolicyKind, PolicySyntaxError, parsePolicy } from '../src/index.ts'

const good = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
const parse = (Statement: unknown, kind: PolicyKind = 'identity') =>
  parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), kind)

test('a single statement and a list of statements read alike', () => {
  assert.deepEqual(parse(good).statements, parse([good]).statements)
})

test('an empty list of statements is a document that says nothing', () => {
  assert.deepEqual(parse([]).statements, [])
})

test('a document without statements is refused', () => {
  assert.throws(() => parse(undefined), { path: 'Statement' })
})

test('a document without Version is of 2008', () => {
  assert.equal(parsePolicy(JSON.stringify({ Statement: good }), 'identity').version, '2008-10-17')
})

const malformed: readonly [name: string, path: string, statement: unknown, kind?: PolicyKind][] = [
  ['an effect in small letters', 'Statement.Effect', { ...good, Effect: 'allow' }],
  ['no effect', 'Statement[1].Effect', [good, { Action: 's3:*', Resource: '*' }]],
  ['no action', 'Statement', { Effect: 'Allow', Resource: '*' }],
  ['both Action and NotAction', 'Statement', { ...good, NotAction: 's3:*' }],
  ['an action without service', 'Statement.Action[1]', { ...good, Action: ['s3:*', 'GetObject'] }],
  ['an empty list of actions', 'Statement.Action', { ...good, Action: [] }],
  ['a resource that is no ARN', 'Statement.Resource[0]', { ...good, Resource: 's3://lake' }],
  ['a principal in an identity policy', 'Statement.Principal', { ...good, Principal: '*' }],
  ['no principal in a resource policy', 'Statement', good, 'resource'],
  ['a resource in a trust policy', 'Statement.Resource', { ...good, Principal: '*' }, 'trust'],
  ['an unknown type of principal', 'Statement.Principal.Person', { ...good, Principal: { Person: 'ann' } }, 'resource'],
  [
    'a principal with a wildcard',
    'Statement.Principal.AWS',
    { ...good, Principal: { AWS: 'arn:aws:iam::111122223333:user/*' } },
    'resource',
  ],
  ['an account id too short', 'Statement.Principal.AWS[1]', { ...good, Principal: { AWS: ['*', '1234'] } }, 'resource'],
  ['a service that is none', 'Statement.Principal.Service', { ...good, Principal: { Service: 's3' } }, 'resource'],
  ['an unknown operator', 'Statement.Condition.StringMatches', { ...good, Condition: { StringMatches: { k: 'v' } } }],
  [
    'a date that is none',
    'Statement.Condition.DateLessThan.k',
    { ...good, Condition: { DateLessThan: { k: 'soon' } } },
  ],
  [
    'a number that is none',
    'Statement.Condition.NumericEquals.k[1]',
    { ...good, Condition: { NumericEquals: { k: [1, 'x'] } } },
  ],
  [
    'an address range that is none',
    'Statement.Condition.IpAddress.k',
    { ...good, Condition: { IpAddress: { k: '10.0.0.0/33' } } },
  ],
  [
    'a condition value that is an object',
    'Statement.Condition.StringEquals.k',
    { ...good, Condition: { StringEquals: { k: {} } } },
  ],
  ['an unknown element', 'Statement.Resources', { ...good, Resources: '*' }],
  [
    'two statements of one sid',
    'Statement[1].Sid',
    [
      { ...good, Sid: 'A' },
      { ...good, Sid: 'A' },
    ],
  ],
  ['a sid with a space', 'Statement.Sid', { ...good, Sid: 'read all' }],
  ['a statement that is text', 'Statement', 'allow all'],
]

for (const [name, path, statement, kind] of malformed) {
  test(`${name} is refused at ${path}`, () => {
    assert.throws(
      () => parse(statement, kind),
      (error: unknown) => error instanceof PolicySyntaxError && error.path === path,
    )
  })
}

test('what is not JSON, or no object, is refused', () => {
  for (const text of ['', '{', '[]', 'null', '"Allow"']) {
    assert.throws(() => parsePolicy(text, 'identity'), PolicySyntaxError, text)
  }
})

test('an unknown version is refused', () => {
  const document = JSON.stringify({ Version: '2024-01-01', Statement: good })
  assert.throws(() => parsePolicy(document, 'identity'), { path: 'Version' })
})
