/** A fix that explain names, as the changes that carry it out. */
import type { Change, DataSourceId, Facts, Fix, PrincipalKind, UserId } from '../src/index.ts'

export function changesFor(fix: Fix, facts: Facts, user: UserId, dataSource: DataSourceId): Change[] {
  switch (fix.fix) {
    case 'request':
    case 'addMember': {
      const id = 99 as Facts['members'][number]['id']
      return [{ entity: 'member', id, row: { id, dataSource, subject: { user }, level: fix.level } }]
    }
    case 'subscribe':
      return [{ entity: 'subscription', row: { user, dataSource, level: fix.level }, holds: true }]
    case 'map': {
      const row = { user, kind: fix.principal as PrincipalKind, identifier: 'x', integration: fix.integration }
      const others = facts.principals.filter(one => one.user === user && one.integration !== fix.integration)
      return [{ entity: 'principals', user, rows: [...others, row] }]
    }
    case 'giveAttribute':
    case 'takeAttribute': {
      const row = { subject: { user }, key: fix.key, value: fix.value ?? 'any other' }
      return [{ entity: 'attribute', row, holds: fix.fix === 'giveAttribute' }]
    }
    case 'requestProduct': {
      const id = 99 as Facts['memberships'][number]['id']
      return [{ entity: 'membership', id, row: { id, user, product: fix.product, level: fix.level } }]
    }
    default: {
      const groups = facts.groups.filter(({ name }) => name === fix.group)
      return groups.map(({ id }) => ({ entity: 'groupMember', group: id, user, holds: fix.fix === 'joinGroup' }))
    }
  }
}
