/**
 * What people and other systems are told, and about what: a fixed list of kinds, each with the facts that it must carry.
 * Texts are made from kind and facts, in one place of the server; nothing secret is ever a fact.
 */
import { z } from 'zod'
import { level } from './common.ts'

const named = z.object({ id: z.union([z.number(), z.string()]), name: z.string() })

/** What a notification may say; which of it a kind must say is in `noticeKinds`. Bounded where it is stored, not here. */
export const noticeFacts = z.object({
  /** What it is about: the data product, data source, integration or export. */
  of: named.optional(),
  /** Who did it. */
  by: named.optional(),
  /** Whose access it is about. */
  for: named.optional(),
  level: level.optional(),
  /** When the access ends. */
  until: z.string().optional(),
  /** What somebody wrote, word for word; webhooks never carry it. */
  reason: z.string().optional(),
  /** How many of them. */
  count: z.number().int().optional(),
  /** What went wrong and what to do, without secrets. */
  problem: z.string().optional(),
})
export type NoticeFacts = z.output<typeof noticeFacts>

interface KindOfNotice {
  /** When it is sent, for whoever chooses. */
  readonly when: string
  readonly facts: readonly (keyof NoticeFacts)[]
  /** Whether it goes out by e-mail to whoever chose nothing; the inbox has everything. */
  readonly email: boolean
  /** It stays in the inbox whatever somebody chose. */
  readonly isMandatory?: true
}

export const noticeKinds = {
  'request.created': { when: 'somebody asks for access and you may decide', facts: ['of', 'by', 'for'], email: true },
  'request.commented': { when: 'somebody comments on a request of yours', facts: ['of', 'by', 'for'], email: true },
  'request.approved': { when: 'a request of yours was approved', facts: ['of', 'for'], email: true },
  'request.denied': { when: 'a request of yours was denied', facts: ['of', 'for'], email: true },
  'request.canceled': { when: 'a request was withdrawn', facts: ['of', 'by', 'for'], email: false },
  'request.expired': { when: 'nobody decided on a request in time', facts: ['of', 'for'], email: true },
  'request.reminder': { when: 'requests wait for your decision', facts: ['count'], email: true },
  'request.stuck': {
    when: 'nobody is left who may decide on a request',
    facts: ['of', 'for'],
    email: true,
    isMandatory: true,
  },
  'membership.revoked': { when: 'access of yours was taken back', facts: ['of', 'for'], email: true },
  'membership.expiring': { when: 'access of yours ends soon', facts: ['of', 'for', 'until'], email: true },
  'membership.expired': { when: 'access of yours ended', facts: ['of', 'for'], email: true },
  'product.published': { when: 'a data product was published', facts: ['of'], email: false },
  'product.changed': { when: 'a data product of yours changed', facts: ['of'], email: false },
  'product.suspended': { when: 'a data product of yours takes no requests for now', facts: ['of'], email: false },
  'product.retired': { when: 'a data product of yours is retired', facts: ['of'], email: true },
  'provisioning.failed': { when: 'AWS keeps refusing grants', facts: ['of', 'count', 'problem'], email: true },
  'brake.held': {
    when: 'the brake holds back a run that would take access from many',
    facts: ['of', 'count'],
    email: true,
    isMandatory: true,
  },
  'export.failed': { when: 'an export failed', facts: ['of', 'problem'], email: true },
  'audit.failed': {
    when: 'the audit trail was found wanting',
    facts: ['problem'],
    email: true,
    isMandatory: true,
  },
  'webhook.disabled': {
    when: 'a webhook was disabled, for its receiver takes nothing any more',
    facts: ['of', 'problem'],
    email: true,
  },
} as const satisfies Record<string, KindOfNotice>

export type NoticeKind = keyof typeof noticeKinds
export const noticeKindNames = Object.keys(noticeKinds) as [NoticeKind, ...NoticeKind[]]

type Must<Kind extends NoticeKind> = (typeof noticeKinds)[Kind]['facts'][number]
type Present<Facts> = { readonly [Name in keyof Facts]: Exclude<Facts[Name], undefined> }
/** The facts of one kind: those it must carry, and others where they are known. */
export type FactsOf<Kind extends NoticeKind> = Readonly<NoticeFacts> & Present<Required<Pick<NoticeFacts, Must<Kind>>>>

export const noticeSubjects = [
  'request',
  'dataProduct',
  'dataSource',
  'integration',
  'run',
  'exportTarget',
  'audit',
  'webhook',
] as const
export type NoticeSubject = (typeof noticeSubjects)[number]

export const emailSecurities = ['tls', 'starttls', 'none'] as const
export type EmailSecurity = (typeof emailSecurities)[number]
export const webhookStates = ['active', 'paused', 'disabled'] as const
export type WebhookState = (typeof webhookStates)[number]
export const deliveryStates = ['due', 'delivered', 'failed'] as const
export type DeliveryState = (typeof deliveryStates)[number]
