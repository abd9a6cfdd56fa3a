/** Signing in and out with a browser, one's own sessions, and those of others for a user admin. */
import { api, type CurrentSession, Problem } from '@headgate/core/api'
import { type Act, act } from '../db/act.ts'
import { lockPerson, personTarget } from '../db/person.ts'
import { readSettings } from '../db/settings.ts'
import { endSessions, listSessions, type SessionChoice } from '../db/sign-in-session.ts'
import { getUser } from '../db/user-view.ts'
import { type Client, csrfTokenOf, endedCookie, heldSecret, isHttps } from '../directory/session-cookie.ts'
import { needsSetUp } from '../directory/set-up.ts'
import { changePassword, signIn } from '../directory/sign-in.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function sessionRoutes(serve: Serve, world: World): void {
  const { db } = world

  serve(api.session.ways, async () => {
    const { localAccounts } = await readSettings(db.kysely)
    return { body: { localAccounts, needsSetUp: await needsSetUp(world) } }
  })
  serve(api.session.start, async ({ body, client }) => {
    const { cookie, csrfToken, session } = await signIn(world, body, client)
    const { personId: id, userid, name, permissions, via, endsAt } = session
    return { body: present({ id, userid, name }, permissions, via, { csrfToken, endsAt }), cookies: [cookie] }
  })
  serve(api.session.get, async ({ caller, client }) => ({ body: current(caller, client) }))
  serve(api.session.end, async ({ caller, client }) => {
    const { session } = caller
    if (!session) return { body: undefined }
    await act(db, caller, doing => end(doing, caller, { person: caller.id, id: session.id }))
    const { publicUrl } = await readSettings(db.kysely)
    return { body: undefined, cookies: [endedCookie(isHttps(publicUrl, client))] }
  })
  serve(api.session.changePassword, async ({ body, caller, client }) => {
    await changePassword(world, caller, body, client)
    return { body: undefined }
  })

  serve(api.sessions.list, async ({ caller }) => ({
    body: { items: await listSessions(db.kysely, caller.id, caller.session?.id) },
  }))
  serve(api.sessions.end, async ({ params: { id }, caller }) => {
    await act(db, caller, async doing => {
      // Somebody else's is not there either.
      const ended = await end(doing, caller, { person: caller.id, id })
      if (ended === 0) throw new Problem('session-not-found', { id })
    })
    return { body: undefined }
  })
  serve(api.sessions.endOthers, async ({ caller }) => {
    const choice = { person: caller.id, except: caller.session?.id }
    const { result: ended } = await act(db, caller, doing => end(doing, caller, choice))
    return { body: { ended } }
  })
  serve(api.sessions.listOf, async ({ params: { id }, caller }) => {
    await getUser(db.kysely, id)
    return { body: { items: await listSessions(db.kysely, id, caller.session?.id) } }
  })
  serve(api.sessions.endOf, async ({ params: { id }, caller }) => {
    const { result: ended } = await act(db, caller, async doing =>
      end(doing, await lockPerson(doing.tx, id), { person: id }),
    )
    return { body: { ended } }
  })
}

function current({ id, userid, name, permissions, session }: Caller, client: Client): CurrentSession {
  const held = session && heldSecret(client)
  const cookie = held && { csrfToken: csrfTokenOf(held.secret), endsAt: session.endsAt }
  return present({ id, userid, name }, permissions, session?.via ?? 'api-key', cookie)
}

function present(
  user: CurrentSession['user'],
  permissions: Iterable<CurrentSession['permissions'][number]>,
  via: string,
  cookie?: { readonly csrfToken: string; readonly endsAt: number },
): CurrentSession {
  return {
    user,
    permissions: [...permissions].sort(),
    via,
    ...(cookie && { csrfToken: cookie.csrfToken, endsAt: new Date(cookie.endsAt).toISOString() }),
  }
}

async function end(
  { tx, audit }: Act,
  owner: { readonly id: number; readonly userid: string },
  choice: SessionChoice,
): Promise<number> {
  const ended = await endSessions(tx, choice)
  if (ended.length > 0) {
    audit({
      action: 'SIGN_OUT',
      targetType: 'USER',
      targets: [personTarget(owner)],
      relatedResources: ended.slice(0, 100).map(id => ({ type: 'SESSION', id: String(id) })),
      payload: { type: 'SessionsEnded', ended: ended.length },
    })
  }
  return ended.length
}
