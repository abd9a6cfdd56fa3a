/** `/notifications`: everybody's own inbox, and what they choose to be told. */
import {
  api,
  type Notification,
  type NotificationPreference,
  noticeKindNames,
  noticeKinds,
  Problem,
} from '@headgate/core/api'
import {
  type Choice,
  countUnread,
  type InboxRow,
  listInbox,
  markAllRead,
  markRead,
  readChoices,
  replaceChoices,
} from '../db/inbox.ts'
import { createInboxWatch } from '../notify/inbox-watch.ts'
import { wordsOf } from '../notify/words.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function notificationRoutes(serve: Serve, { db }: World): void {
  const watch = createInboxWatch(db)

  serve(api.notifications.list, async ({ query, caller }) => {
    const page = await db.snapshot(tx => listInbox(tx, caller.id, query))
    return { body: { ...page, items: page.items.map(row => present(row, caller.id)) } }
  })
  serve(api.notifications.unread, async ({ caller }) => ({ body: { unread: await countUnread(db.kysely, caller.id) } }))
  serve(api.notifications.events, async ({ caller }) => ({
    stream: (send, signal) => watch.tell(caller.id, unread => send({ event: 'unread', unread }), signal),
  }))

  const mark = async (person: number, id: number, isRead: boolean) => {
    if (!(await markRead(db.kysely, person, id, isRead))) throw new Problem('notification-not-found', { id })
    return { body: undefined }
  }
  serve(api.notifications.read, async ({ params, caller }) => mark(caller.id, params.id, true))
  serve(api.notifications.unreadAgain, async ({ params, caller }) => mark(caller.id, params.id, false))
  serve(api.notifications.readAll, async ({ body, caller }) => ({
    body: { read: await markAllRead(db.kysely, caller.id, body.upTo) },
  }))

  const preferences = async (person: number) => ({
    body: { items: withDefaults(await readChoices(db.kysely, person)) },
  })
  serve(api.notifications.preferences, async ({ caller }) => preferences(caller.id))
  serve(api.notifications.choose, async ({ body, caller }) => {
    await replaceChoices(db.kysely, caller.id, body.items)
    return preferences(caller.id)
  })
}

function present(row: InboxRow, reader: number): Notification {
  const { title, lines, path } = wordsOf(row, reader)
  return {
    id: row.id,
    kind: row.kind,
    at: new Date(row.at).toISOString(),
    title,
    text: lines.join('\n'),
    about: { type: row.about_type, id: row.about_id },
    path,
    facts: row.facts,
    ...(row.read_at === null ? {} : { readAt: new Date(row.read_at).toISOString() }),
  }
}

function withDefaults(choices: readonly Choice[]): NotificationPreference[] {
  const byKind = new Map(choices.map(choice => [choice.kind, choice]))
  return noticeKindNames.map(kind => {
    const { when, email, ...rest } = noticeKinds[kind]
    const isMandatory = 'isMandatory' in rest
    const choice = byKind.get(kind)
    return { kind, when, isMandatory, inbox: isMandatory || (choice?.inbox ?? true), email: choice?.email ?? email }
  })
}
