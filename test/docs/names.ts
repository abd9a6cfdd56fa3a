/** Routes and environment variables that pages name, held against those that there are. */
import type { Page } from './page.ts'

/** @param known variables that something reads */
export function unknownVariables({ file, text }: Page, known: ReadonlySet<string>): string[] {
  // Secrets of a pipeline are no variables, and a program that a page shows may read its own.
  const named = new Set([...text.matchAll(/(?<!secrets\.)\bHEADGATE_[A-Z_]*[A-Z]\b/g)].map(([name]) => name))
  const isRead = (name: string) => known.has(name) || text.includes(`process.env.${name}`)
  return [...named].filter(name => !isRead(name)).map(name => `${file}: nothing reads ${name}`)
}

/** Codes of errors that stand behind their status: 409 `policy-name-taken`. */
export function unknownErrors(
  { file, text }: Page,
  known: Readonly<Record<string, { readonly status: number }>>,
): string[] {
  const named = [...text.matchAll(/\b([45]\d\d) `([a-z]+(?:-[a-z]+)+)`/g)]
  const wrong = named.filter(([, status, code = '']) => known[code]?.status !== Number(status))
  return wrong.map(([, status, code]) => `${file}: there is no ${status} ${code}`)
}

export interface Route {
  readonly method: string
  readonly path: string
}

/** `GET /users/{id}` and what `curl` is given, wherever they stand. */
export function unknownRoutes({ file, text }: Page, routes: readonly Route[]): string[] {
  const named = [...text.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[\w{}./-]*)/g)]
  const curled = [...text.matchAll(/\$\{?HEADGATE(?:_URL)?\}?(\/[\w{}$./-]*)/g)].map(([, path]) => ['', '', path])
  return [...named, ...curled].flatMap(([, method = '', path = '']) => {
    const wanted = path.replace(/[.]+$/, '')
    const isKnown = routes.some(route => (method === '' || route.method === method) && isSame(route.path, wanted))
    return isKnown ? [] : [`${file}: there is no ${method} ${wanted}`.replace('  ', ' ')]
  })
}

function isSame(route: string, path: string): boolean {
  const [ours, theirs] = [route.split('/'), path.replace(/\/$/, '').split('/')]
  return ours.length === theirs.length && ours.every((part, n) => part.startsWith('{') || part === theirs[n])
}
