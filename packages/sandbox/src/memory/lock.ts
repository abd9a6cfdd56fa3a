/** One process for a directory: a file with its process id, which counts for as long as that process lives. */
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

// In a container every start may have the same process id, so a lock of this very process is known by being in here.
const heldHere = new Set<string>()

/** Throws Error, naming the process, when another one has the directory. */
export function lockDirectory(directory: string): { release(): void } {
  const file = path.join(realpathSync(directory), 'lock')
  const holder = heldHere.has(file) ? process.pid : livingHolder(file)
  if (holder !== undefined) {
    throw new Error(
      `data directory \`${directory}\` is in use by process ${holder}: stop it, or remove \`${file}\` if it is no sandbox`,
    )
  }
  // What a dead process left is in the way of `wx`, which of two processes that get here lets only one through.
  rmSync(file, { force: true })
  writeFileSync(file, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
  heldHere.add(file)
  return {
    release() {
      heldHere.delete(file)
      rmSync(file, { force: true })
    },
  }
}

function livingHolder(file: string): number | undefined {
  let pid: number
  try {
    pid = Number(readFileSync(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  return pid !== process.pid && isAlive(pid) ? pid : undefined
}

function isAlive(pid: number): boolean {
  // 0 and what is no number would ask for something else than one process.
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Of another user's process we may not even ask, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
