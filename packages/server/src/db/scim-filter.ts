/**
 * SCIM filters as conditions on `scim_user` and `scim_group`: every attribute of the definitions can be asked for.
 *
 * What providers look people and groups up by (user name, external id, e-mail address, display name) is indexed; the
 * rest reads the provider's own rows, one by one.
 */
import { Problem } from '@headgate/core/api'
import { type RawBuilder, sql } from 'kysely'
import { groupPlaces, type Place, type Places, userPlaces } from '../scim/definitions.ts'
import type { Comparison, Filter, FilterValue } from '../scim/filter.ts'
import { placeOf } from '../scim/match.ts'

type Condition = RawBuilder<boolean>
type Text = RawBuilder<string>

/** Rows of one kind of resource. */
interface Kind {
  readonly places: Places
  /** The column of a plain attribute that has one. */
  readonly columns: Readonly<Record<string, Text>>
  /** What an attribute is compared as when it is compared as a whole, by a key that an index has. */
  readonly keys: Readonly<Record<string, (value: string) => Condition>>
  /** The lists that are other tables: whether there is one with this id. */
  readonly ids: Readonly<Record<string, (ids: readonly string[]) => Condition>>
  /** The values of a list within the resource, as a table of `one`. */
  readonly resource: RawBuilder<unknown> | undefined
}

/** @param filter undefined: all of them. Throws Problem `scim-filter-invalid` */
export function usersWhere(filter: Filter | undefined, keyOf: (name: string) => string): Condition {
  if (!filter) return sql`true`
  return condition(filter, {
    places: userPlaces,
    columns: { id: sql`scim_user.person_id::text`, externalId: sql`scim_user.external_id`, ...times('scim_user') },
    keys: {
      userName: value => sql`scim_user.user_name_key = ${keyOf(value)}`,
      emails: value => sql`scim_user.email_keys @> array[lower(${value}::text)]`,
    },
    ids: {
      groups: ids => sql`exists (select from group_member m where m.person_id = scim_user.person_id
        and m.source = scim_user.provider and m.group_id::text = any(${ids}))`,
    },
    resource: sql`scim_user.resource`,
  })
}

/** @param filter undefined: all of them. Throws Problem `scim-filter-invalid` */
export function groupsWhere(filter: Filter | undefined, keyOf: (name: string) => string): Condition {
  if (!filter) return sql`true`
  return condition(filter, {
    places: groupPlaces,
    columns: {
      id: sql`scim_group.group_id::text`,
      externalId: sql`people_group.external_id`,
      displayName: sql`people_group.provider_name`,
      ...times('scim_group'),
    },
    keys: { displayName: value => sql`scim_group.name_key = ${keyOf(value)}` },
    ids: {
      members: ids => sql`exists (select from group_member m where m.group_id = scim_group.group_id
        and m.source = scim_group.provider and m.person_id::text = any(${ids}))`,
    },
    resource: undefined,
  })
}

function times(table: string): Record<'meta.created' | 'meta.lastModified', Text> {
  return { 'meta.created': sql`${sql.ref(table)}.created_at`, 'meta.lastModified': sql`${sql.ref(table)}.updated_at` }
}

function condition(filter: Filter, kind: Kind): Condition {
  switch (filter.kind) {
    case 'and':
      return sql`(${sql.join(
        filter.of.map(one => condition(one, kind)),
        sql` and `,
      )})`
    case 'or':
      return sql`(${sql.join(
        filter.of.map(one => condition(one, kind)),
        sql` or `,
      )})`
    case 'not':
      // What is not there is not equal to anything either.
      return sql`(not coalesce(${condition(filter.of, kind)}, false))`
    case 'within':
      return within(filter.attribute, filter.filter, kind)
    default: {
      const place = placeOf(kind.places, filter.attribute)
      const list = listOf(place, filter.attribute, kind)
      if (list) return within(list, { ...filter, attribute: list === filter.attribute ? 'value' : last(place) }, kind)
      return one(filter, place, textOf(place, kind), kind.keys[place.names.join('.')])
    }
  }
}

/** The list that an attribute is, or is a part of. */
function listOf(place: Place, attribute: string, { places }: Kind): string | undefined {
  if (place.isList) return attribute
  const parent = attribute.slice(0, attribute.lastIndexOf('.'))
  return attribute.includes('.') && places.get(parent.toLowerCase())?.isList ? parent : undefined
}

function within(attribute: string, filter: Filter, kind: Kind): Condition {
  const place = placeOf(kind.places, attribute)
  if (!place.isList) throw refused(`\`${attribute}\` has one value alone: leave the brackets out`)
  const ids = kind.ids[place.names[0] ?? '']
  if (ids) return ids(idsIn(filter, attribute))
  if (!kind.resource) throw refused(`\`${attribute}\` cannot be asked for`)
  const key = kind.keys[place.names[0] ?? '']
  const wanted = key && valueWanted(filter)
  const values = sql`jsonb_array_elements(coalesce(${kind.resource} #> ${place.names}::text[], '[]')) as one`
  const found = sql<boolean>`exists (select from ${values} where ${conditionOfOne(filter, kind.places, `${attribute}.`)})`
  return wanted === undefined ? found : sql`(${key?.(wanted)} and ${found})`
}

/** The ids that `members[value eq "7"]` or `members eq "7"` asks for. */
function idsIn(filter: Filter, attribute: string): string[] {
  if (filter.kind === 'or') return filter.of.flatMap(one => idsIn(one, attribute))
  const isId = filter.kind === 'compare' && filter.by === 'eq' && filter.attribute.toLowerCase() === 'value'
  if (isId && typeof filter.value === 'string') return [filter.value]
  throw refused(`\`${attribute}\` can be asked for by \`value eq "…"\` alone`)
}

/** The `value` that whatever a filter finds must have, if the filter says one. */
function valueWanted(filter: Filter): string | undefined {
  if (filter.kind === 'and') return filter.of.map(valueWanted).find(one => one !== undefined)
  if (filter.kind !== 'compare' || filter.by !== 'eq' || filter.attribute.toLowerCase() !== 'value') return undefined
  return typeof filter.value === 'string' ? filter.value : undefined
}

/** On one value of a list, which is there as `one`. */
function conditionOfOne(filter: Filter, places: Places, prefix: string): Condition {
  switch (filter.kind) {
    case 'and':
      return sql`(${sql.join(
        filter.of.map(some => conditionOfOne(some, places, prefix)),
        sql` and `,
      )})`
    case 'or':
      return sql`(${sql.join(
        filter.of.map(some => conditionOfOne(some, places, prefix)),
        sql` or `,
      )})`
    case 'not':
      return sql`(not coalesce(${conditionOfOne(filter.of, places, prefix)}, false))`
    case 'within':
      throw refused(`\`${filter.attribute}[…]\` cannot stand within brackets`)
    default: {
      const place = placeOf(places, prefix + filter.attribute)
      return one(filter, place, sql<string>`one ->> ${last(place)}`, undefined)
    }
  }
}

function textOf({ names, type }: Place, { columns, resource }: Kind): Text {
  const name = names.join('.')
  const column = columns[name]
  if (column) return column
  if (!resource || names[0] === 'meta') throw refused(`\`${name}\` cannot be asked for`)
  if (type === 'complex') return sql`nullif(${resource} #> ${names}::text[], '{}')::text`
  return sql`${resource} #>> ${names}::text[]`
}

function one(
  filter: Extract<Filter, { kind: 'present' | 'compare' }>,
  place: Place,
  text: Text,
  key: ((value: string) => Condition) | undefined,
): Condition {
  if (filter.kind === 'present') return sql`${text} is not null`
  const { by, value } = filter
  if (place.type === 'complex') throw refused(`\`${filter.attribute}\` has parts: ask for one of them`)
  if (value === null && (by === 'eq' || by === 'ne'))
    return by === 'eq' ? sql`${text} is null` : sql`${text} is not null`
  if (place.type === 'dateTime') return compareTimes(text, by, value)
  if (key && by === 'eq' && typeof value === 'string') return key(value)
  // Some providers write `"True"`.
  if (place.type === 'boolean') return compare(text, by, sql`${String(value).toLowerCase()}`)
  if (place.isExact) return compare(text, by, sql`${String(value)}`)
  return compare(sql`lower(${text})`, by, sql`lower(${String(value)}::text)`)
}

function compareTimes(text: Text, by: Comparison, value: FilterValue): Condition {
  const at = typeof value === 'string' ? new Date(value) : new Date(Number.NaN)
  // PostgreSQL knows no such times before 4713 BC.
  if (!(at.getUTCFullYear() >= 1)) throw refused(`\`${String(value)}\` is no time such as "2026-01-31T12:00:00Z"`)
  if (by === 'co' || by === 'sw' || by === 'ew') throw refused(`times can be compared by eq, ne, gt, ge, lt, le alone`)
  return sql`date_trunc('milliseconds', ${text}) ${sql.raw(signs[by])} ${at}`
}

const signs = { eq: '=', ne: 'is distinct from', gt: '>', ge: '>=', lt: '<', le: '<=' } as const

function compare(left: Text, by: Comparison, right: Text): Condition {
  switch (by) {
    case 'co':
      return sql`position(${right}::text in ${left}) > 0`
    case 'sw':
      return sql`starts_with(${left}, ${right}::text)`
    case 'ew':
      return sql`right(${left}, length(${right}::text)) = ${right}::text`
    case 'eq':
    case 'ne':
      return sql`${left} ${sql.raw(signs[by])} ${right}::text`
    default:
      return sql`${left} collate "C" ${sql.raw(signs[by])} ${right}::text`
  }
}

function last({ names }: Place): string {
  return names.at(-1) ?? ''
}

function refused(reason: string): Problem {
  return new Problem('scim-filter-invalid', { reason })
}
