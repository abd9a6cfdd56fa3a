/**
 * What goes wrong on purpose, reproducibly: the same seed and the same calls give the same faults.
 * Decides only; the server delays, drops and refuses, and the services ask what has propagated.
 */
import type { ServiceName } from './service.ts'
import type { AccountId, Region } from './state.ts'
import type { Instant } from './wire.ts'

/** Which calls a rule is about; whatever is left out matches all. */
interface Target {
  readonly service?: ServiceName
  /** AWS's name, e.g. `CreateAccessGrant`. */
  readonly operation?: string
  readonly account?: AccountId
  /** 0–1, default 1. */
  readonly probability?: number
  /** Stop after this many hits; default never. */
  readonly times?: number
}

export type FaultRule =
  /** More than `perSecond` calls per account, region and service, after a first `burst` (default `perSecond`): SlowDown. */
  | (Target & { readonly kind: 'throttle'; readonly perSecond: number; readonly burst?: number })
  /** Wait `ms`, plus up to `jitterMs`, before the work. */
  | (Target & { readonly kind: 'latency'; readonly ms: number; readonly jitterMs?: number })
  /** The work is done, then the connection drops without an answer. */
  | (Target & { readonly kind: 'lost-answer' })
  /** The work is not done: `status` (default 500) with `code` (default InternalError). */
  | (Target & { readonly kind: 'error'; readonly status?: number; readonly code?: string })
  /** The work is done, yet the answer is a 500 InternalError. */
  | (Target & { readonly kind: 'half-failure' })

export interface FaultSettings {
  readonly seed: number
  readonly rules: readonly FaultRule[]
  /** Milliseconds until others notice. `revocation`: how long a deleted grant still vends. */
  readonly propagation: Readonly<Record<Propagating, number>>
  /** Added to the sandbox's clock where signatures are checked. */
  readonly clockSkewMs: number
}

export type Propagating = 'grant' | 'principal' | 'role' | 'revocation'

export const NO_FAULTS: FaultSettings = {
  seed: 1,
  rules: [],
  propagation: { grant: 0, principal: 0, role: 0, revocation: 0 },
  clockSkewMs: 0,
}

export interface FaultedCall {
  readonly service: ServiceName
  readonly operation: string
  readonly account: AccountId
  readonly region: Region
}

/** What is to happen to one call. */
export interface Verdict {
  readonly delayMs: number
  readonly before:
    | { readonly kind: 'none' | 'throttle' }
    | { readonly kind: 'error'; readonly status: number; readonly code: string }
  readonly after: 'answer' | 'drop' | 'internal-error'
}

export interface Faults {
  readonly settings: FaultSettings
  /** Replaces the named settings and starts counting and drawing anew. Throws TypeError on settings it can't read. */
  set(settings: unknown): void
  judge(call: FaultedCall, now: Instant): Verdict
  /** Has something made at `since` been noticed everywhere by `now`? */
  isPropagated(what: Propagating, since: Instant, now: Instant): boolean
}

export function createFaults(initial: Partial<FaultSettings> = {}): Faults {
  let settings = readFaultSettings({ ...NO_FAULTS, ...initial }, NO_FAULTS)
  let random = seededRandom(settings.seed)
  let hits: number[] = settings.rules.map(() => 0)
  let buckets = new Map<string, { tokens: number; at: Instant }>()

  const applies = (rule: FaultRule, index: number, call: FaultedCall): boolean => {
    if (rule.service !== undefined && rule.service !== call.service) return false
    if (rule.operation !== undefined && rule.operation !== call.operation) return false
    if (rule.account !== undefined && rule.account !== call.account) return false
    if (rule.times !== undefined && (hits[index] ?? 0) >= rule.times) return false
    return rule.probability === undefined || random() < rule.probability
  }

  const isOverRate = (
    rule: FaultRule & { kind: 'throttle' },
    index: number,
    call: FaultedCall,
    now: Instant,
  ): boolean => {
    const key = `${index} ${call.account} ${call.region} ${call.service}`
    const size = rule.burst ?? Math.max(1, rule.perSecond)
    const last = buckets.get(key) ?? { tokens: size, at: now }
    const tokens = Math.min(size, last.tokens + (Math.max(0, now - last.at) / 1000) * rule.perSecond)
    buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
    return tokens < 1
  }

  return {
    get settings() {
      return settings
    },
    set(next) {
      settings = readFaultSettings(next, settings)
      random = seededRandom(settings.seed)
      hits = settings.rules.map(() => 0)
      buckets = new Map()
    },
    judge(call, now) {
      let delayMs = 0
      let before: Verdict['before'] = { kind: 'none' }
      let after: Verdict['after'] = 'answer'
      for (const [index, rule] of settings.rules.entries()) {
        if (!applies(rule, index, call)) continue
        if (rule.kind === 'throttle' && !isOverRate(rule, index, call, now)) continue
        hits[index] = (hits[index] ?? 0) + 1
        if (rule.kind === 'latency') delayMs += rule.ms + random() * (rule.jitterMs ?? 0)
        else if (rule.kind === 'throttle') before = { kind: 'throttle' }
        else if (rule.kind === 'error') {
          before = { kind: 'error', status: rule.status ?? 500, code: rule.code ?? 'InternalError' }
        } else after = rule.kind === 'lost-answer' ? 'drop' : 'internal-error'
      }
      return { delayMs, before, after }
    },
    // Without the fault everything is seen at once, whichever clock wrote `since`.
    isPropagated: (what, since, now) => settings.propagation[what] === 0 || now - since >= settings.propagation[what],
  }
}

/** Settings from outside (JSON of `POST /_sandbox/faults`), checked; what is left out stays as in `current`. */
export function readFaultSettings(given: unknown, current: FaultSettings): FaultSettings {
  const named = record(given, 'faults')
  for (const name of Object.keys(named))
    if (!(name in NO_FAULTS)) throw new TypeError(`unknown fault setting \`${name}\``)
  const delays = record(named.propagation ?? {}, 'propagation')
  for (const [name, ms] of Object.entries(delays)) {
    if (!(name in NO_FAULTS.propagation)) throw new TypeError(`unknown propagation \`${name}\``)
    number(ms, `propagation.${name}`)
  }
  const rules = named.rules ?? current.rules
  if (!Array.isArray(rules)) throw new TypeError('`rules` must be a list')
  return {
    seed: number(named.seed ?? current.seed, 'seed'),
    rules: rules.map(readRule),
    propagation: { ...current.propagation, ...(delays as Partial<FaultSettings['propagation']>) },
    clockSkewMs: number(named.clockSkewMs ?? current.clockSkewMs, 'clockSkewMs', true),
  }
}

const RULE_FIELDS: Readonly<
  Record<FaultRule['kind'], { readonly must: readonly string[]; readonly may: readonly string[] }>
> = {
  throttle: { must: ['perSecond'], may: ['burst'] },
  latency: { must: ['ms'], may: ['jitterMs'] },
  'lost-answer': { must: [], may: [] },
  error: { must: [], may: ['status'] },
  'half-failure': { must: [], may: [] },
}

function readRule(given: unknown): FaultRule {
  const rule = record(given, 'rule')
  const fields = typeof rule.kind === 'string' ? RULE_FIELDS[rule.kind as FaultRule['kind']] : undefined
  if (fields === undefined) throw new TypeError(`unknown kind of fault \`${String(rule.kind)}\``)
  for (const [name, value] of Object.entries(rule)) {
    if ([...fields.must, ...fields.may, 'probability', 'times'].includes(name)) number(value, name)
    else if (['kind', 'service', 'operation', 'account'].includes(name) || (rule.kind === 'error' && name === 'code')) {
      if (typeof value !== 'string') throw new TypeError(`\`${name}\` must be text`)
    } else throw new TypeError(`a ${rule.kind} fault has no \`${name}\``)
  }
  for (const name of fields.must) if (!(name in rule)) throw new TypeError(`a ${rule.kind} fault needs \`${name}\``)
  return rule as unknown as FaultRule
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`\`${name}\` must be an object`)
  return value as Record<string, unknown>
}

function number(value: unknown, name: string, mayBeNegative = false): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || (value < 0 && !mayBeNegative)) {
    throw new TypeError(`\`${name}\` must be a ${mayBeNegative ? '' : 'non-negative '}number`)
  }
  return value
}

/** mulberry32: 32 bits of state are plenty for faults, and a seed fits on a command line. Values in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
