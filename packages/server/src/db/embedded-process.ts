/**
 * What runs in a data directory, told by the processes themselves.
 *
 * A server is believed to be ours when its process lives and has our data directory as its working directory
 * (PostgreSQL changes there before it writes `postmaster.pid`); the caller then asks it over a connection.
 * Nothing here sends a signal.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Cluster } from './embedded-files.ts'

export type Found =
  /** A postmaster of this directory, perhaps still starting or already ending. */
  | { readonly state: 'running'; readonly pid: number; readonly port: number }
  /** Processes of a postmaster that is gone or is not yet known: they end, or become `running`, by themselves. */
  | { readonly state: 'leaving'; readonly pids: readonly number[] }
  /** The file names a process that lives but is another's (the number was used again), or a power cut emptied it. */
  | { readonly state: 'stale'; readonly text: string }
  /** Nothing runs. A file of a dead process may lie there; PostgreSQL itself replaces that one. */
  | { readonly state: 'none' }

const run = promisify(execFile)

export async function inspectCluster(cluster: Cluster): Promise<Found> {
  const text = await readPidFile(cluster)
  const pids = await processesIn(cluster)
  const lines = text?.split('\n') ?? []
  const pid = Number(lines[0])
  const port = Number(lines[3])
  if (pids.includes(pid) && port > 0) return { state: 'running', pid, port }
  if (pids.length > 0) return { state: 'leaving', pids }
  if (text !== undefined && (text.trim() === '' || isAlive(pid))) return { state: 'stale', text }
  return { state: 'none' }
}

/** Takes away the very file that was judged; if a server has just put its own there, that one is put back. */
export async function removeStalePidFile(cluster: Cluster, judged: string): Promise<void> {
  const file = join(cluster.data, 'postmaster.pid')
  const aside = `${file}.stale-${randomBytes(6).toString('hex')}`
  await rename(file, aside).catch(unlessMissing)
  const taken = await readFile(aside, 'utf8').catch(unlessMissing)
  // The server looks for its file once a minute, so it does not notice these microseconds.
  if (taken !== undefined && taken !== judged) await link(aside, file)
  await rm(aside, { force: true })
}

async function readPidFile(cluster: Cluster): Promise<string | undefined> {
  return readFile(join(cluster.data, 'postmaster.pid'), 'utf8').catch(unlessMissing)
}

/** Asked as the cluster's owner: in a container even root may not read the working directory of another's process. */
async function processesIn(cluster: Cluster): Promise<number[]> {
  return process.platform === 'darwin' ? await byOpenFiles(cluster) : await byProcFolder(cluster)
}

async function byProcFolder(cluster: Cluster): Promise<number[]> {
  // `ls` fails when any process vanished or is another's; what it could read is still printed.
  const script = 'ls -l /proc/[0-9]*/cwd 2>/dev/null || true'
  const { stdout } = await run('/bin/sh', ['-c', script], { ...cluster.asOwner, maxBuffer: 64 * 1024 * 1024 })
  const pids: number[] = []
  for (const line of stdout.split('\n')) {
    const match = /\/proc\/(\d+)\/cwd -> (.*)$/.exec(line)
    if (match?.[2] === cluster.data) pids.push(Number(match[1]))
  }
  return pids
}

/** `lsof` prints `p<pid>` and then `n<folder>` for each process. */
async function byOpenFiles(cluster: Cluster): Promise<number[]> {
  const script = '/usr/sbin/lsof -w -d cwd -F pn || true'
  const { stdout } = await run('/bin/sh', ['-c', script], { ...cluster.asOwner, maxBuffer: 64 * 1024 * 1024 })
  const pids: number[] = []
  let pid = 0
  for (const line of stdout.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1))
    else if (line === `n${cluster.data}`) pids.push(pid)
  }
  return pids
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0) // 0 asks, it signals nothing
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
  return undefined
}
