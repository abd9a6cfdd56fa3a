/** A group by its name, which leads to it for those who may look into groups. */
import { api } from '@headgate/core/api'
import { Link } from '@tanstack/react-router'
import { mayCall, useMe } from '../me.ts'

export function GroupName({ id, name }: { readonly id: number; readonly name: string }) {
  if (!mayCall(useMe(), api.groups.get)) return name
  return (
    <Link to="/groups/$id" params={{ id: String(id) }}>
      {name}
    </Link>
  )
}
