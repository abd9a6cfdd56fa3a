/** What a mail says, as text and as HTML of the same words. Everything that people wrote is escaped. */
import type { NoticeRow } from '../db/inbox.ts'
import { wordsOf } from './words.ts'

export interface MailText {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** More than these are counted only. */
const mostTold = 50

/** @param publicUrl null: no links */
export function mailOf(notices: readonly NoticeRow[], reader: number, publicUrl: string | null): MailText {
  const told = notices.slice(0, mostTold).map(notice => wordsOf(notice, reader))
  const [only] = told
  const subject = notices.length === 1 && only ? only.title : `${notices.length} notifications`
  const more = notices.length - told.length
  const parts = told.map(({ title, lines, path }): Part => ({ title, lines, link: linkTo(publicUrl, path) }))
  if (more > 0) parts.push({ title: `And ${more} more, in your inbox`, lines: [], link: linkTo(publicUrl, '/inbox') })
  return textOf(subject, parts, linkTo(publicUrl, '/inbox'))
}

/** To oneself, to see whether mails arrive. */
export function testMail(publicUrl: string | null): MailText {
  const lines = ['Whoever reads this knows that Headgate can send e-mail.']
  return textOf('Test', [{ title: 'This is a test', lines, link: undefined }], linkTo(publicUrl, '/inbox'))
}

interface Part {
  readonly title: string
  readonly lines: readonly string[]
  readonly link: string | undefined
}

function textOf(subject: string, parts: readonly Part[], inbox: string | undefined): MailText {
  const why = 'Headgate sent this. What you are told, and how, is for you to choose in your inbox.'
  const text = [
    ...parts.map(({ title, lines, link }) => [title, ...lines, ...(link ? [link] : [])].join('\n')),
    `-- \n${inbox ? `${why}\n${inbox}` : why}`,
  ].join('\n\n')
  const html = [
    '<!doctype html><html lang="en"><body style="font-family:sans-serif;max-width:40rem">',
    ...parts.map(htmlOf),
    `<p style="color:#555"><small>${inbox ? `${escaped(why)} ${anchor(inbox, 'Inbox')}` : escaped(why)}</small></p>`,
    '</body></html>',
  ].join('\n')
  return { subject: `Headgate: ${subject}`, text: `${text}\n`, html }
}

function htmlOf({ title, lines, link }: Part): string {
  const head = link ? anchor(link, title) : escaped(title)
  return `<p>${[`<strong>${head}</strong>`, ...lines.map(escaped)].join('<br>\n')}</p>`
}

function anchor(link: string, text: string): string {
  return `<a href="${escaped(link)}">${escaped(text)}</a>`
}

function linkTo(publicUrl: string | null, path: string): string | undefined {
  return publicUrl === null ? undefined : `${publicUrl}/app${path}`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => entities[character] ?? '')
}
