import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from '@headgate/core/api'
import { dayIn, nextDue, scheduleOf } from '../src/export/schedule.ts'

const cases: readonly (readonly [
  what: string,
  cron: string,
  timeZone: string,
  after: string,
  due: readonly string[],
])[] = [
  [
    'every day at three, summer and winter',
    '0 3 * * *',
    'Europe/Paris',
    '2026-03-27T12:00Z',
    ['2026-03-28T02:00Z', '2026-03-29T01:00Z', '2026-03-30T01:00Z'],
  ],
  [
    'Paris has no 02:30 when clocks go forward: at 03:00',
    '30 2 * * *',
    'Europe/Paris',
    '2026-03-28T12:00Z',
    ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
  ],
  [
    'Paris has 02:30 twice when clocks go back: the first one',
    '30 2 * * *',
    'Europe/Paris',
    '2026-10-24T12:00Z',
    ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  ],
  [
    'New York has no 02:30 when clocks go forward',
    '30 2 * * *',
    'America/New_York',
    '2026-03-07T12:00Z',
    ['2026-03-08T07:00Z', '2026-03-09T06:30Z'],
  ],
  [
    'New York has 01:30 twice when clocks go back',
    '30 1 * * *',
    'America/New_York',
    '2026-10-31T12:00Z',
    ['2026-11-01T05:30Z', '2026-11-02T06:30Z'],
  ],
  [
    'Lord Howe goes forward by half an hour, over 02:15',
    '15 2 * * *',
    'Australia/Lord_Howe',
    '2026-10-03T00:00Z',
    ['2026-10-03T15:30Z', '2026-10-04T15:15Z'],
  ],
  [
    'Lord Howe goes back by half an hour, over 01:45',
    '45 1 * * *',
    'Australia/Lord_Howe',
    '2026-04-04T00:00Z',
    ['2026-04-04T14:45Z', '2026-04-05T15:15Z'],
  ],
  [
    'São Paulo had no midnight',
    '0 0 * * *',
    'America/Sao_Paulo',
    '2018-11-03T12:00Z',
    ['2018-11-04T03:00Z', '2018-11-05T02:00Z'],
  ],
  [
    'two times of a day of which it has one are one',
    '0 2,3 * * *',
    'Europe/Paris',
    '2026-03-28T12:00Z',
    ['2026-03-29T01:00Z', '2026-03-30T00:00Z', '2026-03-30T01:00Z'],
  ],
]

describe('an export is due', () => {
  for (const [what, cron, timeZone, after, due] of cases) {
    test(what, () => {
      let at = Date.parse(after)
      const found = due.map(() => {
        at = nextDue({ cron, timeZone }, at)
        return new Date(at).toISOString().replace(':00.000Z', 'Z')
      })
      assert.deepEqual(found, due)
    })
  }

  test('at three with an access key, at five with a role, unless it is said otherwise', () => {
    const nothing = { schedule: null, time_zone: 'UTC' }
    assert.equal(scheduleOf({ ...nothing, authentication_type: 'accessKey' }).cron, '0 3 * * *')
    assert.equal(scheduleOf({ ...nothing, authentication_type: 'iamRole' }).cron, '0 5 * * *')
    const said = { schedule: '0 1 * * 1', time_zone: 'Asia/Tokyo', authentication_type: 'iamRole' } as const
    assert.deepEqual(scheduleOf(said), { cron: '0 1 * * 1', timeZone: 'Asia/Tokyo' })
  })

  test('on the day of its own zone', () => {
    const at = Date.parse('2026-11-01T23:30Z')
    assert.deepEqual(
      ['Pacific/Auckland', 'UTC', 'America/New_York'].map(zone => dayIn(zone, at)),
      ['2026-11-02', '2026-11-01', '2026-11-01'],
    )
  })

  for (const [cron, timeZone, code] of [
    ['0 3 * *', 'UTC', 'schedule-invalid'],
    ['61 3 * * *', 'UTC', 'schedule-invalid'],
    ['@daily', 'UTC', 'schedule-invalid'],
    ['0 0 3 * * *', 'UTC', 'schedule-invalid'],
    ['0 3 31 2 *', 'UTC', 'schedule-invalid'],
    ['0 3 * * *', 'Mars/Olympus', 'time-zone-unknown'],
    ['0 3 * * *', '+02:00', 'time-zone-unknown'],
  ] as const) {
    test(`never by \`${cron}\` in ${timeZone}: ${code}`, () => {
      assert.throws(
        () => nextDue({ cron, timeZone }, 0),
        error => error instanceof Problem && error.code === code,
      )
    })
  }
})
