/** Whether values of one resource are what a filter asks for: for the filters inside of paths. See `db/scim-filter.ts` for whole lists. */
import { Problem } from '@headgate/core/api'
import type { Json, Place, Places } from './definitions.ts'
import type { Comparison, Filter, FilterValue } from './filter.ts'

/**
 * Whether one value of a multi-valued attribute is meant.
 * @param prefix the attribute's name in lower case and a dot: `emails.`
 * @throws Problem `scim-filter-invalid` for what the attribute does not have
 */
export function matches(filter: Filter, value: Json, places: Places, prefix: string): boolean {
  const again = (one: Filter) => matches(one, value, places, prefix)
  switch (filter.kind) {
    case 'and':
      return filter.of.every(again)
    case 'or':
      return filter.of.some(again)
    case 'not':
      return !again(filter.of)
    case 'within':
      throw new Problem('scim-filter-invalid', { reason: `\`${filter.attribute}[…]\` cannot stand within brackets` })
    default: {
      const place = placeOf(places, prefix + filter.attribute)
      const found = value[place.names.at(-1) ?? '']
      if (filter.kind === 'present') return found !== undefined && found !== null && found !== ''
      return compare(found, filter.by, filter.value, place)
    }
  }
}

/** @throws Problem `scim-filter-invalid` */
export function placeOf(places: Places, attribute: string): Place {
  const place = places.get(attribute.toLowerCase())
  if (place) return place
  throw new Problem('scim-filter-invalid', { reason: `\`${attribute.slice(0, 200)}\` is not known here: see /Schemas` })
}

function compare(found: unknown, by: Comparison, wanted: FilterValue, { isExact, type }: Place): boolean {
  const plain = (value: unknown) => {
    const text = type === 'boolean' || typeof value === 'string' ? String(value ?? '') : value
    return typeof text === 'string' && !isExact ? text.toLowerCase() : text
  }
  const [left, right] = [plain(found ?? null), plain(wanted)]
  if (by === 'eq') return left === right
  if (by === 'ne') return left !== right
  if (typeof left !== 'string' || typeof right !== 'string') return false
  switch (by) {
    case 'co':
      return left.includes(right)
    case 'sw':
      return left.startsWith(right)
    case 'ew':
      return left.endsWith(right)
    case 'gt':
      return left > right
    case 'ge':
      return left >= right
    case 'lt':
      return left < right
    case 'le':
      return left <= right
  }
}
