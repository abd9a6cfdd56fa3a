/** The contract as an OpenAPI 3.1 document: every route, what goes in and out, every error with its codes. */
import { api, type Endpoint, type ErrorCode, errors, isRule, type Rule, whoMay } from '@headgate/core/api'
import { z } from 'zod'
import { MAX_BODY_BYTES } from './fastify-serve.ts'

type Json = Readonly<Record<string, unknown>>

export const bodyTypes = ['application/json', 'application/yaml', 'application/x-yaml', 'text/yaml'] as const

export function printOpenApi(): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [resource, endpoints] of Object.entries(api)) {
    for (const [name, endpoint] of Object.entries<Endpoint>(endpoints)) {
      const operation = { [endpoint.method.toLowerCase()]: printOperation(resource, name, endpoint) }
      paths[endpoint.path] = { ...paths[endpoint.path], ...operation }
    }
  }
  const named: Record<string, unknown> = {}
  const hoisted = withoutDefinitions(paths, named)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Headgate',
      version: '0.1.0',
      description: 'Data access governance for Amazon S3. Bodies are JSON or YAML; answers are JSON.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.keys(api).map(name => ({ name })),
    paths: hoisted,
    components: {
      securitySchemes: {
        key: { type: 'apiKey', in: 'header', name: 'Authorization', description: 'The API key, as it is' },
        bearer: { type: 'http', scheme: 'bearer', description: 'The API key after `Bearer`' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-headgate',
          description:
            'What POST /session sets for a browser; `headgate` where it came over plain HTTP. Writes send ' +
            '`X-CSRF-Token` besides, as GET /session tells it. A key in `Authorization` wins.',
        },
      },
      schemas: { Error: errorSchema, ...named },
    },
  }
}

/** Shapes that refer to themselves are named once for all; each printed schema would keep its own, out of reach. */
function withoutDefinitions(node: unknown, named: Record<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map(item => withoutDefinitions(item, named))
  if (typeof node !== 'object' || node === null) return node
  const { $defs = {}, ...rest } = node as Json
  for (const [name, schema] of Object.entries($defs as Json)) named[name] = withoutDefinitions(schema, named)
  return Object.fromEntries(
    Object.entries(rest).map(([key, value]) => {
      if (key !== '$ref' || typeof value !== 'string') return [key, withoutDefinitions(value, named)]
      return [key, value.replace('#/$defs/', '#/components/schemas/')]
    }),
  )
}

const errorSchema: Json = {
  type: 'object',
  required: ['statusCode', 'error', 'message', 'code', 'requestId'],
  properties: {
    statusCode: { type: 'integer' },
    error: { type: 'string', description: 'the name of the status' },
    message: { type: 'string', description: 'what is wrong and how to fix it' },
    code: { type: 'string', description: 'stable: match on this' },
    requestId: { type: 'string', description: 'names the call in the log' },
  },
}

function printOperation(resource: string, name: string, endpoint: Endpoint): Json {
  return {
    operationId: `${resource}.${name}`,
    tags: [resource],
    summary: endpoint.summary,
    description: printNeeds(endpoint),
    security: endpoint.needs === 'nobody' ? [] : [{ key: [] }, { bearer: [] }, { session: [] }],
    parameters: printParameters(endpoint),
    ...(endpoint.body ? { requestBody: printBody(endpoint.body, endpoint) } : {}),
    responses: { [endpoint.status]: printSuccess(endpoint), ...printHeld(endpoint), ...printErrors(endpoint) },
  }
}

function printNeeds({ needs }: Endpoint): string {
  if (needs === 'nobody') return 'Needs no key.'
  if (needs === 'signedIn') return 'Needs any API key or session.'
  return isRule(needs) ? printRule(needs) : `Needs ${needs.join(' or ')}.`
}

function printRule(rule: Rule): string {
  const others = {
    unknown: 'For everybody else it is not there (404).',
    refused: 'Everybody else is refused (403), or told that it is not there (404) where they may not read it.',
    leftOut: 'Whatever else there is is left out.',
  }[rule.others]
  return [`For ${whoMay(rule)}.`, others, ...(rule.shows ? [`Shows: ${rule.shows}.`] : [])].join(' ')
}

function printParameters(endpoint: Endpoint): readonly Json[] {
  const of = (place: 'path' | 'query', shape: z.ZodObject | undefined) => {
    if (!shape) return []
    const { properties = {}, required = [] } = printSchema(shape, 'input')
    return Object.entries(properties).map(([name, schema]) => ({
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      schema,
    }))
  }
  const version = {
    name: 'If-Match',
    in: 'header',
    required: true,
    description: 'the version that was read: its `ETag`',
    schema: { type: 'string' },
  }
  const preview = {
    name: 'If-Preview',
    in: 'header',
    required: false,
    description: 'the `token` of a preview of exactly this: refused when people gain or lose who were not in it',
    schema: { type: 'string' },
  }
  const sequence = {
    name: 'Headgate-Sequence',
    in: 'header',
    required: false,
    description: 'what a write answered: the read waits up to 2 s until it sees that change, then 503',
    schema: { type: 'integer' },
  }
  return [
    ...of('path', endpoint.params),
    ...of('query', endpoint.query),
    ...(endpoint.ifMatch ? [version] : []),
    ...(endpoint.ifPreview ? [preview] : []),
    ...(endpoint.method === 'GET' ? [sequence] : []),
  ]
}

function printBody(body: z.ZodType, endpoint: Endpoint): Json {
  const schema = withItems(printSchema(body, 'input'), endpoint)
  return {
    required: !body.safeParse(undefined).success,
    description: `At most ${endpoint.bodyLimit ?? MAX_BODY_BYTES} bytes.`,
    content: Object.fromEntries((endpoint.takes ? [endpoint.takes] : bodyTypes).map(type => [type, { schema }])),
  }
}

/** The body does not say what its items are where the route checks them itself. */
function withItems(schema: JsonSchema, { items }: Endpoint): JsonSchema {
  if (!items) return schema
  const list = { ...schema.properties?.[items.in], items: printSchema(items.each, 'input') }
  return { ...schema, properties: { ...schema.properties, [items.in]: list } }
}

function printSuccess(endpoint: Endpoint): Json {
  const headers = {
    'Headgate-Sequence': {
      description: 'the change that this call made, when it changed who reaches what',
      schema: { type: 'integer' },
    },
    ETag: { description: 'the version, where the resource has one', schema: { type: 'string' } },
  }
  if (endpoint.status === 302) {
    return { description: 'Sends the browser on', headers: { Location: { schema: { type: 'string' } } } }
  }
  if (endpoint.status === 204) {
    const stillHeld = {
      description: 'the sources, percent-encoded, that go on saying what was taken away here: it stays in force',
      schema: { type: 'string' },
    }
    return { description: 'Done', headers: { ...headers, 'Headgate-Still-Held-By': stillHeld } }
  }
  return {
    description: endpoint.status === 201 ? 'Made' : 'Done',
    headers,
    content: {
      [endpoint.streams ? 'text/event-stream' : (endpoint.gives ?? 'application/json')]: {
        schema: printSchema(endpoint.response, 'output'),
      },
    },
  }
}

/** Instead of the success, where the brake holds something of it. */
function printHeld({ method, status }: Endpoint): Json {
  if (method === 'GET' || status === 202) return {}
  const description =
    'Stored, but the brake holds so many of the revocations that it brings about, until a governor releases them: as ' +
    'the success, with `held` besides where it is an object'
  const headers = { 'Headgate-Held': { description: 'how many', schema: { type: 'integer' } } }
  return { 202: { description, headers } }
}

function printErrors(endpoint: Endpoint): Record<string, Json> {
  const codes = [...new Set([...commonErrors(endpoint), ...endpoint.errors])]
  const byStatus = Map.groupBy(codes, code => errors[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      status,
      {
        description: ofStatus.map(code => `\`${code}\`: ${errors[code].text}`).join('\n\n'),
        content: {
          'application/json': {
            schema: { allOf: [{ $ref: '#/components/schemas/Error' }, { properties: { code: { enum: ofStatus } } }] },
          },
        },
      },
    ]),
  )
}

/** What any route of its kind may answer, besides what the contract names for it. */
export function commonErrors(endpoint: Endpoint): readonly ErrorCode[] {
  const always: ErrorCode[] = ['address-unparsable', 'body-unparsable', 'request-invalid', 'rate-limited', 'unexpected']
  if (endpoint.needs !== 'nobody') always.push('key-missing', 'key-invalid', 'session-ended')
  if (endpoint.needs !== 'nobody' && endpoint.method !== 'GET') always.push('csrf-refused')
  if (endpoint.needs !== 'nobody') always.push('permission-missing')
  if (endpoint.method !== 'GET') always.push('body-too-large', 'media-type-unknown')
  if (endpoint.ifMatch) always.push('version-missing')
  if (endpoint.ifPreview) {
    always.push('preview-unknown', 'preview-expired', 'preview-used', 'preview-other-change', 'preview-stale')
  } else if (endpoint.needs !== 'nobody') always.push('preview-not-taken')
  return [...always, 'not-ready']
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, Json>>
  readonly required?: readonly string[]
}

function printSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest as JsonSchema
}
