/**
 * `headgate logout`: revokes the key that `headgate login` got in a browser, then forgets the profile. Nothing is forgotten before
 * the server has revoked it, unless one says so: a key that still works is not to be lost sight of.
 */
import { ApiError } from '@headgate/core/api'
import { connectTo, type Environment, forgetProfile, type Profile, readProfiles } from './connection.ts'
import { Refused } from './refused.ts'

export interface LogoutFlags {
  readonly profile: string
  readonly all?: true
  /** Forget it here, whatever the server says. */
  readonly local?: true
}

export async function logoutCommand(flags: LogoutFlags, environment: Environment): Promise<void> {
  const profiles = await readProfiles(environment)
  const names = flags.all ? Object.keys(profiles) : [flags.profile]
  for (const name of names) {
    const profile = profiles[name]
    if (profile === undefined) throw new Refused(`nobody is signed in as profile ${name}`)
    const what = flags.local ? `its key still works: revoke it at ${profile.url}/app/account` : await revoke(profile)
    await forgetProfile(name, environment)
    process.stderr.write(`signed out of ${profile.url}, profile ${name}; ${what}\n`)
  }
}

/** @returns what became of the key */
async function revoke(profile: Profile): Promise<string> {
  if (profile.keyId === undefined) return `its key was not made here: revoke it at ${profile.url}/app/account`
  try {
    await connectTo(profile).api.apiKeys.revoke({ params: { id: profile.keyId } })
    return 'its key is revoked'
  } catch (error) {
    if (error instanceof ApiError && [401, 404].includes(error.status)) return 'its key did not work any more'
    if (error instanceof Refused) throw new Refused(error.message, 'or forget it here alone with --local')
    throw error
  }
}
