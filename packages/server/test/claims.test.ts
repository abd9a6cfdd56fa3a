import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assertionOf, type Claims, hasClaim, textAt, valuesAt } from '../src/directory/claims.ts'

const claims: Claims = {
  groups: ['a', 'b'],
  realm_access: { roles: ['x', 'y'] },
  resource_access: { 'my.client': { roles: ['z'] }, my: { client: { roles: ['not this'] } } },
  'https://example.com/team': 'risk',
  memberOf: 'cn=a,ou=b; cn=c,ou=d',
  list: [{ name: 'one' }, { name: 'two' }, { other: 1 }],
  deep: [['p', ['q']]],
  number: 7,
  truth: false,
  nothing: null,
  empty: '',
}

test('a path leads into other claims, through lists, and to names that have dots themselves', () => {
  const texts = (path: string, separator?: string) => valuesAt(claims, path, separator).texts
  assert.deepEqual(texts('groups'), ['a', 'b'])
  assert.deepEqual(texts('realm_access.roles'), ['x', 'y'])
  assert.deepEqual(texts('resource_access.my.client.roles'), ['z'])
  assert.deepEqual(texts('https://example.com/team'), ['risk'])
  assert.deepEqual(texts('list.name'), ['one', 'two'])
  assert.deepEqual(texts('deep'), ['p', 'q'])
  assert.deepEqual([texts('number'), texts('truth'), texts('nothing'), texts('empty')], [['7'], ['false'], [], []])
  for (const none of ['missing', 'groups.x', 'number.x', '__proto__', 'constructor', 'realm_access.toString']) {
    assert.deepEqual([texts(none), hasClaim(claims, none)], [[], false], none)
  }
})

test('a text is one value, or several where the mapping names what stands between', () => {
  assert.deepEqual(valuesAt(claims, 'memberOf').texts, ['cn=a,ou=b; cn=c,ou=d'])
  assert.deepEqual(valuesAt(claims, 'memberOf', ';').texts, ['cn=a,ou=b', 'cn=c,ou=d'])
  assert.deepEqual(valuesAt({ groups: 'a,,b, ' }, 'groups', ',').texts, ['a', 'b'])
})

test('what is neither text nor number is counted, and a single text is one that stands alone', () => {
  assert.deepEqual(valuesAt(claims, 'list'), { texts: [], others: 3 })
  assert.equal(textAt(claims, 'number'), '7')
  assert.deepEqual(
    [textAt(claims, 'groups'), textAt(claims, 'list'), textAt(claims, 'missing')],
    [undefined, undefined, undefined],
  )
})

test('whatever the claims are, they are read, and say nothing that is not in them', () => {
  const provider = { name: 'p', attributeKeys: ['k'], groupPatterns: ['*'] }
  const mapping = {
    groups: [{ claim: 'a.b' }, { claim: 'c', separator: ',' }],
    attributes: [{ claim: 'a', key: 'k' }],
    principal: { claim: 'c', kind: 'iamUser' as const },
  }
  const key = fc.constantFrom('a', 'b', 'c', 'a.b', '__proto__')
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(key, tie('value')),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(key, value), said => {
      const { assertion } = assertionOf(mapping, said, provider)
      const text = JSON.stringify(said)
      for (const group of assertion.groups ?? []) assert.ok(text.includes(JSON.stringify(group).slice(1, -1)))
    }),
  )
})
