/** The ways to sign in that this Headgate has, and the one to show first. */
import { hg } from '../api.ts'

export async function waysIn() {
  const [ways, { providers }] = await Promise.all([hg.session.ways(), hg.providerSignIn.providers()])
  return { ...ways, providers }
}

export type Ways = Omit<Awaited<ReturnType<typeof waysIn>>, 'needsSetUp'>

/** Undefined: what is to be typed is asked for only when somebody wants to. */
export function firstOf({ localAccounts, providers }: Ways): 'password' | 'key' | undefined {
  if (localAccounts) return 'password'
  return providers.length > 0 ? undefined : 'key'
}
