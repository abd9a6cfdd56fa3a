/**
 * `user,kind,identifier,integration,source`: who people are in AWS. Only what is mapped here is added and removed.
 *
 * A line for an integration, or the general one, takes the place of what the person has there. AWS is not asked while a
 * file is read: a user of Identity Center is named by id, and what AWS does not know is told by the recurring check.
 */
import type { PrincipalKind } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { principalRows } from '../db/bulk-export.ts'
import { integrationsByName, lockPeople, peopleNamed } from '../db/bulk-names.ts'
import {
  insertPrincipals,
  type LocalPrincipal,
  localPrincipals,
  removePrincipals,
  sharedPrincipals,
} from '../db/bulk-principals.ts'
import { lockPrincipals } from '../db/principal.ts'
import { welcomeForeigners } from '../db/vending.ts'
import { readPrincipal } from '../directory/principal-form.ts'
import { keyOf, namedIn, once, wordIn } from './cells.ts'
import type { Line } from './csv-read.ts'
import type { Findings } from './findings.ts'
import { cause, type Kind, own, type Storing } from './kind.ts'

export const principals: Kind = {
  columns: { names: ['user', 'kind', 'identifier', 'integration', 'source'], required: ['user', 'kind', 'identifier'] },
  modes: ['add', 'replace'],
  export: principalRows,
  store,
}

interface Row extends Omit<LocalPrincipal, 'id'> {
  readonly line: number
  readonly userid: string
}

async function store(lines: readonly Line[], storing: Storing): Promise<void> {
  const { act, callers, mode, findings, report } = storing
  const rows = await find(lines, storing)
  const wanted = once(rows, placeOf, findings)
  await lockPrincipals(act.tx)
  const before = await localPrincipals(act.tx, mode === 'replace' ? undefined : rows.map(({ person }) => person))
  await lockPeople(
    act.tx,
    [...rows, ...before].map(({ person }) => person),
  )
  const there = new Map(before.map(one => [placeOf(one), one]))
  const added: Row[] = []
  const removed: LocalPrincipal[] = mode === 'replace' ? before.filter(one => !wanted.has(placeOf(one))) : []
  for (const one of removed) {
    report.say({ change: 'removed', what: `${one.kind} ${one.identifier} of user ${one.person}` })
    if (callers.includes(one.person))
      findings.add({ message: `nobody changes their own principals: add \`${one.identifier}\`` })
  }
  for (const row of wanted.values()) {
    const old = there.get(placeOf(row))
    if (old?.kind === row.kind && old.identifier === row.identifier) {
      report.pass('unchanged')
      continue
    }
    if (old) removed.push(old)
    added.push(row)
    const what = `${row.kind} ${row.identifier} of ${row.userid}`
    report.say({ line: row.line, change: old ? 'changed' : 'added', what })
    if (callers.includes(row.person)) {
      findings.add({ line: row.line, message: 'nobody changes their own principals: take the line out' })
    }
  }
  await removePrincipals(
    act.tx,
    removed.map(({ id }) => id),
  )
  for (const { id } of removed) act.changed('principal', id, null, cause)
  for (const { person: user, ...fact } of await insertPrincipals(act.tx, added)) {
    act.changed('principal', fact.id, { ...fact, user }, cause)
  }
  await refuseShared(added, storing)
  await welcomeForeigners(
    act,
    added.filter(({ kind }) => kind !== 'identityCenterUser').map(({ identifier }) => identifier),
  )
}

/** One principal for a person and an integration, and one for the rest. */
function placeOf({ person, integration }: Pick<LocalPrincipal, 'person' | 'integration'>): string {
  return keyOf(person, integration)
}

async function refuseShared(added: readonly Row[], { act, findings }: Storing): Promise<void> {
  const shared = await sharedPrincipals(
    act.tx,
    added.map(({ person }) => person),
  )
  const others = new Map(shared.map(({ person, identifier, other }) => [keyOf(person, identifier), other]))
  for (const { line, person, identifier } of added) {
    const other = others.get(keyOf(person, identifier))
    if (other === undefined) continue
    findings.add({
      line,
      column: 'identifier',
      message: `\`${identifier}\` belongs to \`${other}\`, and to one user only`,
    })
  }
}

const kinds: readonly PrincipalKind[] = ['iamUser', 'iamRole', 'identityCenterUser']

async function find(lines: readonly Line[], { act, findings, report }: Storing): Promise<Row[]> {
  const read = lines.flatMap(line => {
    const user = namedIn(line, 'user', findings)
    const kind = wordIn(line, 'kind', kinds, findings)
    const identifier = line.cells.identifier?.trim() ?? ''
    if (kind === undefined && (line.cells.kind ?? '').trim() === '') {
      findings.add({ line: line.line, column: 'kind', message: `\`kind\` must be ${kinds.join(' or ')}` })
    }
    if (user === undefined || kind === undefined) return []
    const source = line.cells.source?.trim() ?? ''
    if (source !== '' && source !== own) {
      report.pass('leftAlone')
      return []
    }
    if (!isPrincipal(line.line, kind, identifier, findings)) return []
    return [{ line: line.line, user, kind, identifier, named: line.cells.integration?.trim() ?? '' }]
  })
  const people = await peopleNamed(
    act.tx,
    read.map(({ user }) => user),
  )
  const integrations = await integrationsByName(act.tx)
  return read.flatMap(({ line, user, kind, identifier, named }) => {
    const person = people.get(user)
    const integration = named === '' ? null : integrations.get(named)
    if (!person) findings.add({ line, column: 'user', message: `no user is named \`${user}\`` })
    if (integration === undefined) {
      findings.add({ line, column: 'integration', message: `no integration is named \`${named}\`` })
    }
    if (!person || integration === undefined) return []
    return [{ line, person: person.id, userid: person.userid, kind, identifier, integration }]
  })
}

function isPrincipal(line: number, kind: PrincipalKind, identifier: string, findings: Findings): boolean {
  const refuse = (message: string) => {
    findings.add({ line, column: 'identifier', message })
    return false
  }
  if (identifier.length > 2048) return refuse('`identifier` must not be longer than 2048 characters')
  try {
    const form = readPrincipal(kind, identifier)
    if (!('directoryUser' in form) || form.directoryUser === 'id') return true
    return refuse(`\`${identifier}\` is a name: send the user id of the Identity Store, which is not asked for a file`)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return refuse(error.message)
  }
}
