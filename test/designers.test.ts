/** The designers of forms and review flows and the text that they write: nothing is lost between the two. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printFlow, readFlow, unfinished } from '../packages/web/src/templates/flow-draft.ts'
import { idOf, ofType, printForm, readForm, tidied } from '../packages/web/src/templates/form-draft.ts'

const form = {
  fields: [
    { id: 'why', type: 'longAnswer', label: 'Why?', help: 'In a sentence.', required: false, most: 500 },
    { id: 'years', type: 'checkboxes', label: 'Which years?', required: true, options: ['2025', '2026'], atMost: 1 },
    { id: 'rows', type: 'number', label: 'How many rows?', required: true, least: 1, most: 9, whole: true },
    { id: 'since', type: 'date', label: 'Since when?', required: true, earliest: '2026-01-01' },
  ],
  duration: { label: 'For how long?', suggested: ['30d', '1y'], most: '1y', withoutEnd: true },
  agreements: [7],
}

test('what the designer of forms reads it writes again, and it sends no line that was left empty', () => {
  const read = readForm(JSON.stringify(form))
  assert.ok(read)
  assert.deepEqual(JSON.parse(printForm(read)), form)
  const [, years] = read.fields
  assert.ok(years)
  const { fields = [] } = tidied({ ...read, fields: [{ ...years, options: ['2025', '', ' 2026 '] }] })
  assert.deepEqual(fields[0], form.fields[1])
  for (const text of [
    '',
    '{',
    '[]',
    '{"fields": [{"type": "riddle"}]}',
    '{"fields": [{"id": "a", "type": "dropdown", "label": "A"}]}',
  ])
    assert.equal(readForm(text), undefined, text)
})

test('a question keeps what fits when it is answered otherwise, and its name is one that nobody else has', () => {
  const years = readForm(JSON.stringify(form))!.fields[1]!
  const { atMost: _, ...kept } = form.fields[1]!
  assert.deepEqual(ofType(years, 'dropdown'), { ...kept, type: 'dropdown' })
  assert.equal('options' in ofType(years, 'link'), false)
  assert.equal(idOf('Which years?', []), 'whichYears')
  assert.equal(idOf('Which years?', ['whichYears', 'whichYears2']), 'whichYears3')
  assert.match(idOf('何年?', []), /^[a-z][A-Za-z0-9_-]*$/)
})

test('what the designer of flows reads it writes again, finished or not, and anything else stays text', () => {
  const stages = [
    { any: [{ group: 'Stewards' }, { attribute: { key: 'role', value: 'owner' } }, { attribute: { key: 'role' } }] },
    {
      all: [{ domainRight: 'MANAGE_DATA_PRODUCTS', domain: 'finance' }, { permission: 'GOVERNANCE' }, { user: 'ann' }],
    },
  ]
  const flow = {
    // biome-ignore lint/suspicious/noThenProperty: it is what the API calls it, and nobody awaits a rule
    rules: [{ if: "@isInGroups('A')", then: { approve: { for: '30d' } } }],
    otherwise: { review: { stages } },
  }
  const read = readFlow(JSON.stringify(flow))
  assert.ok(read)
  assert.deepEqual(JSON.parse(printFlow(read)), flow)
  assert.deepEqual(unfinished(read), [])
  const open = { otherwise: { review: { stages: [{ any: [{ group: '' }] }] } } }
  const begun = readFlow(JSON.stringify(open))
  assert.ok(begun)
  assert.deepEqual(JSON.parse(printFlow(begun)), { rules: [], ...open })
  assert.equal(unfinished(begun).length, 1)
  for (const other of [
    {},
    { otherwise: { approve: { for: 3 } } },
    { otherwise: { review: { stages: [] } } },
    { otherwise: { review: { stages: [{ any: [{ group: 'A', user: 'b' }] }] } } },
    { otherwise: { approve: {} }, unless: 'x' },
  ])
    assert.equal(readFlow(JSON.stringify(other)), undefined, JSON.stringify(other))
})
