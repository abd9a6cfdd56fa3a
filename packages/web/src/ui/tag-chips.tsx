/** Tags as they look everywhere: each leads to all that carries it. What a data product put there goes by its name. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { hg } from '../api.ts'
import { Chips } from './page.tsx'

export function TagChips({ tags }: { readonly tags: readonly string[] }) {
  const products = productsOf(tags)
  const plain = tags.filter(tag => productOf(tag) === undefined)
  if (tags.length === 0) return <span className="quiet">none</span>
  return (
    <Chips>
      {plain.map(tag => (
        <li key={tag}>
          <Link to="/data-sources" search={{ tag }} title={`Everything tagged ${tag}`}>
            {tag}
          </Link>
        </li>
      ))}
      {products.map(id => (
        <li key={id}>
          <ProductName id={id} />
        </li>
      ))}
    </Chips>
  )
}

/** The data products among tags or values of attributes, each once. */
export function productsOf(tags: readonly string[]): readonly string[] {
  return [...new Set(tags.flatMap(tag => productOf(tag) ?? []))]
}

/** Of a tag that only a data product can carry: which one. */
export function productOf(tag: string): string | undefined {
  return /^Headgate Marketplace Data Product(?: Write)?\.(.+)$/.exec(tag)?.[1]
}

/** Where it is not published, or not for this reader, what it is has to do. */
export function ProductName({ id }: { readonly id: string }) {
  const product = useQuery({
    queryKey: ['name of product', id],
    queryFn: () => hg.marketplace.get({ params: { id } }),
    retry: false,
    staleTime: 60_000,
    refetchInterval: false,
  })
  return (
    <Link to="/marketplace/$id" params={{ id }} title="Part of this data product">
      {product.data?.name ?? 'a data product'}
    </Link>
  )
}
