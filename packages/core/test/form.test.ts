/** Forms: what an answer may be, and what a form may ask. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Answer,
  type Answers,
  checkAccepted,
  checkAnswers,
  checkForm,
  type Field,
  type Form,
} from '../src/index.ts'

const form: Form = {
  fields: [
    { type: 'shortAnswer', id: 'project', label: 'Project', required: true, most: 10 },
    { type: 'longAnswer', id: 'purpose', label: 'Purpose', required: false },
    { type: 'dropdown', id: 'kind', label: 'Kind', required: false, options: ['one', 'two'] },
    { type: 'checkboxes', id: 'uses', label: 'Uses', required: false, options: ['x', 'y', 'z'], atLeast: 1, atMost: 2 },
    { type: 'number', id: 'seats', label: 'Seats', required: false, least: 1, most: 5, whole: true },
    { type: 'date', id: 'start', label: 'Start', required: false, earliest: '2026-01-01', latest: '2026-12-31' },
    { type: 'link', id: 'ticket', label: 'Ticket', required: false },
  ],
  duration: { label: 'How long?', suggested: ['30d'], most: '90d', withoutEnd: false },
}
const right = { project: 'Lake' }

const answers: readonly [field: string, answer: Answer, fault?: RegExp][] = [
  ['project', ' ', /is required: answer “Project”/],
  ['project', 'longer than ten', /longer than 10/],
  ['project', 'a\nb', /one line/],
  ['project', 5, /must be a text/],
  ['project', '\ud800', /Unicode/],
  ['purpose', 'two\nlines'],
  ['purpose', 'x'.repeat(10_001), /longer than 10000/],
  ['kind', 'two'],
  ['kind', 'three', /one of `one`, `two`/],
  ['kind', ''],
  ['uses', ['x', 'z']],
  ['uses', ['x', 'y', 'z'], /at most 2/],
  ['uses', ['x', 'x'], /once/],
  ['uses', ['w'], /nothing but/],
  ['uses', 'x', /list/],
  ['uses', []],
  ['seats', 5],
  ['seats', 6, /at most 5/],
  ['seats', 0, /at least 1/],
  ['seats', 1.5, /whole/],
  ['seats', '3', /must be a number/],
  ['seats', Number.NaN, /must be a number/],
  ['start', '2026-02-28'],
  ['start', '2026-02-30', /must be a day/],
  ['start', '2025-12-31', /before 2026-01-01/],
  ['start', '2027-01-01', /after 2026-12-31/],
  ['ticket', 'https://tickets.example.com/1'],
  ['ticket', 'javascript:alert(1)', /address/],
  ['ticket', 'https://', /address/],
  ['ticket', 'https://a b', /address/],
  ['colour', 'red', /is no field of this form/],
  ['constructor', 'red', /is no field of this form/],
]
for (const [field, answer, fault] of answers) {
  test(`${field}: ${JSON.stringify(answer).slice(0, 40)} ${fault ? `is refused: ${fault}` : 'is taken'}`, () => {
    const given: Answers = { ...right, [field]: answer }
    const found = checkAnswers(form, { answers: given, duration: '30d' })
    assert.deepEqual(
      found.map(({ path }) => path),
      fault ? [`answers.${field}`] : [],
    )
    if (fault) assert.match(found[0]?.message ?? '', fault)
  })
}

const durations: readonly [duration: string | undefined, withoutEnd: boolean, fault?: RegExp][] = [
  ['90d', false],
  ['91d', false, /longer than `90d`/],
  ['soon', false, /number and a unit/],
  [undefined, false, /is required/],
  [undefined, true],
]
for (const [duration, withoutEnd, fault] of durations) {
  test(`a duration of ${duration} is ${fault ? 'refused' : 'taken'}${withoutEnd ? ' where there need be no end' : ''}`, () => {
    const asked = { ...form, duration: { ...form.duration, withoutEnd } }
    const [found] = checkAnswers(asked, { answers: right, duration })
    assert.equal(found?.path, fault ? 'duration' : undefined)
    if (fault) assert.match(found?.message ?? '', fault)
  })
}

test('agreements are accepted in the version that is in force', () => {
  const wanted = [{ id: 7, version: 2, name: 'Terms' }]
  assert.deepEqual(checkAccepted(wanted, [{ id: 7, version: 2 }]), [])
  assert.match(checkAccepted(wanted, [])[0]?.message ?? '', /agreement 7, `Terms`, in version 2/)
  assert.match(checkAccepted(wanted, [{ id: 7, version: 1 }])[0]?.message ?? '', /older version/)
})

const field = (more: object): Field => ({ id: 'f', label: 'F', required: true, type: 'link', ...more }) as Field
const bad: readonly [path: string, form: Partial<Form>][] = [
  ['fields.1.id', { fields: [field({}), field({})] }],
  ['fields.0', { fields: [field({ type: 'shortAnswer', most: 256 })] }],
  ['fields.0', { fields: [field({ type: 'dropdown', options: ['a', 'a'] })] }],
  ['fields.0', { fields: [field({ type: 'checkboxes', options: ['a'], atLeast: 2 })] }],
  ['fields.0', { fields: [field({ type: 'number', least: 2, most: 1 })] }],
  ['fields.0', { fields: [field({ type: 'date', earliest: '2026-13-01' })] }],
  ['fields.0', { fields: [field({ type: 'date', earliest: '2026-02-01', latest: '2026-01-01' })] }],
  ['duration.most', { duration: { ...form.duration, suggested: [], most: 'long' } }],
  ['duration.suggested.0', { duration: { ...form.duration, suggested: ['1y'] } }],
]
for (const [path, parts] of bad) {
  test(`a form with ${JSON.stringify(parts).slice(0, 90)} is refused at ${path}`, () => {
    assert.deepEqual(
      checkForm({ ...form, ...parts }).map(fault => fault.path),
      [path],
    )
  })
}

test('a form that is right has no faults', () => {
  assert.deepEqual(checkForm(form), [])
})

test('thousands of answers to nothing are refused in few words', () => {
  const strange = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`x${at}`, 'y']))
  const faults = checkAnswers(form, { answers: { ...right, ...strange }, duration: '1d' })
  assert.deepEqual(
    [faults.length, faults.at(-1)],
    [11, { path: 'answers', message: '49990 more answers are to no field of it' }],
  )
})

test('a long list of choices is named by its beginning', () => {
  const options = Array.from({ length: 200 }, (_, at) => `option ${at}`)
  const long: Form = { ...form, fields: [{ type: 'dropdown', id: 'kind', label: 'Kind', required: true, options }] }
  const [fault] = checkAnswers(long, { answers: { kind: 'none of them' }, duration: '1d' })
  assert.match(fault?.message ?? '', /`option 0`.*180 others$/)
})
