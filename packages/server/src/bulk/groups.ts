/** `group,description,provider`: groups are made and described, never deleted. */
import { lookAlike } from '@headgate/core'
import { allUsers } from '@headgate/core/policy'
import { groupRows } from '../db/bulk-export.ts'
import { groupsNamed, lockGroups } from '../db/bulk-names.ts'
import { describeGroups, groupsById, insertGroups, lookingLike, type StoredGroup } from '../db/bulk-people.ts'
import { namedIn, nameIn, once, refuseReserved } from './cells.ts'
import type { Line } from './csv-read.ts'
import type { Findings } from './findings.ts'
import { cause, type Kind, type Storing } from './kind.ts'

export const groups: Kind = {
  columns: { names: ['group', 'description', 'provider'], required: ['group'] },
  modes: ['add'],
  export: groupRows,
  store,
}

interface Row {
  readonly line: number
  readonly source: Line
  readonly group: string
  /** Absent: stays as it is. */
  readonly description: string | undefined
  readonly provider: string | undefined
}

async function store(lines: readonly Line[], storing: Storing): Promise<void> {
  const { act, findings } = storing
  const rows = lines.flatMap(line => read(line, findings))
  const found = await groupsNamed(
    act.tx,
    rows.map(({ group }) => group),
  )
  const idOf = ({ group }: Row) => found.get(group)?.id
  const known = once(
    rows.filter(row => idOf(row) !== undefined),
    row => String(idOf(row)),
    findings,
  )
  await describe([...known.values()], idOf, storing)
  const fresh = once(
    rows.filter(row => idOf(row) === undefined),
    row => lookAlike(row.group),
    findings,
  )
  await make([...fresh.values()], storing)
}

async function describe(rows: readonly Row[], idOf: (row: Row) => number | undefined, storing: Storing): Promise<void> {
  const { act, findings, report } = storing
  const ids = rows.flatMap(row => idOf(row) ?? [])
  await lockGroups(act.tx, ids)
  const stored = await groupsById(act.tx, ids)
  const changing: StoredGroup[] = []
  for (const row of rows) {
    const before = stored.get(idOf(row) ?? 0)
    if (!before) continue
    const { description = before.description } = row
    if (before.name === allUsers) {
      findings.add({ line: row.line, message: `\`${allUsers}\` is built in: it stays as it is` })
    } else if (row.provider !== undefined && row.provider !== (before.provider ?? '')) {
      const manager = before.provider === null ? 'nobody: leave the cell empty' : `\`${before.provider}\``
      findings.add({ line: row.line, column: 'provider', message: `\`${before.name}\` is managed by ${manager}` })
    } else if (description === before.description) report.pass('unchanged')
    else {
      changing.push({ ...before, description })
      report.say({ line: row.line, change: 'changed', what: `group ${before.name}` })
    }
  }
  await describeGroups(act.tx, changing)
}

async function make(rows: readonly Row[], { act, findings, report }: Storing): Promise<void> {
  const good: { readonly line: number; readonly name: string; readonly description: string }[] = []
  for (const { line, source, group, description = '', provider } of rows) {
    const name = nameIn(source, 'group', findings)
    if (name === undefined || refuseReserved(source, 'group', group, findings)) continue
    if (provider !== undefined && provider !== '') {
      findings.add({
        line,
        column: 'provider',
        message: `only \`${provider}\` itself makes its groups: empty the cell`,
      })
    } else good.push({ line, name, description })
  }
  const taken = await lookingLike(
    act.tx,
    'people_group',
    good.map(({ name }) => name),
  )
  const made = await insertGroups(
    act.tx,
    good.filter(({ name }) => !taken.has(name)),
  )
  for (const { name, line } of good) {
    const id = made.get(name)
    if (id === undefined) {
      const other = taken.get(name) ?? name
      findings.add({
        line,
        column: 'group',
        message: `\`${name}\` looks like the group \`${other}\`, which is there already`,
      })
      continue
    }
    act.changed('group', id, { id, name }, cause)
    report.say({ line, change: 'added', what: `group ${name}` })
  }
}

const longest = 4096

function read(line: Line, findings: Findings): Row[] {
  const group = namedIn(line, 'group', findings)
  const { description, provider } = line.cells
  const fault = (description?.length ?? 0) > longest ? `must not be longer than ${longest} characters` : undefined
  if (fault !== undefined) findings.add({ line: line.line, column: 'description', message: `\`description\` ${fault}` })
  if (group === undefined || fault !== undefined) return []
  return [{ line: line.line, source: line, group, description, provider: provider?.trim() }]
}
