/** What the person of a query may do, as one value of its row; the query names `person`. */
import type { Permission } from '@headgate/core/api'
import { sql } from 'kysely'

export const heldPermissions = sql<Permission[]>`(
  select coalesce(array_agg(permission), '{}') from person_permission where person_id = person.id
)`
