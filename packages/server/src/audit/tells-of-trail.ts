/**
 * What events about the trail itself tell whoever verifies it: which keys sign it, and what was pruned. Pure.
 *
 * Such an event may have been tampered with like any other: what does not read like one tells nothing, and is found to
 * be broken by its hash.
 */
import { z } from 'zod'
import type { KeyOfChain } from './verify-checkpoints.ts'

/** What an event says was taken by order. */
export interface Pruned {
  readonly from: number
  readonly through: number
  readonly events: number
}

export interface ToldOfTrail {
  readonly key?: Omit<KeyOfChain, 'position'>
  readonly pruned?: Pruned
}

export function tellsOfTrail(text: string): ToldOfTrail | undefined {
  if (!text.includes('"AUDIT_TRAIL"')) return undefined
  const read = event.safeParse(parsed(text))
  if (!read.success) return undefined
  const { auditPayload: payload } = read.data
  if (payload.type === 'AuditPruned') {
    const { from, through, events } = payload
    return { pruned: { from, through, events } }
  }
  const { keyId: id, publicKey } = payload.after
  if (payload.type === 'AuditKeyCreated') return { key: { id, publicKey } }
  return { key: { id, publicKey, follows: { publicKey: payload.before.publicKey, signature: payload.signature } } }
}

const key = z.object({ keyId: z.number(), publicKey: z.string() })
const place = z.number().int().nonnegative()
const event = z.object({
  targetType: z.literal('AUDIT_TRAIL'),
  auditPayload: z.discriminatedUnion('type', [
    z.object({ type: z.literal('AuditPruned'), from: place, through: place, events: place }),
    z.object({ type: z.literal('AuditKeyCreated'), after: key }),
    z.object({ type: z.literal('AuditKeyRotated'), before: key, after: key, signature: z.string() }),
  ]),
})

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
