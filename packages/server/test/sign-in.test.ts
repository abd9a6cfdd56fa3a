import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApiError } from '@headgate/core/api'
import { sql } from 'kysely'
import { pino } from 'pino'
import { createApp } from '../src/http/app.ts'
import { browserAt } from './support/browser.ts'
import { givePassword, password } from './support/password.ts'
import { refuses } from './support/refuses.ts'
import { type TestServer, testServer } from './support/server.ts'

let server: TestServer
const logged: string[] = []
before(async () => {
  server = await testServer({ log: pino({ level: 'trace' }, { write: line => void logged.push(line) }) })
})
after(() => server.close())

const browser = () => browserAt(server.url)
const forgetAttempts = () => server.db.kysely.deleteFrom('sign_in_attempt').execute()

test('user name and password sign in, in whatever case and form of Unicode they are typed', async () => {
  const person = await server.as(['AUDIT'], 'Zoé')
  await givePassword(server, person, 'crème brûlée, twice')
  const session = await browser().signIn('ZOE\u0301', 'cre\u0300me bru\u0302le\u0301e, twice')
  assert.deepEqual(session.user, { id: person.id, userid: 'Zoé', name: 'Name of Zoé' })
  assert.deepEqual([session.via, session.permissions], ['local', ['AUDIT']])
})

test('whoever may not come in is answered alike, whatever the reason', async () => {
  const ann = await server.as([], 'ann')
  const gone = await server.as([], 'gone')
  const out = await server.as([], 'out')
  await server.as([], 'keyed')
  for (const person of [ann, gone, out]) await givePassword(server, person)
  await server.admin.users.update({ params: { id: out.id }, body: { disabled: true } })
  await server.admin.users.remove({ params: { id: gone.id } })
  const answers: unknown[] = []
  for (const [userid, typed] of [
    ['ann', 'not her password'],
    ['nobody-is-called-so', password],
    ['gone', password],
    ['out', password],
    ['keyed', password],
  ] as const) {
    await browser()
      .signIn(userid, typed)
      .catch((error: ApiError) => answers.push([error.status, { ...error.body, requestId: '' }]))
  }
  assert.equal(answers.length, 5)
  for (const answer of answers) assert.deepEqual(answer, answers[0])
  assert.equal((answers[0] as [number])[0], 401)
  // As much work for each: an attempt is counted, a hash is held against, an event is stored.
  const { rows } = await sql<{ targets: number }>`
    select jsonb_array_length(event::jsonb -> 'targets') as targets from audit_event
    where event::jsonb #>> '{auditPayload,type}' = 'SignInRefused' and event::jsonb ->> 'actionStatus' = 'FAILURE'
    order by sequence`.execute(server.db.kysely)
  assert.deepEqual(
    rows.map(({ targets }) => targets),
    [1, 0, 0, 1, 0],
  )
})

test('a sign-in is audited with how it came about, and so is what is done in it', async () => {
  const ada = await server.as(['USER_ADMIN'], 'ada')
  await givePassword(server, ada)
  const at = browser()
  await at.signIn('ada', password)
  await at.groups.create({ body: { name: 'made by a browser' } })
  const { rows } = await sql<{ event: string }>`
    select event from audit_event where actor_id = ${ada.id} order by sequence`.execute(server.db.kysely)
  const [signedIn, made] = rows.map(({ event }) => JSON.parse(event))
  assert.deepEqual([signedIn.action, signedIn.actor.identityProvider], ['SIGN_IN', 'local'])
  assert.equal(made.sessionId, `session-${signedIn.relatedResources[0].id}`)
  assert.equal(made.actor.identityProvider, 'local')
})

test('guessing one account from one place ends after ten tries, for names that nobody has too', async () => {
  await forgetAttempts()
  const kim = await server.as([], 'kim')
  await givePassword(server, kim)
  for (const userid of ['kim', 'nobody-at-all']) {
    for (let tries = 0; tries < 10; tries++) await refuses(browser().signIn(userid, 'guess'), 'sign-in-refused', 401)
    await refuses(browser().signIn(userid, password), 'rate-limited', 429)
    await refuses(browser().signIn(` ${userid.toUpperCase()} `, password), 'rate-limited', 429)
  }
  const limited = await browser().send('/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userid: 'kim', password }),
  })
  const seconds = Number(limited.headers.get('retry-after'))
  assert.ok(seconds > 0 && seconds <= 15 * 60)
  // Others are let in from the same place, and when the time is over so is this one.
  await sql`update sign_in_attempt set until = now()`.execute(server.db.kysely)
  await browser().signIn('kim', password)
})

test('tries at the same moment do not pass together, and a right password begins anew', async () => {
  await forgetAttempts()
  const lee = await server.as([], 'lee')
  await givePassword(server, lee)
  const codes = await Promise.all(
    Array.from({ length: 14 }, () =>
      browser()
        .signIn('lee', 'guess')
        .then(
          () => 'in',
          (error: unknown) => (error instanceof ApiError ? error.code : 'failed'),
        ),
    ),
  )
  assert.deepEqual(codes.toSorted(), [
    ...Array.from({ length: 4 }, () => 'rate-limited'),
    ...Array.from({ length: 10 }, () => 'sign-in-refused'),
  ])
  await forgetAttempts()
  for (let round = 0; round < 2; round++) {
    for (let tries = 0; tries < 9; tries++) await refuses(browser().signIn('lee', 'guess'), 'sign-in-refused', 401)
    await browser().signIn('lee', password)
  }
})

test('what one node counts, another counts too, and a session is one for all nodes', async () => {
  await forgetAttempts()
  const ned = await server.as([], 'ned')
  await givePassword(server, ned)
  const app = await createApp(server.world)
  try {
    const other = browserAt(await app.listen({ host: '127.0.0.1', port: 0 }))
    for (const at of [browser(), other, browser(), other]) await refuses(at.signIn('ned', 'guess'), 'sign-in-refused')
    await sql`update sign_in_attempt set attempts = 10 where attempts = 4`.execute(server.db.kysely)
    for (const at of [browser(), other]) await refuses(at.signIn('ned', password), 'rate-limited', 429)
    await forgetAttempts()
    const here = browser()
    await here.signIn('ned', password)
    for (const [name, value] of here.cookies) other.cookies.set(name, value)
    assert.equal((await other.session.get()).user.id, ned.id)
    await here.session.end()
    await refuses(other.session.get(), 'session-ended', 401)
  } finally {
    await app.close()
  }
})

test('guessing many accounts from one place ends after fifty tries', async () => {
  await forgetAttempts()
  // Fifty hashes would take seconds: all but the last few tries are counted as if they had been made.
  await refuses(browser().signIn('first', 'guess'), 'sign-in-refused', 401)
  await sql`update sign_in_attempt set attempts = 48`.execute(server.db.kysely)
  await refuses(browser().signIn('second', 'guess'), 'sign-in-refused', 401)
  await refuses(browser().signIn('third', 'guess'), 'sign-in-refused', 401)
  await refuses(browser().signIn('fourth', 'guess'), 'rate-limited', 429)
  await forgetAttempts()
})

test('one changes one’s own password with the current one, and one’s other sessions end', async () => {
  const moe = await server.as([], 'moe')
  await givePassword(server, moe)
  const [here, there] = [browser(), browser()]
  await here.signIn('moe', password)
  await there.signIn('moe', password)
  const next = 'an even longer walk home'
  await refuses(here.session.changePassword({ body: { current: 'wrong', password: next } }), 'password-wrong', 403)
  await refuses(
    here.session.changePassword({ body: { current: password, password: 'short' } }),
    'password-refused',
    422,
  )
  await here.session.changePassword({ body: { current: password, password: next } })
  await here.session.get()
  await refuses(there.session.get(), 'session-ended', 401)
  await refuses(browser().signIn('moe', password), 'sign-in-refused', 401)
  await browser().signIn('moe', next)
})

test('whoever has no password changes none', async () => {
  const pat = await server.as([])
  const body = { current: password, password: 'another long walk' }
  await refuses(pat.session.changePassword({ body }), 'password-wrong', 403)
})

test('a password is refused for its length, for being a name, and for being what everybody tries; never quoted', async () => {
  const sue = await server.as([], 'susan.sarandon@example.com')
  const { token } = await server.admin.setUp.link({ params: { id: sue.id } })
  for (const bad of [
    'elevenchars',
    'x'.repeat(257),
    'aaaaaaaaaaaaaaaa',
    'abababababababab',
    'susan.sarandon@example.com',
    'SUSAN.SARANDON',
    'susan.sarandonsusan.sarandon',
    'Name of Susan.Sarandon@example.com',
    'password1234',
    'PASSWORDpassword',
    '123456789012',
    'zyxwvutsrqpon',
    'qwertyuiopas',
  ]) {
    const refused = await server.admin.setUp.use({ body: { token, password: bad } }).then(
      () => assert.fail(bad),
      (error: ApiError) => error,
    )
    assert.equal(refused.code, 'password-refused', bad)
    assert.equal(JSON.stringify(refused.body).includes(bad), false)
  }
  // Neither signs, nor capitals, nor digits are asked for; spaces and any script are fine, and so is length.
  for (const good of [
    'correct horse',
    'ひらがなのながいことば',
    '🐎'.repeat(4) + '🔋📎🪨'.repeat(3),
    'x1'.repeat(4) + 'y2z3'.repeat(62),
  ]) {
    const { token: fresh } = await server.admin.setUp.link({ params: { id: sue.id } })
    const enough = good.length < 12 ? good.padEnd(12, 'ながい') : good
    await server.admin.setUp.use({ body: { token: fresh, password: enough } })
    await browser().signIn('susan.sarandon@example.com', enough)
  }
})

test('what is stored of a password is argon2id at the cost that OWASP asks for, for the decoy too', async () => {
  const { rows } = await sql<{ hash: string }>`select password_hash as hash from local_account`.execute(
    server.db.kysely,
  )
  assert.ok(rows.length > 0)
  for (const { hash } of rows) assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
})

test('a body that is no sign-in is refused without a word of what it held', async () => {
  const secret = 'hunter2-hunter2-hunter2'
  const bodies = [
    `{"userid":"ann","password":"${secret}"`,
    `{"userid":"ann","password":["${secret}"]}`,
    `{"userid":"ann","password":"${secret}","more":1}`,
    `{"userid":"ann","password":"${secret}\\u0000"}`,
    `{"userid":"${'x'.repeat(300)}","password":"${secret}"}`,
    `{"userid":"ann","password":"${secret.repeat(1000)}"}`,
  ]
  for (const body of bodies) {
    const answer = await fetch(`${server.url}/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    assert.ok([400, 413, 422].includes(answer.status), `${answer.status}`)
    assert.equal((await answer.text()).includes(secret), false)
  }
})

test('no password, no session, no token and no link is ever logged or stored as it is', async () => {
  const tess = await server.as([], 'tess')
  const { token } = await server.admin.setUp.link({ params: { id: tess.id } })
  await server.admin.setUp.use({ body: { token, password } })
  const at = browser()
  const { csrfToken = '' } = await at.signIn('tess', password)
  await at.sessions.list()
  const [secret = ''] = at.cookies.values()
  const tables = ['audit_event', 'fact_change', 'sign_in_session', 'local_account', 'set_up_link', 'sign_in_attempt']
  const stored = await Promise.all(
    tables.map(async table => {
      const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(table)} t`.execute(
        server.db.kysely,
      )
      return rows.map(({ row }) => row).join()
    }),
  )
  const everything = logged.join() + stored.join()
  assert.ok(logged.some(line => line.includes('"route":"/session"')))
  for (const hidden of [password, token, secret, csrfToken, 'hunter2']) {
    assert.ok(hidden.length > 5)
    assert.equal(everything.includes(hidden), false)
  }
})
