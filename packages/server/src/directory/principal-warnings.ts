/** What a user admin should look into about a person's principals, in words. Pure. */
import { accountOf } from '@headgate/core'
import type { IntegrationRow } from '../db/integration.ts'
import { effective, type ShownPrincipals } from '../db/principal-view.ts'
import { mappingsOf } from './mapping.ts'

/** @param wide the roles that several people can assume */
export function principalWarnings(
  shown: ShownPrincipals,
  integrations: readonly IntegrationRow[],
  wide: ReadonlySet<string>,
): string[] {
  const { principals, notStored } = shown
  const warnings = principals.flatMap(({ warning }) => (warning === null ? [] : [warning]))
  for (const { identifier, unique_id, found_id } of principals) {
    if (found_id === null) continue
    warnings.push(
      `\`${identifier}\` is another principal by now (it was ${unique_id}, AWS says ${found_id}): nothing is granted until you confirm it`,
    )
  }
  for (const { source, problem } of notStored)
    warnings.push(`\`${source}\` names a principal that is not used: ${problem}`)
  const inForce = effective(principals)
  for (const row of principals) {
    if (inForce.includes(row)) continue
    const other = inForce.find(one => one.integration_id === row.integration_id)
    if (other && other.identifier !== row.identifier) {
      warnings.push(`\`${row.source}\` says \`${row.identifier}\`; the entry of \`${other.source}\` counts instead`)
    }
  }
  for (const { identifier } of inForce) {
    if (wide.has(identifier)) {
      warnings.push(`several people can assume \`${identifier}\`: what it is granted, all of them reach`)
    }
  }
  warnings.push(...foreignWarnings(shown, integrations))
  return [...new Set(warnings)]
}

function foreignWarnings(shown: ShownPrincipals, integrations: readonly IntegrationRow[]): string[] {
  const foreign = mappingsOf(shown, integrations).filter(({ why }) => why === 'otherAccount')
  return [...Map.groupBy(foreign, ({ principal }) => principal?.identifier ?? '')].map(([identifier, some]) => {
    const names = some.slice(0, 5).map(({ integration }) => `\`${integration}\``)
    const more = some.length > names.length ? ` and ${some.length - names.length} more` : ''
    return (
      `\`${identifier}\` is in account ${accountOf(identifier)}: integrations of other accounts (${names.join(', ')}${more}) treat ` +
      `the user as unmapped: ${some[0]?.reason}`
    )
  })
}
