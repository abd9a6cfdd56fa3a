/**
 * The API keys of the demo's people, kept in the data directory (mode 0600), so that a key that somebody noted down
 * still works after a restart. Headgate itself stores hashes only; this file exists for the demo world alone.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Caller, User } from '@headgate/core/api'
import type { Server } from '@headgate/server'

export interface DemoKeys {
  readonly admin: string
  /** The person's key of last time, or a new one. */
  of(user: User, api: Caller): Promise<string>
  save(): Promise<void>
}

interface KeyFile {
  admin?: string
  readonly people: Record<string, string>
}

export async function demoKeys(dataDir: string, server: Server): Promise<DemoKeys> {
  const file = path.join(dataDir, 'demo-keys.json')
  const kept: KeyFile = await readFile(file, 'utf8').then(
    text => JSON.parse(text) as KeyFile,
    () => ({ people: {} }),
  )
  const save = async () => {
    await writeFile(`${file}.new`, JSON.stringify(kept), { mode: 0o600 })
    await rename(`${file}.new`, file)
  }
  const admin = kept.admin ?? (await server.adminKey())
  if (kept.admin === undefined) {
    kept.admin = admin
    // Written at once: a key that is lost could not be shown again.
    await save()
  }
  return {
    admin,
    async of(user, api) {
      kept.people[user.userid] ??= (await api.apiKeys.create({ body: { name: 'demo', userId: user.id } })).key
      return kept.people[user.userid] as string
    },
    save,
  }
}
