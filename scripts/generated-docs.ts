/** The pages of `docs/` that are made from the code: each a function from the tables in the source to its Markdown. */
import { api, type Endpoint, type ErrorCode, errors, isRule, type ScimEndpoint, scim, whoMay } from '@headgate/core/api'
import { UNKNOWNS } from '@headgate/sandbox'
import { settings } from '@headgate/server'

const note = 'Made from the code by `npm run docs`; edit the table in the source instead.'

/** File name below `docs/` → text. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ['errors.md', errorsPage()],
    ['config.md', configPage()],
    ['permissions.md', permissionsPage()],
    ['http.md', httpPage()],
    ['sandbox-unknowns.md', unknownsPage()],
  ])
}

function unknownsPage(): string {
  return page('What AWS leaves unsaid', [
    'Where AWS documents nothing, the sandbox decides by a switch. `POST /_sandbox/unknowns` sets them, `GET` shows them.',
    '`npm run test:aws` with credentials asks real AWS, and is the way to settle one. Source: `packages/sandbox/src/unknowns.ts`.',
    table(
      ['switch', 'default', 'why this default'],
      UNKNOWNS.map(({ name, default: value, reason }) => [`\`${name}\``, `\`${value}\``, reason]),
    ),
  ])
}

function errorsPage(): string {
  const rows = Object.entries(errors)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { status, text, retry }]) => [`\`${code}\``, String(status), text, retry ? 'yes' : 'no'])
  return page('Errors', [
    'Every error answers `{"statusCode", "error", "message", "code", "requestId"}`; some add facts such as `validation` or `items`.',
    'A code is for ever: match on it, not on the text. Source: `packages/core/src/errors.ts`.',
    table(['code', 'status', 'text', 'worth trying again unchanged'], rows),
  ])
}

function configPage(): string {
  const rows = Object.entries(settings.shape).map(([name, schema]) => {
    const { success, data } = schema.safeParse(undefined)
    return [`\`${name}\``, success && data !== undefined ? `\`${data}\`` : '', schema.description ?? '']
  })
  return page('Settings', [
    'Environment variables, read once at start. An unknown value is refused, never guessed. Source: `packages/server/src/config.ts`.',
    table(['variable', 'default', 'what it is'], rows),
  ])
}

function permissionsPage(): string {
  return page('Permissions', [
    'What each route needs. *signed in* means any API key: such a route narrows what it shows or changes to what the caller owns or may read.',
    'A test calls every route without its permission and expects 403. Source: `packages/core/src/api/`.',
    table(
      ['route', 'needs'],
      [
        ...endpoints().map(({ method, path, needs }) => [`\`${method} ${path}\``, needsText(needs)]),
        ...scimRoutes.map(({ method, path }) => [`\`${method} ${path}\``, 'bearer token of the identity provider']),
      ],
    ),
  ])
}

function httpPage(): string {
  return page('HTTP API', [
    'The routes in short; shapes, examples and a console are at `/docs` of a running server, the OpenAPI document at `/openapi.json`.',
    'Bodies may be JSON or YAML. Writes answer `Headgate-Sequence`; a read that sends it back waits up to 2 s for that change. Routes that ask for `If-Match` take the version of the `ETag`.',
    table(
      ['route', 'what it does', 'body up to', 'errors of its own'],
      [...endpoints(), ...scimRoutes].map(({ method, path, summary, errors: codes, ...rest }) => [
        `\`${method} ${path}\``,
        summary,
        'body' in rest || 'bodyLimit' in rest ? `${(rest.bodyLimit ?? MiB) / MiB} MiB` : '',
        codes.map((code: ErrorCode) => `\`${code}\``).join(', '),
      ]),
    ),
  ])
}

const MiB = 1024 * 1024

function endpoints(): readonly Endpoint[] {
  return Object.values(api).flatMap(resource => Object.values(resource) as Endpoint[])
}

/** What identity providers call: see `docs/scim.md`. */
const scimRoutes: readonly ScimEndpoint[] = Object.values(scim)

function needsText(needs: Endpoint['needs']): string {
  if (needs === 'nobody') return 'nothing'
  if (needs === 'signedIn') return 'signed in'
  return isRule(needs) ? whoMay(needs) : needs.join(' or ')
}

function page(title: string, parts: readonly string[]): string {
  return `${[`# ${title}`, `<!-- ${note} -->`, ...parts].join('\n\n')}\n`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
