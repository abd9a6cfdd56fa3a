/** `/domains`: named sets of data sources and the rights delegated in them. Governors write; who has a right there reads. */
import { api, type DomainRight, Problem } from '@headgate/core/api'
import { callerRights, requireDomain } from '../access/domain-rights.ts'
import { readsEverything } from '../access/visibility.ts'
import { type Act, type AuditTarget, act } from '../db/act.ts'
import { lockDataSource } from '../db/data-source.ts'
import {
  editDomain,
  getDomain,
  insertDomain,
  listDomains,
  lockDomain,
  putIntoDomain,
  removeDomain,
  takeOutOfDomain,
} from '../db/domain.ts'
import { replaceRights } from '../db/domain-right.ts'
import { groupTarget, isAnyInGroup, lockGroup } from '../db/group.ts'
import type { Subject } from '../db/member.ts'
import { lockPerson, personTarget } from '../db/person.ts'
import { refuseReserved } from '../directory/reserved-names.ts'
import type { World } from '../world.ts'
import { type Caller, type Serve, whoCalls } from './serve.ts'
import { refuseSelf } from './users.ts'

export function domainRoutes(serve: Serve, { db }: World): void {
  serve(api.domains.list, async ({ query, caller }) =>
    db.snapshot(async tx => {
      const mine = await callerRights(tx, caller)
      const only = readsEverything(caller) ? undefined : [...mine.keys()]
      return { body: await listDomains(tx, query, { mine, only }) }
    }),
  )

  serve(api.domains.get, async ({ params: { name }, caller }) =>
    db.snapshot(async tx => {
      const mine = await callerRights(tx, caller)
      await requireDomain(caller, mine, name)
      return { body: await getDomain(tx, name, mine) }
    }),
  )

  serve(api.domains.create, async ({ body, caller }) => {
    refuseReserved(body.name, ...body.tags)
    return write(caller, body.name, done => insertDomain(done, body))
  })

  serve(api.domains.edit, async ({ params: { name }, body, caller }) => {
    refuseReserved(...(body.tags ?? []))
    return write(caller, name, async done => editDomain(done, await lockDomain(done.tx, name), body))
  })

  serve(api.domains.remove, async ({ params: { name }, caller }) =>
    change(caller, async done => removeDomain(done, await lockDomain(done.tx, name))),
  )

  serve(api.domains.addDataSource, async ({ params, caller }) =>
    change(caller, async done => putIntoDomain(done, params.name, await lockBoth(done, params))),
  )

  serve(api.domains.removeDataSource, async ({ params, caller }) =>
    change(caller, async done => takeOutOfDomain(done, params.name, await lockBoth(done, params))),
  )

  serve(api.domains.setUserRights, async ({ params: { name, userId }, body: { rights }, caller }) =>
    write(caller, name, done => giveUser(done, caller, name, userId, rights)),
  )

  serve(api.domains.removeUserRights, async ({ params: { name, userId }, caller }) =>
    change(caller, done => giveUser(done, caller, name, userId, [])),
  )

  serve(api.domains.setGroupRights, async ({ params: { name, groupId }, body: { rights }, caller }) =>
    write(caller, name, done => giveGroup(done, caller, name, groupId, rights)),
  )

  serve(api.domains.removeGroupRights, async ({ params: { name, groupId }, caller }) =>
    change(caller, done => giveGroup(done, caller, name, groupId, [])),
  )

  async function change(caller: Caller, work: (done: Act) => Promise<void>) {
    const { sequence } = await act(db, caller, work)
    return { body: undefined, sequence }
  }

  async function write(caller: Caller, name: string, work: (done: Act) => Promise<void>) {
    const { result, sequence } = await act(db, caller, async done => {
      await work(done)
      return getDomain(done.tx, name, await callerRights(done.tx, caller))
    })
    return { body: result, sequence }
  }
}

/** Throws Problem `domain-not-found`, `data-source-not-found`. */
async function lockBoth({ tx }: Act, { name, id }: { readonly name: string; readonly id: number }) {
  await lockDomain(tx, name)
  const row = await lockDataSource(tx, id)
  if (!row) throw new Problem('data-source-not-found', { id })
  return row
}

/** Nobody gives themselves a right or takes it (00, rule 7). */
async function giveUser(done: Act, caller: Caller, domain: string, user: number, rights: readonly DomainRight[]) {
  refuseSelf(caller, user, 'rights in a domain')
  await lockDomain(done.tx, domain)
  await give(done, domain, { user }, personTarget(await lockPerson(done.tx, user)), rights)
}

async function giveGroup(done: Act, caller: Caller, domain: string, id: number, rights: readonly DomainRight[]) {
  await lockDomain(done.tx, domain)
  const group = await lockGroup(done.tx, id)
  if (await isAnyInGroup(done.tx, group, whoCalls(caller)))
    throw new Problem('self-change', { what: 'rights in a domain' })
  await give(done, domain, { group: id }, groupTarget(group), rights)
}

async function give(
  done: Act,
  domain: string,
  subject: Subject,
  target: AuditTarget,
  rights: readonly DomainRight[],
): Promise<void> {
  await replaceRights(done, { domain, subject, target }, rights)
}
