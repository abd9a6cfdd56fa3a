/** Everybody's own inbox, and what they choose to be told. Nobody reads the inbox of somebody else. */
import { z } from 'zod'
import { id, idParam, instant, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { noticeFacts, noticeKindNames, noticeKinds, noticeSubjects } from './notifications.ts'

const kind = z.enum(noticeKindNames)
const unread = z.number().int()

const notification = z.object({
  id,
  kind,
  at: instant,
  title: z.string(),
  /** More, where there is more to say; lines. */
  text: z.string(),
  about: z.object({ type: z.enum(noticeSubjects), id: z.string() }),
  /** Where in the web app it leads to. */
  path: z.string(),
  facts: noticeFacts,
  readAt: instant.optional(),
})
export type Notification = z.output<typeof notification>

const preference = z.object({
  kind,
  /** When it is sent. */
  when: z.string(),
  inbox: z.boolean(),
  email: z.boolean(),
  /** Stays in the inbox. */
  isMandatory: z.boolean(),
})
export type NotificationPreference = z.output<typeof preference>

const mandatory = Object.entries(noticeKinds).flatMap(([name, of]) => ('isMandatory' in of ? [name] : []))
const chosen = z
  .array(z.strictObject({ kind, inbox: z.boolean(), email: z.boolean() }))
  .max(noticeKindNames.length)
  .superRefine((choices, context) => {
    const seen = new Set<string>()
    for (const [at, choice] of choices.entries()) {
      if (seen.has(choice.kind)) context.addIssue({ code: 'custom', path: [at, 'kind'], message: 'is there twice' })
      if (!choice.inbox && mandatory.includes(choice.kind)) {
        context.addIssue({ code: 'custom', path: [at, 'inbox'], message: 'cannot be switched off for this kind' })
      }
      seen.add(choice.kind)
    }
  })

const params = z.object({ id: idParam })
const needs = 'signedIn'

export const notifications = {
  list: endpoint({
    method: 'GET',
    path: '/notifications',
    summary: 'My inbox, newest first',
    needs,
    query: pageQuery.omit({ search: true }).extend({ unread: z.stringbool().optional() }),
    status: 200,
    response: page(notification).extend({ unread }),
    errors: [],
  }),
  unread: endpoint({
    method: 'GET',
    path: '/notifications/unread',
    summary: 'How many of my notifications I have not read',
    needs,
    status: 200,
    response: z.object({ unread }),
    errors: [],
  }),
  events: endpoint({
    method: 'GET',
    path: '/notifications/events',
    summary: 'How many I have not read, whenever it changes: server-sent events',
    needs,
    streams: true,
    status: 200,
    response: z.object({ event: z.literal('unread'), unread }),
    errors: [],
  }),
  read: endpoint({
    method: 'PUT',
    path: '/notifications/{id}/read',
    summary: 'Mark one as read',
    needs,
    params,
    status: 204,
    response: nothing,
    errors: ['notification-not-found'],
  }),
  unreadAgain: endpoint({
    method: 'DELETE',
    path: '/notifications/{id}/read',
    summary: 'Mark one as not read',
    needs,
    params,
    status: 204,
    response: nothing,
    errors: ['notification-not-found'],
  }),
  readAll: endpoint({
    method: 'POST',
    path: '/notifications/read-all',
    summary: 'Mark all as read, up to the newest that was seen',
    needs,
    body: z.strictObject({ upTo: idParam }),
    status: 200,
    response: z.object({ read: z.number().int() }),
    errors: [],
  }),
  preferences: endpoint({
    method: 'GET',
    path: '/notifications/preferences',
    summary: 'What I am told, and how',
    needs,
    status: 200,
    response: z.object({ items: z.array(preference) }),
    errors: [],
  }),
  choose: endpoint({
    method: 'PUT',
    path: '/notifications/preferences',
    summary: 'Choose what I am told, and how; kinds that are not named get their default',
    needs,
    body: z.strictObject({ items: chosen }),
    status: 200,
    response: z.object({ items: z.array(preference) }),
    errors: [],
  }),
}
