/** The pace on virtual time, against a limiter like AWS's: a bucket of tokens, some latency. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsFailure, type AwsFailureKind } from '../../src/aws/aws-error.ts'
import { type Clock, createPace } from '../../src/reconcile/pace.ts'

const never = new AbortController().signal

/** Time passes when nothing else can happen. */
function virtualTime(): Clock & { run(until: () => boolean): Promise<void> } {
  let now = 0
  let order = 0
  const timers: { at: number; order: number; ring: () => void }[] = []
  return {
    now: () => now,
    sleep: ms =>
      new Promise(ring => {
        order += 1
        timers.push({ at: now + ms, order, ring })
      }),
    async run(until) {
      while (!until()) {
        await new Promise(resolve => setImmediate(resolve))
        if (until()) return
        timers.sort((a, b) => a.at - b.at || a.order - b.order)
        const next = timers.shift()
        assert.ok(next, 'nothing is left to wait for')
        now = Math.max(now, next.at)
        next.ring()
      }
    },
  }
}

function limiter(
  clock: Clock,
  { perSecond, burst, latencyMs }: { perSecond: number; burst: number; latencyMs: number },
) {
  let tokens = burst
  let at = 0
  const counts = { done: 0, throttled: 0, inFlight: 0, mostInFlight: 0 }
  return {
    counts,
    async call() {
      counts.inFlight += 1
      counts.mostInFlight = Math.max(counts.mostInFlight, counts.inFlight)
      const now = clock.now()
      tokens = Math.min(burst, tokens + ((now - at) / 1000) * perSecond)
      at = now
      const isOver = tokens < 1
      if (!isOver) tokens -= 1
      await clock.sleep(latencyMs)
      counts.inFlight -= 1
      if (isOver) counts.throttled += 1
      else counts.done += 1
      if (isOver) throw failure('throttled')
    },
  }
}

function failure(kind: AwsFailureKind, retryAfterMs?: number): AwsFailure {
  return new AwsFailure({ kind, code: kind, message: kind, operation: 'CreateAccessGrant', retryAfterMs })
}

test('a limit of 200 a second, burst 20, at 20 ms: at least 95 % of it, and no call fails', async t => {
  const clock = virtualTime()
  const aws = limiter(clock, { perSecond: 200, burst: 20, latencyMs: 20 })
  const pace = createPace({ parallel: 10, clock, random: seeded(1) })
  const total = 20_000
  let begun = 0
  let ended = 0
  const lane = async () => {
    while (begun < total) {
      begun += 1
      await pace.pass({ signal: never }, aws.call)
      ended += 1
    }
  }
  const lanes = Promise.all(Array.from({ length: 10 }, lane))
  await clock.run(() => ended === total)
  await lanes
  const share = total / (clock.now() / 1000) / 200
  t.diagnostic(`${(share * 100).toFixed(1)} % of the limit, ${aws.counts.throttled} throttled`)
  assert.ok(share >= 0.95, `${share}`)
  assert.ok(aws.counts.throttled < total / 20)
})

test('no more calls are in flight than allowed, and without a limit nothing waits', async () => {
  const clock = virtualTime()
  const aws = limiter(clock, { perSecond: 1e9, burst: 1e9, latencyMs: 20 })
  const pace = createPace({ parallel: 10, clock })
  const calls = Promise.all(Array.from({ length: 1000 }, () => pace.pass({ signal: never }, aws.call)))
  await clock.run(() => aws.counts.done === 1000)
  await calls
  assert.equal(aws.counts.mostInFlight, 10)
  assert.equal(clock.now(), 2000)
})

test('a revocation passes before creations that wait', async () => {
  const clock = virtualTime()
  const pace = createPace({ parallel: 1, clock })
  const order: string[] = []
  const call = (name: string) => async () => {
    await clock.sleep(10)
    order.push(name)
  }
  const calls = [
    ...['a', 'b', 'c'].map(name => pace.pass({ signal: never }, call(name))),
    pace.pass({ signal: never, isUrgent: true }, call('revocation')),
  ]
  await clock.run(() => order.length === 4)
  await Promise.all(calls)
  assert.deepEqual(order, ['a', 'revocation', 'b', 'c'])
})

test('what may not be repeated is not; what may is, until the last try', async () => {
  const clock = virtualTime()
  const pace = createPace({ parallel: 1, clock, random: seeded(2) })
  let tries = 0
  const lost = () => {
    tries += 1
    return Promise.reject(failure('lostAnswer'))
  }
  await assert.rejects(pace.pass({ signal: never }, lost), { kind: 'lostAnswer' })
  assert.equal(tries, 1)
  let over = false
  const again = pace.pass({ signal: never, again: ['lostAnswer'] }, lost).catch(error => {
    over = true
    return error
  })
  await clock.run(() => over)
  assert.equal((await again).kind, 'lostAnswer')
  assert.equal(tries, 5)
})

test('stopping rejects what waits and lets what is under way end', async () => {
  const clock = virtualTime()
  const pace = createPace({ parallel: 1, clock })
  const stop = new AbortController()
  let ended = false
  const first = pace.pass({ signal: stop.signal }, async () => {
    await clock.sleep(10)
    ended = true
    return 'answer'
  })
  const second = pace.pass({ signal: stop.signal }, () => assert.fail('begun after the stop'))
  stop.abort(new Error('over'))
  await assert.rejects(second, /over/)
  await clock.run(() => ended)
  assert.equal(await first, 'answer')
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

// A single such answer would have held up the account's revocations for as long as it said.
test('how long AWS asks to wait is heeded for some seconds, not for hours', async () => {
  const clock = virtualTime()
  const pace = createPace({ parallel: 1, clock, random: seeded(3) })
  let over = false
  let tries = 0
  const passed = pace.pass({ signal: never }, async () => {
    tries += 1
    if (tries === 1) throw failure('throttled', 3_600_000)
    over = true
  })
  await clock.run(() => over)
  await passed
  assert.ok(clock.now() >= 1000 && clock.now() <= 5000, `${clock.now()}`)
})
