/** The map of an access: what it shows of an explanation, and that nothing lies upon anything else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Explained } from '@headgate/core/api'
import { mapOf, place } from '../packages/web/src/access/map.ts'

const said = [{ source: 'local', since: '2026-11-01T00:00:00.000Z' }]
const team = { attribute: 'team', value: 'finance', said }
const call = (holds: boolean) => ({
  kind: 'call' as const,
  holds,
  name: 'hasAttribute',
  args: ['team', holds ? 'finance' : 'audit'],
  facts: holds ? [team] : [],
})
const explained: Explained = {
  dataSource: { id: 5, name: 'payroll', scope: 's3://lake/payroll/*' },
  verdict: 'READ',
  because: [],
  obstacles: [],
  grants: [
    { id: 1, version: 1, name: 'Finance reads', level: 'READ', holds: true, rule: call(true) },
    { id: 2, version: 1, name: 'Auditors read', level: 'READ', holds: false, rule: call(false) },
  ],
  guardrails: [{ id: 3, version: 1, name: 'No robots', level: 'READ', holds: true, via: { id: 9, name: 'inner' } }],
  members: [{ id: 4, level: 'READ', group: { id: 7, name: 'Readers' }, holds: true }],
  fixes: [],
}
const person = { id: 1, name: 'Ann' }
const whole = mapOf({
  person,
  explained,
  why: new Map([['1', 'tag Finance']]),
  grants: [{ id: 8, permission: 'READ', state: 'active' }],
})

test('every step from the person to the grant is on the map, held or not', () => {
  const names = new Map(whole.points.map(({ id, name }) => [id, name]))
  const lines = whole.lines.map(({ from, to, holds }) => `${names.get(from)} ${holds ? '→' : '⇢'} ${names.get(to)}`)
  assert.deepEqual(lines.toSorted(), [
    'Ann → Group Readers',
    'Ann → No robots',
    'Ann → team: finance',
    'Ann ⇢ team: audit',
    'Auditors read ⇢ payroll',
    'Finance reads → tag Finance',
    'Group Readers → Member',
    'Member → payroll',
    'No robots → covering inner',
    'covering inner → payroll',
    'payroll → Read',
    'tag Finance → payroll',
    'team: audit ⇢ Auditors read',
    'team: finance → Finance reads',
  ])
})

test('points keep clear of each other, and lines lead to the right', () => {
  const { placed } = place(whole.points)
  assert.equal(new Set(placed.map(({ x, y }) => `${x} ${y}`)).size, whole.points.length)
  const at = new Map(placed.map(({ point, x }) => [point.id, x]))
  for (const { from, to } of whole.lines) assert.ok((at.get(from) ?? 0) < (at.get(to) ?? 0), `${from} ${to}`)
})

test('of hundreds of rules a few are shown, those that decide first, and the rest is counted', () => {
  const many = Array.from({ length: 300 }, (_, id) => ({
    id: id + 10,
    version: 1,
    name: `Policy ${id}`,
    level: 'READ' as const,
    holds: id === 299,
    rule: call(id === 299),
  }))
  const inTheWay = { id: 3, version: 1, name: 'No robots', level: 'READ' as const, holds: false, rule: call(false) }
  const world = { ...explained, verdict: 'none' as const, grants: many, guardrails: [inTheWay] }
  const map = mapOf({ person, explained: world, why: new Map(), grants: [] })
  assert.equal(map.leftOut, 291)
  const rules = map.points.filter(({ column }) => column === 2).map(({ name }) => name)
  assert.deepEqual(rules.slice(0, 2), ['No robots', 'Policy 299'])
})
