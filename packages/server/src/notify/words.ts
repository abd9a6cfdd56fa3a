/**
 * What a notification says: the one place where kind and facts become words, for the inbox, e-mails and webhooks alike.
 * Plain text on one line each: whoever shows it as HTML escapes it.
 */
import type { NoticeFacts, NoticeKind, NoticeSubject } from '@headgate/core/api'

export interface Notice {
  readonly kind: NoticeKind
  readonly about_type: NoticeSubject
  readonly about_id: string
  readonly facts: NoticeFacts
}

export interface Words {
  /** One line. */
  readonly title: string
  /** More of it, one line each; may be none. */
  readonly lines: readonly string[]
  /** Where in the web app it leads to. */
  readonly path: string
}

/**
 * @param reader whose eyes it is for: says "you" of them
 * @example wordsOf({ kind: 'product.published', about_type: 'dataProduct', about_id: 'c1',
 *   facts: { of: { id: 'c1', name: 'Sales' } } }).title // "Sales was published"
 */
export function wordsOf({ kind, about_type: type, about_id: id, facts }: Notice, reader?: number): Words {
  const lines = [
    facts.reason === undefined ? '' : `Reason: ${oneLine(facts.reason)}`,
    facts.problem === undefined ? '' : oneLine(facts.problem),
    facts.until !== undefined && kind !== 'membership.expiring' ? `Until ${minuteOf(facts.until)}` : '',
  ].filter(line => line !== '')
  // Of several requests, to all of them.
  const path = kind === 'request.reminder' && facts.count !== 1 ? '/requests' : pathOf[type](encodeURIComponent(id))
  return { title: titles[kind](said(facts, reader)), lines, path }
}

interface Said {
  readonly of: string
  readonly by: string
  /** "Ann", or "you". */
  readonly who: string
  /** "Ann's", or "your". */
  readonly whose: string
  readonly access: string
  readonly count: number
  readonly until: string
}

const titles: Readonly<Record<NoticeKind, (said: Said) => string>> = {
  'request.created': ({ by, who, access, of }) =>
    by === who ? `${by} asks for ${access} to ${of}` : `${by} asks for ${access} to ${of} for ${who}`,
  'request.commented': ({ by, whose, of }) => `${by} commented on ${whose} request for ${of}`,
  'request.approved': ({ whose, of }) => `${capital(whose)} request for ${of} was approved`,
  'request.denied': ({ whose, of }) => `${capital(whose)} request for ${of} was denied`,
  'request.canceled': ({ whose, of, by }) => `${by} withdrew ${whose} request for ${of}`,
  'request.expired': ({ whose, of }) => `Nobody decided on ${whose} request for ${of} in time`,
  'request.reminder': ({ count }) => `${counted(count, 'request')} ${count === 1 ? 'waits' : 'wait'} for your decision`,
  'request.stuck': ({ whose, of }) => `Nobody is left who may decide on ${whose} request for ${of}`,
  'membership.revoked': ({ whose, of }) => `${capital(whose)} access to ${of} was taken back`,
  'membership.expiring': ({ whose, of, until }) => `${capital(whose)} access to ${of} ends on ${until}`,
  'membership.expired': ({ whose, of }) => `${capital(whose)} access to ${of} ended`,
  'product.published': ({ of }) => `${of} was published`,
  'product.changed': ({ of }) => `${of} changed`,
  'product.suspended': ({ of }) => `${of} takes no requests for now`,
  'product.retired': ({ of }) => `${of} is retired: who has access keeps it until it ends`,
  'provisioning.failed': ({ of, count }) => `${counted(count, 'grant')} of ${of} could not be brought about in AWS`,
  'brake.held': ({ of, count }) => `The brake holds back ${counted(count, 'revocation')} in ${of}`,
  'export.failed': ({ of }) => `The export to ${of} failed`,
  'audit.failed': () => 'The audit trail was found wanting',
  'webhook.disabled': ({ of }) => `Webhook ${of} was disabled`,
}

const pathOf: { readonly [Subject in NoticeSubject]: (id: string) => string } = {
  request: id => `/requests/${id}`,
  dataProduct: id => `/marketplace/${id}`,
  exportTarget: () => '/exports',
  audit: () => '/audit',
  dataSource: id => `/data-sources/${id}`,
  integration: id => `/integrations/${id}`,
  run: id => `/runs/${id}`,
  webhook: id => `/webhooks/${id}`,
}

function said({ of, by, for: who, level, count = 0, until }: NoticeFacts, reader: number | undefined): Said {
  const isReader = who !== undefined && who.id === reader
  return {
    of: oneLine(of?.name ?? 'something'),
    by: oneLine(by?.name ?? 'Headgate'),
    who: isReader ? 'you' : oneLine(who?.name ?? 'somebody'),
    whose: isReader ? 'your' : `${oneLine(who?.name ?? 'somebody')}’s`,
    access: level === undefined ? 'access' : level === 'WRITE' ? 'write access' : 'read access',
    count,
    until: until === undefined ? 'its day' : minuteOf(until),
  }
}

function counted(count: number, one: string): string {
  return `${count.toLocaleString('en')} ${one}${count === 1 ? '' : 's'}`
}

function minuteOf(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Whatever people wrote, it makes no second line, and turns no text around. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim()
}
