/** E-mail against a real mail server: what is sent, how safely, and what comes of refusals. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ApiError, api, type WantedEmailSettings } from '@headgate/core/api'
import { sql } from 'kysely'
import type { SMTPServerOptions } from 'smtp-server'
import { act, system } from '../src/db/act.ts'
import { takeMails } from '../src/db/mail.ts'
import { openDatabase } from '../src/db/open.ts'
import { rewrapPassword } from '../src/notify/email.ts'
import { startMails } from '../src/notify/mail.ts'
import { notify } from '../src/notify/notify.ts'
import { createVault } from '../src/secrets.ts'
import { certificate, login, type MailServer, startMailServer } from './support/mail-server.ts'
import { type TestServer, testKey, testServer } from './support/server.ts'

describe('e-mail', () => {
  let server: TestServer
  let people = 0
  before(async () => {
    server = await testServer({ environment: { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8,::1' } })
    await sql`update settings set public_url = 'https://headgate.example.com'`.execute(server.db.kysely)
    await sql`update person set email = 'admin@example.com'`.execute(server.db.kysely)
  })
  after(() => server.close())
  afterEach(() => sql`delete from mail_item; delete from mail`.execute(server.db.kysely))

  async function person(email?: string) {
    const made = await server.as()
    people += 1
    const address = email ?? `person-${people}@example.com`
    await sql`update person set email = ${address} where id = ${made.id}`.execute(server.db.kysely)
    return { ...made, address }
  }

  async function set(given: Partial<WantedEmailSettings>) {
    const response = await server.admin.send('/settings/e-mail')
    const version = response.headers.get('etag')?.replaceAll('"', '') ?? ''
    const body = {
      ...{ enabled: true, host: 'localhost', port: 25, security: 'starttls' as const, sender: 'headgate@example.com' },
      ...{ username: null, caCertificate: certificate, mostPerMinute: 1_000, ...given },
    }
    return server.admin.emailSettings.replace({ ifMatch: version, body })
  }

  async function mailServer(t: TestContext, options: SMTPServerOptions = {}, given: Partial<WantedEmailSettings> = {}) {
    const mail = await startMailServer({ authOptional: true, ...options })
    t.after(() => mail.close())
    await set({ port: mail.port, ...given })
    return mail
  }

  function sending(t: TestContext) {
    const mails = startMails(server.world, { turnMs: 10 })
    t.after(() => mails.stop())
    return mails
  }

  async function tell(to: readonly number[], name = 'Sales', count = 1): Promise<void> {
    await act(server.db, system, async doing => {
      for (let at = 0; at < count; at++) {
        const facts = {
          of: { id: 'c1', name },
          for: { id: to[0] ?? 0, name: 'Ann' },
          reason: 'no <b>need</b>\nany more',
        }
        await notify(doing, { kind: 'membership.revoked', to: { people: to }, about: { type: 'run', id: 7 }, facts })
      }
    })
  }

  async function eventually<T>(look: () => Promise<T>, isSo: (found: T) => boolean): Promise<T> {
    for (;;) {
      const found = await look()
      if (isSo(found)) return found
      await sleep(10)
    }
  }

  const stored = () =>
    server.db.kysely.selectFrom('mail').select(['state', 'attempts', 'problem', 'message_id']).orderBy('id').execute()
  const dueNow = () => sql`update mail set next_try_at = now() where state = 'due'`.execute(server.db.kysely)
  const header = (mail: MailServer['received'][number] | undefined, name: string) =>
    mail?.text.match(new RegExp(`^${name}: (.*)$`, 'm'))?.[1]?.trim()

  test('STARTTLS and TLS from the start both carry the password, which no answer holds', async t => {
    const ways: [WantedEmailSettings['security'], SMTPServerOptions][] = [
      ['starttls', { authOptional: false }],
      ['tls', { authOptional: false, secure: true }],
    ]
    for (const [security, options] of ways) {
      const mail = await mailServer(t, options, { security, ...login })
      const answer = await server.admin.emailSettings.test()
      assert.equal(answer.to, 'admin@example.com')
      const [got] = mail.received
      assert.deepEqual([got?.to, got?.isSecure, got?.user], ['admin@example.com', true, login.username])
      assert.equal(header(got, 'Message-ID'), answer.messageId)
    }
    const { rows } = await sql<{ text: string }>`select row_to_json(email_settings)::text || (
      select string_agg(event, '') from audit_event) as text from email_settings`.execute(server.db.kysely)
    assert.ok(!`${rows[0]?.text}${JSON.stringify(await server.admin.emailSettings.get())}`.includes(login.password))
  })

  test('a password goes nowhere but where it was set for', async t => {
    const mail = await mailServer(t, {}, login)
    const others = [{ host: '127.0.0.1' }, { username: 'somebody' }, { security: 'none' as const }, { port: 26 }]
    for (const other of others) {
      const given = { port: mail.port, username: login.username, ...other }
      await assert.rejects(
        set(given),
        (error: ApiError) => error.code === 'email-password-missing',
        JSON.stringify(other),
      )
    }
    assert.ok((await set({ port: mail.port, username: login.username, mostPerMinute: 5 })).hasPassword)
    const newer = Buffer.alloc(32, 9)
    for (const keys of [
      [newer, testKey],
      [testKey, newer],
    ] as const) {
      assert.equal(
        await rewrapPassword({ db: server.db, vault: createVault([...keys]) }, error => assert.fail(String(error))),
        1,
      )
    }
    await server.admin.emailSettings.test()
    assert.equal(mail.received[0]?.user, login.username)
  })

  test('what goes wrong with a test is told plainly, without the password', async t => {
    const failing = async (reason: RegExp) => {
      const error = await server.admin.emailSettings.test().then(
        () => assert.fail(),
        (found: ApiError) => found,
      )
      assert.equal(error.code, 'email-refused')
      assert.match(error.message, reason)
      assert.ok(!error.message.includes('the wrong secret'))
    }
    await mailServer(t, { authOptional: false }, { username: login.username, password: 'the wrong secret' })
    await failing(/535/)
    await mailServer(t, { disabledCommands: ['STARTTLS'] })
    await failing(/STARTTLS/)
    await mailServer(t, {}, { caCertificate: null })
    await failing(/certificate/)
    const { port, close } = await startMailServer()
    await close()
    await set({ port })
    await failing(/could not be reached: ECONNREFUSED/)
    await assert.rejects(set({ host: '10.0.0.1' }), (error: ApiError) => error.code === 'address-refused')
    await assert.rejects(
      set({ host: '8.8.8.8', security: 'none' }),
      (error: ApiError) => error.code === 'address-refused',
    )
  })

  test('a mail says what happened in text and HTML, whatever people wrote, and to one address', async t => {
    const mail = await mailServer(t)
    sending(t)
    const ann = await person()
    await tell([ann.id], 'Sales\r\nBcc: everybody@example.com <script>')
    await mail.until(1)
    const [got] = mail.received
    assert.equal(got?.to, ann.address)
    assert.equal(header(got, 'Auto-Submitted'), 'auto-generated')
    const text = (got?.text ?? '').replaceAll('=\r\n', '').replaceAll('=3D', '=')
    assert.match(text, /^Subject: Headgate: Your access to Sales Bcc: everybody@example\.com/m)
    assert.doesNotMatch(text, /^Bcc:/m)
    assert.match(text, /Reason: no <b>need<\/b> any more/)
    assert.match(text, /no &lt;b&gt;need&lt;\/b&gt; any more/)
    assert.match(text, /https:\/\/headgate\.example\.com\/app\/runs\/7/)
    const bad = await person('eve@example.com, all@example.com')
    await tell([bad.id])
    const [, refused] = await eventually(stored, ([, second]) => second?.state === 'failed')
    assert.match(refused?.problem ?? '', /is no e-mail address/)
    assert.equal(mail.received.length, 1)
  })

  test('hundreds at once become one mail, and what comes within the minute the next', async t => {
    const mail = await mailServer(t)
    const ann = await person()
    await tell([ann.id], 'Sales', 300)
    sending(t)
    await mail.until(1)
    assert.equal(header(mail.received[0], 'Subject'), 'Headgate: 300 notifications')
    await tell([ann.id], 'Sales', 2)
    const bob = await person()
    await tell([bob.id])
    await mail.until(2)
    assert.equal(mail.received[1]?.to, bob.address, 'Ann has had hers')
    await sql`update mail set created_at = now() - interval '61 seconds'`.execute(server.db.kysely)
    await mail.until(3)
    assert.equal(header(mail.received[2], 'Subject'), 'Headgate: 2 notifications')
  })

  test('what the server takes later is tried again with the same id, what it never takes is not', async t => {
    const mail = await mailServer(t)
    const [ann, bob] = [await person(), await person()]
    mail.refuse = {
      recipient: to => (to === bob.address ? { code: 550, text: 'no such user' } : undefined),
      mail: () => ({ code: 451, text: 'try later' }),
    }
    sending(t)
    await tell([ann.id])
    const [first] = await eventually(stored, ([one]) => one?.problem !== null && one !== undefined)
    assert.deepEqual([first?.state, first?.attempts], ['due', 1])
    assert.match(first?.problem ?? '', /451/)
    await tell([bob.id])
    await eventually(stored, ([, second]) => second?.state === 'failed')
    assert.equal((await server.admin.emailSettings.get()).failedLately, 1)
    mail.refuse = {}
    await dueNow()
    await mail.until(1)
    assert.equal(header(mail.received[0], 'Message-ID'), first?.message_id)
  })

  test('a server that is down is asked for one mail at a time, and nothing is lost', async t => {
    const mail = await startMailServer({ authOptional: true })
    await set({ port: mail.port })
    await mail.close()
    const everybody = [await person(), await person(), await person()]
    for (const { id } of everybody) await tell([id])
    const mails = sending(t)
    const attempted = (all: Awaited<ReturnType<typeof stored>>) =>
      all
        .map(({ attempts }) => attempts)
        .toSorted()
        .join()
    await eventually(stored, all => all.some(({ problem }) => problem !== null) && attempted(all) === '0,0,1')
    await sql`update mail set created_at = now() - interval '2 minutes'`.execute(server.db.kysely)
    await tell([everybody[0]?.id ?? 0])
    const { lastProblem, waiting } = await server.admin.emailSettings.get()
    assert.deepEqual([lastProblem?.problem.includes('ECONNREFUSED'), waiting], [true, 4])
    await eventually(
      () => takeMails(server.db, 1_000),
      taken => taken === undefined,
    )
    assert.equal((await stored()).length, 3, 'what comes meanwhile goes with the next, not in a mail of its own')
    await mails.stop()
    const up = await mailServer(t)
    await dueNow()
    sending(t)
    await up.until(3)
    assert.deepEqual(up.received.map(({ to }) => to).toSorted(), everybody.map(({ address }) => address).toSorted())
  })

  test('what a node had taken and never told of is sent by another once the lease is over, with the same id', async t => {
    const mail = await mailServer(t)
    await tell([(await person()).id])
    const taken = await takeMails(server.db, 50)
    sending(t)
    await mail.until(1)
    assert.equal(header(mail.received[0], 'Message-ID'), taken?.mails[0]?.messageId)
    const [sent] = await eventually(stored, ([one]) => one?.state === 'sent')
    assert.equal(sent?.attempts, 2)
  })

  test('no more are sent in a minute than is set, by however many nodes', async t => {
    await mailServer(t, {}, { mostPerMinute: 2 })
    for (let at = 0; at < 5; at++) await tell([(await person()).id])
    const other = openDatabase(server.databaseUrl, { maxConnections: 2 })
    t.after(() => other.close())
    const taken = []
    for (const db of [server.db, other, server.db]) taken.push((await takeMails(db, 60_000))?.mails.length ?? 0)
    assert.deepEqual(taken, [2, 0, 0])
  })

  test('nobody who is disabled is written to, nor who chose not to be', async t => {
    const mail = await mailServer(t)
    const [ann, bob, eve] = [await person(), await person(), await person()]
    const items = [{ kind: 'membership.revoked', inbox: true, email: false } as const]
    await bob.notifications.choose({ body: { items } })
    await tell([ann.id, bob.id, eve.id])
    await server.admin.users.update({ params: { id: ann.id }, body: { disabled: true } })
    sending(t)
    await eventually(stored, all => all.filter(({ state }) => state !== 'due').length === 2)
    assert.deepEqual(
      mail.received.map(({ to }) => to),
      [eve.address],
    )
    assert.deepEqual((await stored()).map(({ state }) => state).toSorted(), ['dropped', 'sent'])
  })

  test('settings are for application admins, and say what is missing', async () => {
    assert.deepEqual(api.emailSettings.get.needs, ['APPLICATION_ADMIN'])
    for (const given of [{ host: null }, { sender: 'a@b.example, c@d.example' }, { host: 'a b' }, { port: 0 }]) {
      await assert.rejects(set(given), (error: ApiError) => error.code === 'request-invalid', JSON.stringify(given))
    }
  })
})
