/** Who reaches a data source, and what a person reaches: the lists of access as tables. */
import type { AccessRow } from '@headgate/core/api'
import { listAccessOf, listAccessTo } from '../access/list.ts'
import type { Report } from './report.ts'

export const accessToDataSource: Report<'access-to-data-source'> = async (world, { asked, caller, ...page }) => {
  const { items, next } = await listAccessTo(world, caller, asked.dataSource as number, page)
  return {
    rows: items.map(row => ({ userId: row.user.id, user: row.user.userid, name: row.user.name, ...accessCells(row) })),
    next,
  }
}

export const accessOfPerson: Report<'access-of-person'> = async (world, { asked, caller, ...page }) => {
  const { items, next } = await listAccessOf(world, caller, asked.user as number, page)
  return {
    rows: items.map(({ dataSource, ...row }) => ({
      dataSourceId: dataSource.id,
      dataSource: dataSource.name,
      scope: dataSource.scope,
      ...accessCells(row),
    })),
    next,
  }
}

function accessCells({
  level,
  because,
  until,
  provisioning,
}: Pick<AccessRow, 'level' | 'because' | 'until' | 'provisioning'>) {
  const reasons = because.map(
    ({ kind, name, via }) => `${kind} ${name}${via && kind !== 'overlap' ? ` (${via.name})` : ''}`,
  )
  return { level, because: reasons.join('; '), until: until ?? null, status: provisioning.status }
}
