/**
 * Which data sources people may find though they do not qualify: those of whose policies one says so.
 *
 * About finding only: nobody reaches anything by it.
 */
import type { DataSourceId } from './facts.ts'
import type { Source, SourceBindings } from './source-binding.ts'

/** Not while it is disabled, and not where it is unknown. */
export function isDiscoverable(bindings: SourceBindings, id: DataSourceId): boolean {
  const source = bindings.sources.get(id)
  return source !== undefined && isFound(bindings, source)
}

/** By id. */
export function discoverableSources(bindings: SourceBindings): DataSourceId[] {
  const found: DataSourceId[] = []
  for (const source of bindings.sources.values()) if (isFound(bindings, source)) found.push(source.id)
  return found.sort((a, b) => a - b)
}

function isFound(bindings: SourceBindings, { row }: Source): boolean {
  return !row.disabled && bindings.policiesOn(row).some(({ discoverable }) => discoverable)
}
