/** Who and what, the same in every list of the explorer. */
import { Link } from '@tanstack/react-router'
import type { Column } from '../ui/data-table.tsx'
import { PersonName } from '../ui/person-name.tsx'
import { ScopePath } from '../ui/scope-path.tsx'

interface Row {
  readonly user: { readonly id: number; readonly userid: string; readonly name: string }
  readonly dataSource: { readonly id: number; readonly name: string; readonly scope: string }
}

export function personColumn<R extends Row>(width = '24%'): Column<R> {
  return {
    name: 'Person',
    width,
    cell: ({ user }) => (
      <PersonName userid={user.userid} name={user.name}>
        {shown => (
          <Link to="/people/$id" params={{ id: String(user.id) }}>
            {shown}
          </Link>
        )}
      </PersonName>
    ),
  }
}

export function dataSourceColumn<R extends Row>(width = '24%'): Column<R> {
  return {
    name: 'Data source',
    width,
    cell: ({ dataSource }) => (
      <>
        <Link to="/data-sources/$id" params={{ id: String(dataSource.id) }}>
          {dataSource.name}
        </Link>
        <div className="quiet">
          <ScopePath scope={dataSource.scope} canCopy={false} />
        </div>
      </>
    ),
  }
}
