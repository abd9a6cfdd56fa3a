/**
 * One mail server: connections to it go through the guard of outgoing calls, whatever its name comes to mean, and are
 * encrypted unless it lies in a private range that is allowed. Neither user name nor password is part of an error.
 */
import type { Socket } from 'node:net'
import tls from 'node:tls'
import { createTransport } from 'nodemailer'
import type { EmailRow } from '../db/email-settings.ts'
import { OutboundError, outboundSocket } from '../outbound.ts'
import type { World } from '../world.ts'
import type { MailText } from './mail-text.ts'

/** The row that the password is sealed for. */
export const passwordContext = 'email-settings/password'

export interface Letter extends MailText {
  readonly to: string
  readonly messageId: string
  readonly at: number
}

export interface Smtp {
  /** What the server answered. Throws SmtpError. */
  send(letter: Letter): Promise<string>
  close(): void
}

/** `server`: no mail would get through now. `now`: this one not now. `never`: this one never will. */
export type Refusal = 'server' | 'now' | 'never'

export class SmtpError extends Error {
  override readonly name = 'SmtpError'
  readonly refusal: Refusal
  constructor(message: string, refusal: Refusal, cause: unknown) {
    super(message, { cause })
    this.refusal = refusal
  }
}

const patienceMs = 15_000

/** @param settings with `host` and `sender` */
export function openSmtp({ config, vault }: Pick<World, 'config' | 'vault'>, settings: EmailRow): Smtp {
  const { host, port, security, username, password: sealed, sender, ca_certificate: ca } = settings
  if (host === null || sender === null) throw new Error('a mail server without host or sender is not enabled')
  const password = sealed && vault.open(sealed, passwordContext)
  const transport = createTransport({
    pool: true,
    maxConnections: 1,
    // A connection may have been closed since it was last used.
    maxRequeues: 1,
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(username !== null && password !== null ? { auth: { user: username, pass: password } } : {}),
    tls: { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca: [...tls.getCACertificates('default'), ca] }) },
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
    // Nothing of a mail is read from a file or an address.
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket(_: unknown, connected: (error: Error | null, to?: { connection: Socket } | false) => void) {
      outboundSocket({ host, port, isPlain: security === 'none' }, config, patienceMs).then(
        connection => connected(null, { connection }),
        error => connected(error as Error, false),
      )
    },
  })
  return {
    async send({ to, messageId, at, subject, text, html }) {
      if (!isAddress(to)) throw new SmtpError(`\`${to}\` is no e-mail address`, 'never', undefined)
      try {
        const sent = await transport.sendMail({
          from: { name: 'Headgate', address: sender },
          to: { name: '', address: to },
          envelope: { from: sender, to: [to] },
          messageId,
          date: new Date(at),
          subject,
          text,
          html,
          // Out-of-office answers would go nowhere.
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        })
        return sent.response
      } catch (error) {
        throw told(error, [username, password])
      }
    },
    close: () => transport.close(),
  }
}

interface Failed {
  readonly code?: string
  readonly command?: string
  readonly responseCode?: number
  readonly message: string
}

function told(error: unknown, secrets: readonly (string | null)[]): SmtpError {
  if (error instanceof OutboundError) return new SmtpError(error.message, 'server', error)
  const { code = '', command = '', responseCode = 0, message } = error as Failed
  const isAboutMail = code === 'EENVELOPE' || code === 'EMESSAGE'
  // A sender that is refused is refused to everybody.
  const refusal = !isAboutMail || command === 'MAIL FROM' ? 'server' : responseCode >= 500 ? 'never' : 'now'
  return new SmtpError(without(message, secrets).slice(0, 1_000), refusal, error)
}

/** Some servers repeat what they were sent. */
function without(text: string, secrets: readonly (string | null)[]): string {
  const written = secrets.flatMap(secret => (secret === null ? [] : [secret, Buffer.from(secret).toString('base64')]))
  const plain = `\0${secrets[0] ?? ''}\0${secrets[1] ?? ''}`
  const all = [...written, Buffer.from(plain).toString('base64')].filter(secret => secret.length > 3)
  return all.reduce((left, secret) => left.replaceAll(secret, '***'), text).replaceAll(/\p{Cc}+/gu, ' ')
}

/** One address and no more: neither a list nor a header. */
function isAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@<>(),;:"[\]\\\p{C}]+@[^\s@<>(),;:"\\\p{C}]+$/u.test(text)
}
