/** `group,user,source`: who is in which group. Only memberships given here are added and removed. */
import { allUsers } from '@headgate/core/policy'
import { membershipRows } from '../db/bulk-export.ts'
import { type FoundGroup, type FoundPerson, groupsNamed, lockPeople, peopleNamed } from '../db/bulk-names.ts'
import { changeRows, rowsOfSource } from '../db/sourced-rows.ts'
import { keyOf, namedIn, once } from './cells.ts'
import type { Line } from './csv-read.ts'
import { cause, type Kind, own, type Storing } from './kind.ts'

export const memberships: Kind = {
  columns: { names: ['group', 'user', 'source'], required: ['group', 'user'] },
  modes: ['add', 'replace'],
  export: membershipRows,
  store,
}

interface Row {
  readonly line: number
  readonly group: FoundGroup
  readonly user: FoundPerson
}

async function store(lines: readonly Line[], storing: Storing): Promise<void> {
  const { act, callers, mode, findings, report } = storing
  const rows = await find(lines, storing)
  const wanted = once(rows, row => keyOf(row.group.id, row.user.id), findings)
  const before = mode === 'replace' ? await rowsOfSource(act.tx, 'groupMember', own) : []
  const gone = before.filter(([group, user]) => !wanted.has(keyOf(group, user)))
  await lockPeople(act.tx, [...rows.map(({ user }) => user.id), ...gone.map(([, user]) => user)])
  const add = Array.from(wanted.values(), ({ group, user }) => [group.id, user.id] as const)
  const done = await changeRows(act, 'groupMember', own, { add, remove: gone }, { added: cause, removed: cause })
  report.pass('unchanged', wanted.size - done.added.length)
  for (const [group, user] of done.added) {
    const row = wanted.get(keyOf(group, user))
    if (!row) continue
    report.say({ line: row.line, change: 'added', what: `${row.user.userid} in ${row.group.name}` })
    if (callers.includes(user))
      findings.add({ line: row.line, message: 'nobody changes their own groups: take the line out' })
  }
  for (const [group, user] of done.removed) {
    report.say({ change: 'removed', what: `user ${user} in group ${group}` })
    if (callers.includes(user)) {
      const message = `nobody changes their own groups: add a line that says you are in group ${group}`
      findings.add({ message })
    }
  }
}

async function find(lines: readonly Line[], { act, findings, report }: Storing): Promise<Row[]> {
  const read = lines.flatMap(line => {
    const [group, user] = [namedIn(line, 'group', findings), namedIn(line, 'user', findings)]
    if (group === undefined || user === undefined) return []
    const source = line.cells.source?.trim() ?? ''
    if (source === '' || source === own) return [{ line: line.line, group, user }]
    report.pass('leftAlone')
    return []
  })
  const groups = await groupsNamed(
    act.tx,
    read.map(({ group }) => group),
  )
  const people = await peopleNamed(
    act.tx,
    read.map(({ user }) => user),
  )
  return read.flatMap(({ line, ...named }) => {
    const [group, user] = [groups.get(named.group), people.get(named.user)]
    if (!group) findings.add({ line, column: 'group', message: `no group is named \`${named.group}\`` })
    if (!user) findings.add({ line, column: 'user', message: `no user is named \`${named.user}\`` })
    if (group?.name === allUsers) {
      findings.add({ line, column: 'group', message: `\`${allUsers}\` is built in: everyone is in it` })
      return []
    }
    return group && user ? [{ line, group, user }] : []
  })
}
