/** Random canonical trees of the policy language for the laws, within its size bounds. */
import fc from 'fast-check'
import { and, call, type Expression, not, or, principalKinds } from '../src/policy/index.ts'

export const names = ['Analysts', 'Finance', 'Finance.Payroll', "O'Neill \\ Söhne", 'tab\there', '日本 🙂', 'All Users']

export function expressions(name: fc.Arbitrary<string>): fc.Arbitrary<Expression> {
  const someNames = fc.array(name, { minLength: 1, maxLength: 3 })
  const calls = fc.oneof(
    fc
      .tuple(name, fc.option(name))
      .map(([key, value]) => (value === null ? call('hasAttribute', key) : call('hasAttribute', key, value))),
    someNames.map(groups => call('isInGroups', ...groups)),
    someNames.map(groups => call('isInAnyGroup', ...groups)),
    name.map(key => call('hasTagAsAttribute', key, 'dataSource')),
    fc.constant(call('hasTagAsGroup', 'dataSource')),
    someNames.map(users => call('isUser', ...users)),
    fc.constantFrom(...principalKinds).map(kind => call('hasPrincipal', kind)),
  )
  return fc.letrec<{ tree: Expression }>(tie => {
    const terms = fc.array(tie('tree'), { minLength: 1, maxLength: 3 })
    return { tree: fc.oneof({ maxDepth: 4 }, calls, terms.map(and), terms.map(or), tie('tree').map(not)) }
  }).tree
}
