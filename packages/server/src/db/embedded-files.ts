/**
 * Where the embedded PostgreSQL lies: its binaries, its cluster, its owner.
 *
 *   <dataDir>/postgres/             the cluster: data/, password (0600), server.log
 *   <dataDir>/postgres-location     or, instead, one line: the folder that holds those three
 *
 * PostgreSQL refuses to run as root. Then it runs as the user `postgres` or `nobody`, and whatever that user cannot
 * reach (a project under /root) is put in the shared folder: the binaries as a copy, the cluster for good. The line in
 * `postgres-location` is written after the cluster is whole, so a cluster that it names and that is missing is lost:
 * that is an error, never a reason to begin anew.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFile, chown, link, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  type Binaries,
  canPass,
  exists,
  isErrno,
  makeSharedDir,
  type Owner,
  reachableBinaries,
} from './embedded-binaries.ts'

export interface Cluster {
  readonly home: string
  /** PostgreSQL's data directory, links resolved: what the server itself answers. */
  readonly data: string
  readonly log: string
  readonly password: string
  readonly binaries: Binaries
  /** How to run a program as the cluster's owner; the environment is bare, so no secret of ours reaches the server. */
  readonly asOwner: RunOptions
}

interface RunOptions {
  readonly cwd: string
  readonly env: Record<string, string>
  readonly uid?: number
  readonly gid?: number
}

interface Wanted {
  readonly dataDir: string
  readonly sharedDir: string
  readonly durable: boolean
}

/** The database role that Headgate uses. */
export const superuser = 'headgate'

const run = promisify(execFile)

/** The cluster of a data directory, made on first use. Two makers at once end up with the same one. */
export async function findOrMakeCluster(wanted: Wanted): Promise<Cluster> {
  const owner = await unprivilegedOwner()
  // 0711 under root: the unprivileged server may pass through, nobody may look around.
  await mkdir(wanted.dataDir, { recursive: true, mode: owner ? 0o711 : 0o700 })
  const dataDir = await realpath(wanted.dataDir)
  const binaries = await reachableBinaries(wanted.sharedDir, owner)
  const asOwner = { cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }, ...owner }
  const inside = owner === undefined || (await canPass(dataDir, owner))
  const home =
    (await existingHome(dataDir)) ?? (await makeHome({ ...wanted, dataDir, inside, owner, binaries, asOwner }))
  const password = (await readFile(join(home, 'password'), 'utf8')).trim()
  const data = await realpath(join(home, 'data'))
  return { home, data, log: join(home, 'server.log'), password, binaries, asOwner }
}

/** What a server's log says from a byte position on: its last 20 lines. */
export async function logTail(log: string, from: number): Promise<string> {
  const text = await readFile(log).catch(() => Buffer.alloc(0))
  return text.subarray(from).toString('utf8').trim().split('\n').slice(-20).join('\n')
}

async function existingHome(dataDir: string): Promise<string | undefined> {
  const inside = join(dataDir, 'postgres')
  if (await exists(join(inside, 'data', 'PG_VERSION'))) return inside
  const pointer = join(dataDir, 'postgres-location')
  if (!(await exists(pointer))) return undefined
  const home = (await readFile(pointer, 'utf8')).trim()
  if (await exists(join(home, 'data', 'PG_VERSION'))) return home
  throw new Error(
    `\`${pointer}\` says that the database is in \`${home}\`, but it is not there: ` +
      'restore it, or remove that file to begin with an empty one',
  )
}

interface Making extends Wanted {
  readonly inside: boolean
  readonly owner: Owner | undefined
  readonly binaries: Binaries
  readonly asOwner: RunOptions
}

/** Made whole under another name, then published in one step; who comes second takes the first one's. */
async function makeHome(making: Making): Promise<string> {
  const { dataDir, sharedDir, inside, owner } = making
  if (!inside) await makeSharedDir(sharedDir)
  const draft = join(inside ? dataDir : await realpath(sharedDir), `postgres-${randomBytes(6).toString('hex')}`)
  await mkdir(draft, { mode: 0o700 })
  try {
    await initialise(draft, making)
    if (inside) {
      await rename(draft, join(dataDir, 'postgres'))
      return join(dataDir, 'postgres')
    }
    await writeFile(join(draft, 'belongs-to'), `${dataDir}\n`)
    if (owner && !(await canPass(draft, owner))) {
      throw new Error(
        `user ${owner.uid}, which must run the database, cannot reach \`${sharedDir}\`: choose another folder`,
      )
    }
    await publishPointer(join(dataDir, 'postgres-location'), draft)
    return draft
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    const winner = await existingHome(dataDir)
    if (winner && isErrno(error, 'ENOTEMPTY', 'EEXIST')) return winner
    throw error
  }
}

async function initialise(home: string, { owner, binaries, asOwner, durable }: Making): Promise<void> {
  const password = join(home, 'password')
  const data = join(home, 'data')
  await writeFile(password, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 })
  if (owner) {
    await chown(password, owner.uid, owner.gid)
    await chown(home, owner.uid, owner.gid)
  }
  const flags = [
    ...['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    ...['--auth=scram-sha-256', `--username=${superuser}`, `--pwfile=${password}`],
    ...(durable ? [] : ['--no-sync']),
  ]
  await run(binaries.initdb, ['-D', data, ...flags], asOwner)
  await appendFile(join(data, 'postgresql.conf'), "\ninclude_if_exists = 'headgate.conf'\n")
}

/** A hard link appears whole or not at all, and fails when another was first. */
async function publishPointer(pointer: string, home: string): Promise<void> {
  const draft = `${pointer}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, `${home}\n`, { flush: true })
  await link(draft, pointer).finally(() => rm(draft))
}

/** Undefined unless we are root, since then PostgreSQL must be somebody else, and initdb wants a user with a name. */
async function unprivilegedOwner(): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const users = new Map<string, Owner>()
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [name = '', , uid, gid] = line.split(':')
    if (Number(uid) > 0) users.set(name, { uid: Number(uid), gid: Number(gid) })
  }
  const owner = users.get('postgres') ?? users.get('nobody')
  if (!owner) throw new Error('PostgreSQL does not run as root, and there is no user `postgres` or `nobody`: add one')
  return owner
}
