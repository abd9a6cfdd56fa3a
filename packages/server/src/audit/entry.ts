/** What an event is found by: read from its text when it is sealed, and again by whoever verifies. Pure. */

export interface Entry {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly action: string
  readonly status: string
  readonly type: string
  readonly targetType: string
  readonly actorId: number | null
  readonly actor: string
  readonly requestId: string | null
  /** `TYPE/id` of each target and related resource, each once. */
  readonly about: readonly string[]
}

/** An event as its text has it (07); what readers leave out for want of rights is optional. */
export interface AuditEvent {
  readonly id: string
  readonly eventTimestamp: string
  readonly receivedTimestamp: string
  readonly action: string
  readonly actionStatus: 'SUCCESS' | 'FAILURE'
  readonly targetType: string
  readonly targets: readonly Resource[]
  readonly relatedResources: readonly Resource[]
  readonly actor: {
    readonly type: string
    readonly id: number | null
    readonly name: string
    readonly identityProvider: string | null
  }
  readonly actorIp: string | null
  readonly requestId: string | null
  readonly sessionId: string | null
  readonly tenantId: string
  readonly auditPayload: { readonly type: string } & Readonly<Record<string, unknown>>
}

interface Resource {
  readonly type: string
  readonly id: string
  readonly name?: string
}

export function entryOf(event: AuditEvent): Entry {
  const about = new Set([...event.targets, ...event.relatedResources].map(keyOf))
  return {
    at: Date.parse(event.eventTimestamp),
    action: event.action,
    status: event.actionStatus,
    type: event.auditPayload.type,
    targetType: event.targetType,
    actorId: event.actor.id,
    actor: event.actor.name,
    requestId: event.requestId,
    about: [...about],
  }
}

export function keyOf({ type, id }: Pick<Resource, 'type' | 'id'>): string {
  return `${type}/${id}`
}
