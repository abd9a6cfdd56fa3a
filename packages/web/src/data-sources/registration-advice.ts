/**
 * What there is to say about a list before it is registered: what the server would refuse, what it would warn of, and
 * where two of the list overlap. By the rules that the server itself goes by. Pure.
 *
 * What lies registered already is the server's to say: it knows data sources that the reader may not see.
 */
import { covers, joinScope, type Scope } from '@headgate/core'
import type { PastedItem } from './pasted-list.ts'

export interface Advice {
  /** Place in the list. */
  readonly index: number
  readonly message: string
  /** Whether nothing can be registered as long as it is so. */
  readonly refuses: boolean
}

export interface ListAdvice {
  readonly advice: readonly Advice[]
  /** Whether a star follows part of a name, which has to be meant. */
  readonly hasMidSegment: boolean
}

interface Said {
  readonly locationPath: string
  readonly midSegment: boolean
  readonly allowOverlap: boolean
}

/** Two of a list are held against each other up to here; the server looks at all. */
const mostCompared = 500

export function adviseRegistration(items: readonly PastedItem[], said: Said): ListAdvice {
  const advice: Advice[] = []
  const scopes: (readonly [index: number, scope: Scope])[] = []
  let hasMidSegment = false
  for (const [index, { prefix }] of items.entries()) {
    const joined = joinScope(said.locationPath, prefix, { midSegment: said.midSegment })
    if (!joined.ok) {
      hasMidSegment ||= joined.code === 'scope-mid-segment'
      advice.push({ index, message: joined.message, refuses: true })
      continue
    }
    hasMidSegment ||= joined.warnings.some(({ code }) => code === 'scope-mid-segment')
    for (const { message } of joined.warnings) advice.push({ index, message, refuses: false })
    scopes.push([index, joined.scope])
  }
  return { advice: [...advice, ...overlapsIn(scopes, said.allowOverlap)], hasMidSegment }
}

function* overlapsIn(scopes: readonly (readonly [number, Scope])[], isAllowed: boolean): Generator<Advice> {
  const compared = scopes.slice(0, mostCompared)
  for (const [index, inner] of compared) {
    const outer = compared.find(([other, scope]) => other !== index && covers(scope, inner))
    if (outer === undefined) continue
    const isEqual = covers(inner, outer[1])
    // Said once of two that are equal.
    if (isEqual && outer[0] > index) continue
    const message = isEqual
      ? 'it is the same as one above it: keep one of them'
      : 'it lies inside another of the list: AWS grants add up, so whoever reads that one reads this one'
    yield { index, message, refuses: isEqual || !isAllowed }
  }
}
