/**
 * `user,name,email,kind,disabled,provider`: people are made and changed, never deleted.
 *
 * An absent column says nothing, nor does an empty cell, but for `email`: empty there means that there is none. Permissions
 * have no column: whoever may do what in Headgate is given by hand. Whom an identity provider manages it alone changes.
 */
import { lookAlike, normalText, shownFault } from '@headgate/core'
import { userKinds } from '@headgate/core/api'
import { z } from 'zod'
import { peopleRows } from '../db/bulk-export.ts'
import { lockPeople, peopleNamed } from '../db/bulk-names.ts'
import {
  insertPeople,
  lookingLike,
  type NewPersonRow,
  type PersonFields,
  peopleById,
  type StoredPerson,
  updatePeople,
} from '../db/bulk-people.ts'
import { lockAdmins, refuseNoAdmin } from '../db/person.ts'
import { namedIn, nameIn, once, refuseReserved, wordIn } from './cells.ts'
import type { Line } from './csv-read.ts'
import type { Findings } from './findings.ts'
import { cause, type Kind, type Storing } from './kind.ts'

export const people: Kind = {
  columns: { names: ['user', 'name', 'email', 'kind', 'disabled', 'provider'], required: ['user'] },
  modes: ['add'],
  export: peopleRows,
  store,
}

interface Row {
  readonly line: number
  readonly source: Line
  readonly user: string
  readonly said: Partial<PersonFields>
  readonly provider: string | undefined
}

async function store(lines: readonly Line[], storing: Storing): Promise<void> {
  const { act, findings } = storing
  const rows = lines.flatMap(line => read(line, findings))
  const found = await peopleNamed(
    act.tx,
    rows.map(({ user }) => user),
  )
  const idOf = ({ user }: Row) => found.get(user)?.id
  const known = once(
    rows.filter(row => idOf(row) !== undefined),
    row => String(idOf(row)),
    findings,
  )
  await change([...known.values()], idOf, storing)
  // Those who are not there could be made twice under names that look alike.
  const fresh = once(
    rows.filter(row => idOf(row) === undefined),
    row => lookAlike(row.user),
    findings,
  )
  await make([...fresh.values()], storing)
}

async function change(rows: readonly Row[], idOf: (row: Row) => number | undefined, storing: Storing): Promise<void> {
  const { act, callers, findings, report } = storing
  const ids = rows.flatMap(row => idOf(row) ?? [])
  const mayShut = rows.some(({ said }) => said.disabled === true)
  if (mayShut) await lockAdmins(act.tx)
  await lockPeople(act.tx, ids)
  const stored = await peopleById(act.tx, ids)
  const changing: (StoredPerson & { readonly line: number })[] = []
  for (const row of rows) {
    const before = stored.get(idOf(row) ?? 0)
    if (!before) continue
    const after = { ...before, ...row.said, line: row.line }
    const isSame = fields.every(field => after[field] === before[field])
    if (row.provider !== undefined && row.provider !== (before.provider ?? '')) {
      findings.add({
        line: row.line,
        column: 'provider',
        message: `\`${before.userid}\` is managed by ${managerOf(before)}`,
      })
    } else if (isSame) report.pass('unchanged')
    else if (callers.includes(before.id)) {
      findings.add({ line: row.line, message: 'nobody changes their own account: take the line out' })
    } else if (
      before.provider !== null &&
      fields.some(field => field !== 'disabled' && after[field] !== before[field])
    ) {
      const message = `\`${before.userid}\` is managed by \`${before.provider}\`: change name, e-mail and kind there`
      findings.add({ line: row.line, message })
    } else changing.push(after)
  }
  const disabled = await updatePeople(act.tx, changing)
  if (mayShut) await refuseNoAdmin(act.tx, act.actor.userid)
  for (const { id, userid, shut, line } of changing) {
    const isShut = disabled.get(id) ?? shut
    if (isShut !== shut) act.changed('user', id, { id, userid, disabled: isShut }, cause)
    report.say({ line, change: 'changed', what: `user ${userid}` })
  }
}

const fields = ['name', 'email', 'kind', 'disabled'] as const

function managerOf({ provider }: StoredPerson): string {
  return provider === null ? 'nobody: leave the cell empty' : `\`${provider}\`, and that stays so`
}

async function make(rows: readonly Row[], { act, findings, report }: Storing): Promise<void> {
  const good: (NewPersonRow & { readonly line: number })[] = []
  for (const { line, source, user, said, provider } of rows) {
    // Held to the rule of new names, which those that are there need not meet.
    const userid = nameIn(source, 'user', findings)
    if (userid === undefined || refuseReserved(source, 'user', user, findings)) continue
    if (provider !== undefined && provider !== '') {
      findings.add({
        line,
        column: 'provider',
        message: `only \`${provider}\` itself makes its people: empty the cell`,
      })
    } else if (said.name === undefined) {
      findings.add({ line, column: 'name', message: `\`${user}\` is new and needs a \`name\`` })
    } else {
      const { name, email = null, kind = 'person', disabled = false } = said
      good.push({ line, userid, name, email, kind, disabled })
    }
  }
  const taken = await lookingLike(
    act.tx,
    'person',
    good.map(({ userid }) => userid),
  )
  const made = await insertPeople(
    act.tx,
    good.filter(({ userid }) => !taken.has(userid)),
  )
  for (const { userid, disabled, line } of good) {
    const id = made.get(userid)
    if (id === undefined) {
      const other = taken.get(userid) ?? userid
      findings.add({
        line,
        column: 'user',
        message: `\`${userid}\` looks like the user \`${other}\`, who is there already`,
      })
      continue
    }
    act.changed('user', id, { id, userid, disabled }, cause)
    report.say({ line, change: 'added', what: `user ${userid}` })
  }
}

const emailForm = z.email().max(320)

function read(line: Line, findings: Findings): Row[] {
  const user = namedIn(line, 'user', findings)
  const kind = wordIn(line, 'kind', userKinds, findings)
  const disabled = wordIn(line, 'disabled', ['true', 'false'], findings)
  const name = normalText(line.cells.name ?? '')
  const fault =
    name === ''
      ? undefined
      : (shownFault(name) ?? (name.length > 255 ? 'must not be longer than 255 characters' : undefined))
  if (fault !== undefined) findings.add({ line: line.line, column: 'name', message: `\`name\` ${fault}` })
  const email = line.cells.email?.trim()
  const isNoEmail = email !== undefined && email !== '' && !emailForm.safeParse(email).success
  if (isNoEmail) findings.add({ line: line.line, column: 'email', message: `\`${email}\` is no e-mail address` })
  if (user === undefined || fault !== undefined || isNoEmail) return []
  const said = {
    ...(name === '' ? {} : { name }),
    ...(email === undefined ? {} : { email: email === '' ? null : email }),
    ...(kind === undefined ? {} : { kind }),
    ...(disabled === undefined ? {} : { disabled: disabled === 'true' }),
  }
  return [{ line: line.line, source: line, user, said, provider: line.cells.provider?.trim() }]
}
