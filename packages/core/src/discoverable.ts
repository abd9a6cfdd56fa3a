/**
 * Which data sources people may find though they do not qualify: those of whose policies one says so.
 *
 * About finding only: nobody reaches anything by it.
 */
import type { DataSourceId } from './facts.ts'
import type { Question } from './question.ts'
import type { Source, SourceBindings } from './source-binding.ts'

/** Not while it is disabled, and not where it or its integration is unknown. */
export function isDiscoverable(bindings: SourceBindings, id: DataSourceId): boolean {
  const source = bindings.sources.get(id)
  return source !== undefined && isFound(source)
}

/** By id. */
export function discoverableSources(bindings: SourceBindings): DataSourceId[] {
  const found: DataSourceId[] = []
  for (const source of bindings.sources.values()) if (isFound(source)) found.push(source.id)
  return found.sort((a, b) => a - b)
}

function isFound({ row, asked: { grants, guarding } }: Source): boolean {
  const saysSo = ({ rule: { policy } }: Question) => policy.discoverable
  return !row.disabled && (grants.some(saysSo) || (guarding?.questions.some(saysSo) ?? false))
}
