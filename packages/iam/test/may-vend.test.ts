import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicySyntaxError, vendsTo } from '../src/index.ts'

const instance = { arn: 'arn:aws:s3:us-east-1:111122223333:access-grants/default', accountId: '111122223333' }
const consumer = '444455556666'
const ann = `arn:aws:iam::${consumer}:role/team/ann`
const ben = `arn:aws:iam::${consumer}:user/ben`
const statement = (Principal: unknown, more: object = {}) => ({
  Effect: 'Allow',
  Principal,
  Action: 's3:GetDataAccess',
  Resource: instance.arn,
  ...more,
})
const judged = (...Statement: object[]) =>
  vendsTo(JSON.stringify({ Version: '2012-10-17', Statement }), instance, [
    ann,
    ben,
    ann,
    'arn:aws:iam::777788889999:role/eve',
  ])

const cases: readonly (readonly [string, readonly object[], readonly string[]])[] = [
  ['an account that is named is let in as a whole', [statement({ AWS: consumer })], [consumer]],
  ['by its root ARN too', [statement({ AWS: `arn:aws:iam::${consumer}:root` })], [consumer]],
  ['of an account of which one role is named, that role alone', [statement({ AWS: ann })], [ann]],
  ['listing grants is not vending', [statement({ AWS: consumer }, { Action: 's3:ListAccessGrants' })], []],
  [
    'another instance is not this one',
    [statement({ AWS: consumer }, { Resource: instance.arn.replace('us-east-1', 'eu-west-1') })],
    [],
  ],
  [
    'a denial strikes whom it names',
    [statement({ AWS: consumer }), statement({ AWS: ann }, { Effect: 'Deny' })],
    [ben],
  ],
  [
    'a condition on the principal is for those it fits',
    [
      statement(
        { AWS: consumer },
        { Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${consumer}:role/team/*` } } },
      ),
    ],
    [ann],
  ],
  [
    'a condition on what nobody knows lets nobody in',
    [statement('*', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } } })],
    [],
  ],
  [
    'nor does a denial of whoever is not of the organisation',
    [
      statement({ AWS: consumer }),
      statement('*', { Effect: 'Deny', Condition: { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } } }),
    ],
    [],
  ],
  ['everybody is everybody', [statement('*')], [consumer, '777788889999']],
]
for (const [name, statements, expected] of cases) test(name, () => assert.deepEqual(judged(...statements), expected))

test('what cannot be read is an error for the caller to report', () => {
  assert.throws(() => vendsTo('{"Statement": 1}', instance, [ann]), PolicySyntaxError)
})
