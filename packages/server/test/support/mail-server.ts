/** Somebody's mail server on 127.0.0.1: keeps what it gets, and answers as it is told. Its certificate is for tests alone. */
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** Of `localhost`, signed by itself, for a hundred years. */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUNoGhvQmFwnONbEyLOvI2bDajjuowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMzAyMTkzMFoYDzIxMjYxMDMw
MDIxOTMwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARh/Lseq3VdCMJj47UN0dyZh9rCsgflKha1Yb01ix74HsdOq3Otlui7
EYNZydu0VN4arOjy6PKLvFm/iu0pNFsqo28wbTAdBgNVHQ4EFgQU8hDEiPmG/N7F
8Gdqay8NHCZZIx8wHwYDVR0jBBgwFoAU8hDEiPmG/N7F8Gdqay8NHCZZIx8wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIge4Me+C72EvENYK6gXrwOZW/O25mLDBFCFSO475P7d3UCIE0k
UZ1UXc0L3g1fh+34T5ENW88XQ3ZQBENLiyhzv4fz
-----END CERTIFICATE-----
`
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgH7Xb6Qm3yqm75pBp
b4iPFrUoiZdky4dh/PvpwPA7TZGhRANCAARh/Lseq3VdCMJj47UN0dyZh9rCsgfl
Kha1Yb01ix74HsdOq3Otlui7EYNZydu0VN4arOjy6PKLvFm/iu0pNFsq
-----END PRIVATE KEY-----
`

export interface MailServer {
  readonly port: number
  /** Mails as they came. */
  readonly received: { readonly to: string; readonly text: string; readonly isSecure: boolean; readonly user: string }[]
  /** What the server says to a recipient or to a mail; default: takes it. */
  refuse: { recipient?: (to: string) => Refused | undefined; mail?: () => Refused | undefined }
  /** How often somebody connected. */
  readonly connections: () => number
  until(count: number): Promise<void>
  close(): Promise<void>
}

export interface Refused {
  readonly code: number
  readonly text: string
}

export const login = { username: 'headgate', password: 'the secret of mails' } as const

export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const received: MailServer['received'] = []
  let news = Promise.withResolvers<void>()
  let connections = 0
  const refused = (given: Refused | undefined) =>
    given ? Object.assign(new Error(given.text), { responseCode: given.code }) : null
  const server = new SMTPServer({
    cert: certificate,
    key,
    ...options,
    logger: false,
    onConnect(_session, done) {
      connections += 1
      done()
    },
    onAuth({ username, password }, _session, done) {
      if (username === login.username && password === login.password) done(null, { user: username })
      else done(new Error(`535 no ${password}`))
    },
    onRcptTo({ address }, _session, done) {
      done(refused(mail.refuse.recipient?.(address)))
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('end', () => {
        const problem = refused(mail.refuse.mail?.())
        if (!problem) {
          received.push({
            to: session.envelope.rcptTo.map(({ address }) => address).join(),
            text: Buffer.concat(chunks).toString('utf8'),
            isSecure: session.secure === true,
            user: String(session.user ?? ''),
          })
        }
        done(problem)
        news.resolve()
        news = Promise.withResolvers()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const mail: MailServer = {
    port: (server.server.address() as AddressInfo).port,
    received,
    refuse: {},
    connections: () => connections,
    async until(count) {
      while (received.length < count) await news.promise
    },
    close: () => new Promise(resolve => server.close(() => resolve())),
  }
  return mail
}
