/** What differs between two versions, part by part: `fields.0.label`, `rules.1.if`. Pure. */

export interface PartChange {
  readonly path: string
  /** Absent: was not there. */
  readonly before?: unknown
  /** Absent: is no more. */
  readonly after?: unknown
}

/** In the order of the earlier one, what is new last. */
export function partChanges(before: unknown, after: unknown, path = ''): PartChange[] {
  if (before === after) return []
  const [had, has] = [partsOf(before), partsOf(after)]
  if (!had || !has || Array.isArray(before) !== Array.isArray(after)) {
    return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }]
  }
  const names = [...new Set([...had.keys(), ...has.keys()])]
  return names.flatMap(name => partChanges(had.get(name), has.get(name), path === '' ? name : `${path}.${name}`))
}

function partsOf(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : undefined
}
