/** The kinds of users as people read them. */
import type { User } from '@headgate/core/api'

export const kindWords = {
  person: 'Person',
  'role-user': 'Role used by several',
  service: 'Service',
} as const satisfies Readonly<Record<User['kind'], string>>

export const kindOptions = Object.entries(kindWords).map(([value, label]) => ({ value: value as User['kind'], label }))
