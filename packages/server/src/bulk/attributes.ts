/** `user,group,key,value,source`: values of people and of groups. Only values given here are added and removed. */
import { normalText } from '@headgate/core'
import { allUsers } from '@headgate/core/policy'
import { attributeRows } from '../db/bulk-export.ts'
import { groupsAmong, groupsNamed, lockGroups, lockPeople, peopleNamed } from '../db/bulk-names.ts'
import { changeRows, rowsOfSource, type SourcedRow } from '../db/sourced-rows.ts'
import { keyOf, nameIn, once, refuseReserved, valueIn } from './cells.ts'
import type { Line } from './csv-read.ts'
import { cause, type Kind, own, type Storing } from './kind.ts'

export const attributes: Kind = {
  columns: { names: ['user', 'group', 'key', 'value', 'source'], required: ['key', 'value'] },
  modes: ['add', 'replace'],
  export: attributeRows,
  store,
}

interface Row {
  readonly line: number
  readonly id: number
  readonly name: string
  readonly key: string
  readonly value: string
}

type Subject = 'userAttribute' | 'groupAttribute'

async function store(lines: readonly Line[], storing: Storing): Promise<void> {
  const rows = await find(lines, storing)
  // People before groups, in the order in which every other door locks them.
  await storeOf('userAttribute', rows.userAttribute, storing)
  await storeOf('groupAttribute', rows.groupAttribute, storing)
}

async function storeOf(subject: Subject, rows: readonly Row[], storing: Storing): Promise<void> {
  const { act, mode, findings, report } = storing
  const wanted = once(rows, ({ id, key, value }) => keyOf(id, key, value), findings)
  const before = mode === 'replace' ? await rowsOfSource(act.tx, subject, own) : []
  const gone = before.filter(row => !wanted.has(keyOf(...row)))
  const ids = [...rows.map(({ id }) => id), ...gone.map(([id]) => id)]
  await (subject === 'userAttribute' ? lockPeople(act.tx, ids) : lockGroups(act.tx, ids))
  const add = Array.from(wanted.values(), ({ id, key, value }): SourcedRow[Subject] => [id, key, value])
  const done = await changeRows(act, subject, own, { add, remove: gone }, { added: cause, removed: cause })
  report.pass('unchanged', wanted.size - done.added.length)
  const mine = await isMine(subject, [...done.added, ...done.removed], storing)
  const self = `nobody changes their own ${subject === 'userAttribute' ? 'attributes' : 'groups'}`
  for (const row of done.added) {
    const found = wanted.get(keyOf(...row))
    if (!found) continue
    report.say({ line: found.line, change: 'added', what: `${found.name}: ${found.key} = ${found.value}` })
    if (mine(row[0])) findings.add({ line: found.line, message: `${self}: take the line out` })
  }
  for (const [id, key, value] of done.removed) {
    const what = `${subject === 'userAttribute' ? 'user' : 'group'} ${id}: ${key} = ${value}`
    report.say({ change: 'removed', what })
    if (mine(id)) findings.add({ message: `${self}: add a line that says ${what}` })
  }
}

/** Themselves, and every group that they are in. */
async function isMine(subject: Subject, rows: readonly SourcedRow[Subject][], { act, callers }: Storing) {
  if (subject === 'userAttribute') return (id: number) => callers.includes(id)
  const groups = await groupsAmong(
    act.tx,
    callers,
    rows.map(([id]) => id),
  )
  return (id: number) => groups.has(id)
}

async function find(lines: readonly Line[], { act, findings, report }: Storing): Promise<Record<Subject, Row[]>> {
  const read = lines.flatMap(line => {
    const [key, value] = [nameIn(line, 'key', findings), valueIn(line, 'value', findings)]
    const [user = '', group = ''] = [line.cells.user, line.cells.group].map(cell => normalText(cell ?? ''))
    if ((user === '') === (group === '')) {
      findings.add({ line: line.line, message: 'must name either a `user` or a `group`' })
      return []
    }
    if (key === undefined || value === undefined) return []
    const source = line.cells.source?.trim() ?? ''
    if (source !== '' && source !== own) {
      report.pass('leftAlone')
      return []
    }
    if (refuseReserved(line, 'key', key, findings) || refuseReserved(line, 'value', value, findings)) return []
    return [{ line: line.line, user, group, key, value }]
  })
  const people = await peopleNamed(
    act.tx,
    read.flatMap(({ user }) => (user === '' ? [] : [user])),
  )
  const groups = await groupsNamed(
    act.tx,
    read.flatMap(({ group }) => (group === '' ? [] : [group])),
  )
  const found: Record<Subject, Row[]> = { userAttribute: [], groupAttribute: [] }
  for (const { user, group, ...row } of read) {
    const [person, ofGroup] = [people.get(user), groups.get(group)]
    if (user !== '' && !person) findings.add({ ...at(row, 'user'), message: `no user is named \`${user}\`` })
    if (group !== '' && !ofGroup) findings.add({ ...at(row, 'group'), message: `no group is named \`${group}\`` })
    if (ofGroup?.name === allUsers) {
      findings.add({ ...at(row, 'group'), message: `\`${allUsers}\` is built in: you are in it, as everyone is` })
    } else if (ofGroup) found.groupAttribute.push({ ...row, id: ofGroup.id, name: ofGroup.name })
    if (person) found.userAttribute.push({ ...row, id: person.id, name: person.userid })
  }
  return found
}

function at({ line }: { readonly line: number }, column: string) {
  return { line, column }
}
