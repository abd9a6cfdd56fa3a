/** The audit trail as it is read: events with filters, as a stream, and as a file that anybody can verify. */
import { z } from 'zod'
import { id, instant, instantInput } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'

const resource = z.object({ type: z.string(), id: z.string(), name: z.string().optional() })

export const auditEvent = z.object({
  /** Its place in the chain: 1, 2, 3… */
  position: id,
  id: z.uuid(),
  eventTimestamp: instant,
  receivedTimestamp: instant,
  action: z.string(),
  actionStatus: z.enum(['SUCCESS', 'FAILURE']),
  targetType: z.string(),
  targets: z.array(resource),
  actor: z.object({
    type: z.string(),
    id: z.number().nullable(),
    name: z.string(),
    identityProvider: z.string().nullable(),
  }),
  actorIp: z.string().nullable(),
  relatedResources: z.array(resource),
  requestId: z.string().nullable(),
  sessionId: z.string().nullable(),
  tenantId: z.string(),
  auditPayload: z.looseObject({ type: z.string(), version: z.number() }),
  /** Whether something of it is left out, because it is about what the reader may not read. */
  isReduced: z.boolean(),
})
export type AuditEventAnswer = z.output<typeof auditEvent>

const word = z.string().trim().min(1).max(255)

/** Each narrows; together they narrow further. */
export const auditFilter = z.strictObject({
  /** A user name, exactly. */
  actor: word.optional(),
  actorId: z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
  /** Such as `UPDATE`. */
  action: word.optional(),
  /** Of the payload, such as `PolicyActivated`. */
  type: word.optional(),
  targetType: word.optional(),
  /** `TYPE/id` of a target or of what is related, such as `DATASOURCE/5`. */
  target: word.regex(/^[A-Z_]+\/.+$/, 'must be `TYPE/id`, such as `DATASOURCE/5`').optional(),
  status: z.enum(['SUCCESS', 'FAILURE']).optional(),
  requestId: word.optional(),
  from: instantInput.optional(),
  /** Not this instant any more. */
  to: instantInput.optional(),
  /** Anywhere in the event, in any case. */
  text: word.optional(),
})
export type AuditFilter = z.output<typeof auditFilter>

export const auditKey = z.object({
  id,
  /** Ed25519, DER (SPKI) in base64. */
  publicKey: z.string(),
  createdAt: instant,
})

const checkpoint = z.object({
  position: id,
  batch: id,
  at: instant,
  keyId: id,
  /** What is signed, to the byte. */
  statement: z.string(),
  /** base64 */
  signature: z.string(),
})

export const audit = {
  list: endpoint({
    method: 'GET',
    path: '/audit',
    summary: 'Audit events, newest first; a page may hold fewer than the limit, or none, and `next` all the same',
    needs: rules.listAuditEvents,
    query: auditFilter.extend({
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor: z.string().max(500).optional(),
    }),
    status: 200,
    response: z.object({
      items: z.array(auditEvent),
      /** By `TYPE/id`, what things are called today that the events of this page name by id alone. */
      names: z.record(z.string(), z.string()),
      next: z.string().optional(),
    }),
    errors: [],
  }),
  stream: endpoint({
    method: 'GET',
    path: '/audit/stream',
    summary: 'All audit events that match, oldest first, one JSON object a line',
    needs: rules.listAuditEvents,
    query: auditFilter,
    gives: 'application/x-ndjson',
    status: 200,
    response: z.string(),
    errors: [],
  }),
  trail: endpoint({
    method: 'GET',
    path: '/audit/trail',
    summary: 'The whole chain with its events and checkpoints, for `headgate audit verify`',
    needs: ['AUDIT'],
    query: z.strictObject({ fromBatch: z.coerce.number().int().positive().default(1) }),
    gives: 'application/x-ndjson',
    status: 200,
    response: z.string(),
    errors: [],
  }),
  state: endpoint({
    method: 'GET',
    path: '/audit/state',
    summary: 'How far the trail is sealed, signed and pruned',
    needs: ['AUDIT', 'GOVERNANCE', 'APPLICATION_ADMIN'],
    status: 200,
    response: z.object({
      /** Of the last sealed event; 0: none is. */
      position: z.number().int(),
      batch: z.number().int(),
      /** Events that wait to be sealed, and since when. */
      waiting: z.number().int(),
      waitingSince: instant.optional(),
      lastCheckpoint: checkpoint.optional(),
      /** Events up to here are gone, their hashes not; 0: none is. */
      prunedThrough: z.number().int(),
    }),
    errors: [],
  }),
  keys: endpoint({
    method: 'GET',
    path: '/audit/keys',
    summary: 'The public keys that sign checkpoints, oldest first',
    needs: 'signedIn',
    status: 200,
    response: z.array(auditKey),
    errors: [],
  }),
  rotateKey: endpoint({
    method: 'POST',
    path: '/audit/keys',
    summary: 'Sign with a new key from now on; the one before signs it, and the chain holds both',
    needs: ['AUDIT', 'APPLICATION_ADMIN'],
    status: 201,
    response: auditKey,
    errors: ['not-ready'],
  }),
  get: endpoint({
    method: 'GET',
    path: '/audit/{id}',
    summary: 'One audit event',
    needs: rules.readAuditEvent,
    params: z.object({ id: z.uuid() }),
    status: 200,
    response: auditEvent,
    errors: ['audit-event-not-found'],
  }),
}
