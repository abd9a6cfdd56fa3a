/** The pages of `docs/` that are made from the code: each a function from the tables in the source to its Markdown. */
import {
  api,
  type DomainRight,
  type Endpoint,
  type ErrorCode,
  errors,
  isRule,
  type ScimEndpoint,
  scim,
  whoMay,
} from '@headgate/core/api'
import { UNKNOWNS } from '@headgate/sandbox'
import { settings } from '@headgate/server'
import { schemaOfFiles } from '../packages/cli/src/code/schema-of-files.ts'
import { commandLineParts } from './command-line-page.ts'

const note = 'Made from the code by `npm run docs`; edit the table in the source instead.'

/** File name below `docs/` → text. */
export async function generatedDocs(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['errors.md', errorsPage()],
    ['config.md', configPage()],
    ['permissions.md', permissionsPage()],
    ['http.md', httpPage()],
    ['command-line.md', page('Command line', await commandLineParts())],
    ['sandbox-unknowns.md', unknownsPage()],
    ['schemas/headgate.schema.json', laidOut(schemaOfFiles())],
  ])
}

/** JSON as Biome lays it out: lists of texts on one line where they fit. */
function laidOut(value: object): string {
  const text = JSON.stringify(value, null, 2)
  const short = text.replaceAll(
    /^( *(?:"[^"]*": )?)\[\n((?: *"[^"\n]*",?\n)+) *\](,?)$/gm,
    (all, before, items, comma) => {
      const line = `${before}[${items.trim().replaceAll(/,\n */g, ', ')}]${comma}`
      return line.length <= 120 ? line : all
    },
  )
  return `${short}\n`
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
    'Who may call which route. *signed in* means any API key or session: such a route is about the caller alone, or about what is no secret. Where several are named, any one of them does. Permissions are given to people (`PUT /users/{id}/permissions`), rights to people and groups in a domain (`PUT /domains/{name}/user-rights/{userId}`), and whoever registers a data source owns it.',
    'A test calls every route as everybody there is, and holds the answers against this table. Sources: `packages/core/src/api/`, the rules in `needs.ts`.',
    '## What everybody else is told',
    table(
      ['others', 'means'],
      [
        ['403', 'refused with `permission-missing`, before anything is looked up'],
        ['404', 'as if it were not there: that it is there is told to nobody who may not read it'],
        ['403, 404', 'refused; or as if it were not there, to who may not even read it'],
        ['left out', 'the route lists, and leaves out whatever else there is'],
        ['', 'nobody else: everyone signed in may call it, or everyone at all'],
      ],
    ),
    'Nobody changes their own permissions, attributes, groups, principals or rights, whatever they hold: 403 `self-change`.',
    '## Rights in a domain',
    'Of data sources, policies and access in that domain alone. They come from a governor, to a person or to a group.',
    table(['right', 'gives'], Object.entries(rightsGive)),
    '## What narrowing a key does',
    'An API key that names permissions carries those of them that its person holds, and no other; one that names none carries no permission at all. It never carries a right in a domain, and what its person owns only with `CREATE_S3_DATASOURCE`, the permission of data owners. What remains is what everybody who is signed in may do: see their own access, subscribe to what policies offer them, keep their own keys, the new ones as narrow. A key without a list does what its person may, as that changes; one that a user admin makes for somebody else has a list always: what its maker holds. Sessions are never narrowed.',
    '## Routes',
    table(
      ['route', 'for', 'others', 'shows'],
      endpoints().map(({ method, path, needs }) => [
        `\`${method} ${path}\``,
        needsText(needs),
        othersText(path, needs),
        isRule(needs) ? (needs.shows ?? '') : '',
      ]),
    ),
    '## Routes of identity providers',
    'SCIM knows no person: a bearer token of an identity provider opens these, and nothing else; no API key or session does.',
    table(
      ['route', 'for'],
      scimRoutes.map(({ method, path }) => [`\`${method} ${path}\``, 'the token of an identity provider']),
    ),
  ])
}

const rightsGive: { readonly [R in DomainRight]: string } = {
  MANAGE_POLICIES:
    'writing the policies of the domain; reading them, its data sources and who reaches these, and asking why',
  AUDIT_ACTIVITY: 'reading the policies of the domain, its data sources and who reaches these, and asking why',
  MANAGE_DATA_PRODUCTS:
    'making and managing data products of the domain, of its data sources alone, and deciding on requests for them',
}

function othersText(path: string, needs: Endpoint['needs']): string {
  if (typeof needs === 'string') return ''
  if (!isRule(needs)) return '403'
  if (needs.others === 'leftOut') return 'left out'
  if (needs.others === 'unknown') return '404'
  // A new policy is no secret to anybody.
  const mayBeHidden = needs.about === 'policy' ? path.includes('{id}') : ['dataSource', 'change'].includes(needs.about)
  return mayBeHidden ? '403, 404' : '403'
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
