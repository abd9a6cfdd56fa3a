/**
 * What somebody wants a data product to say, held against what there is: every name and id in it, and whether whoever
 * writes may use it there. Whatever it speaks of stays until commit.
 */
import { Problem, type ProductContent } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import type { StoredContent } from '../db/data-product.ts'
import { holdDomains, sourcesInDomains } from '../db/domain.ts'
import { findPeople } from '../db/person-name.ts'
import { holdSources } from '../db/product-detail.ts'
import { holdTemplate } from '../db/template.ts'
import { refuseReserved } from '../directory/reserved-names.ts'

/**
 * @throws Problem `name-reserved`, `domain-not-found`, `user-not-found`, `request-form-not-found`,
 *   `review-flow-not-found`, `data-product-invalid` with a place for every data source that cannot be in it
 */
export async function checkContent(tx: Tx, wanted: ProductContent): Promise<StoredContent> {
  const { name, domain, form, reviewFlow, dataSources, expert, ...terms } = wanted
  refuseReserved(name)
  const [missing] = domain === undefined ? [] : await holdDomains(tx, [domain])
  if (missing !== undefined) throw new Problem('domain-not-found', { name: missing })
  const sources = await checkSources(tx, dataSources, domain)
  if (expert !== undefined && !(await findPeople(tx, [expert])).has(expert)) {
    throw new Problem('user-not-found', { id: expert })
  }
  if (form !== undefined) await holdTemplate(tx, 'form', form)
  if (reviewFlow !== undefined) await holdTemplate(tx, 'flow', reviewFlow)
  return {
    name,
    domain: domain ?? null,
    definition: {
      ...terms,
      levels: (['READ', 'WRITE'] as const).filter(level => terms.levels.includes(level)),
      dataSources: sources,
      ...(expert === undefined ? {} : { expert }),
    },
    form: form ?? null,
    reviewFlow: reviewFlow ?? null,
  }
}

/**
 * What a write of a product will speak of stays until commit. To be asked for before the product is locked: domains, data
 * sources, data products is the order in which everybody locks them, so that nobody waits for another in a ring.
 */
export async function holdContent(
  tx: Tx,
  { domain, dataSources }: Pick<ProductContent, 'domain' | 'dataSources'>,
): Promise<void> {
  await holdDomains(tx, domain === undefined ? [] : [domain])
  await holdSources(tx, dataSources)
}

/** More would be long to read; their number is told. */
const mostNamed = 20

/** By id, each once. Whoever may not know of a data source is told no more than that it cannot be in the product. */
export async function checkSources(tx: Tx, wanted: readonly number[], domain: string | undefined): Promise<number[]> {
  const there = new Set(await holdSources(tx, wanted))
  const inDomain = domain === undefined ? undefined : new Set(await sourcesInDomains(tx, [domain]))
  const issues = wanted.flatMap((id, at) => {
    if (there.has(id) && (!inDomain || inDomain.has(id))) return []
    const message =
      domain === undefined ? `there is no data source ${id}` : `domain \`${domain}\` has no data source ${id}`
    return [{ path: `dataSources.${at}`, message }]
  })
  if (issues.length > 0) {
    const more = issues.length > 1 ? `, and ${issues.length - 1} more` : ''
    throw new Problem('data-product-invalid', {
      reason: `\`${issues[0]?.path}\`: ${issues[0]?.message}${more}`,
      issues: issues.slice(0, mostNamed),
    })
  }
  return [...there].sort((a, b) => a - b)
}
