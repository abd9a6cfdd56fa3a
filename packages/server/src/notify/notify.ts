/**
 * Telling people: what is said is stored with the change that it tells of, or not at all. Inbox, e-mail and webhooks
 * all come from it; sending comes later, and never keeps anybody waiting.
 *
 * Who is told is settled now: those who are named, who hold a permission, who own a data source, who have a right in a
 * domain. Nobody is told twice, and nobody who is disabled or deleted at all.
 */
import type { FactsOf, NoticeKind, NoticeSubject } from '@headgate/core/api'
import type { Act } from '../db/act.ts'
import { insertNotices, type Recipients } from '../db/notice.ts'

export interface Notice<Kind extends NoticeKind> {
  readonly kind: Kind
  /** All of these, each once. Nobody: webhooks are told all the same. */
  readonly to: Recipients
  /** Where a link leads to. */
  readonly about: { readonly type: NoticeSubject; readonly id: string | number }
  /** Never a secret. */
  readonly facts: FactsOf<Kind>
  /** Of one kind, what has the same mark is told once, whoever says it again: `run 7`, say. */
  readonly once?: string
}

/**
 * @example await notify(doing, { kind: 'request.approved', to: { people: [5] }, about: { type: 'request', id: 7 },
 *   facts: { of: { id: 'c1', name: 'Sales' }, for: { id: 5, name: 'Ann' } } })
 */
export async function notify<Kind extends NoticeKind>(doing: Act, notice: Notice<Kind>): Promise<void> {
  await notifyEach(doing, notice.kind, [notice])
}

/** Many of one kind, to each what is theirs: as fast as one to many. */
export async function notifyEach<Kind extends NoticeKind>(
  { tx }: Act,
  kind: Kind,
  notices: readonly Omit<Notice<Kind>, 'kind'>[],
): Promise<void> {
  if (notices.length === 0) return
  const rows = notices.map(({ to, about, facts, once }) => {
    return { to, about: { type: about.type, id: String(about.id) }, facts, mark: once }
  })
  await insertNotices(tx, kind, rows)
}
