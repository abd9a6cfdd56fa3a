/**
 * One HTTP server for every service: read, identify, verify, let the faults have their way, answer.
 * Holds no AWS behaviour of its own; a request that no service knows is refused in S3's words.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  type Command,
  handleCall,
  identifyService,
  mayChangeState,
  newCommand,
  type VerifiedCall,
  verifyCall,
} from './command.ts'
import type { ControlDesk } from './control-desk.ts'
import { isDeskRequest } from './desk-changes.ts'
import type { Verdict } from './faults.ts'
import type { Memory } from './memory/memory.ts'
import type { Service, World } from './service.ts'
import { AwsError, printXml, type WireRequest, type WireResponse, xmlResponse } from './wire.ts'

export interface ServerParts {
  readonly world: World
  readonly services: readonly Service[]
  readonly desk: ControlDesk
  readonly memory: Memory
  /** Told of every error that is our own fault; the client sees InternalError. */
  readonly onBug: (error: unknown) => void
}

export function createSandboxServer(parts: ServerParts): Server {
  const server = createServer((incoming, outgoing) => {
    serve(parts, incoming, outgoing).catch(error => {
      outgoing.destroy()
      parts.onBug(error)
    })
  })
  // Clients keep connections for as long as they like; a close by us mid-request would look like a lost answer.
  server.keepAliveTimeout = 60 * 60 * 1000
  server.requestTimeout = 0
  return server
}

// Objects are held in memory; larger ones belong in a real bucket.
const MAX_BODY_BYTES = 64 * 1024 * 1024

async function serve(parts: ServerParts, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const requestId = randomBytes(8).toString('hex').toUpperCase()
  const body = await readBody(incoming)
  const request = toWireRequest(incoming, body ?? Buffer.alloc(0), parts.world.now())
  if (isDeskRequest(request)) return send(outgoing, parts, request, requestId, parts.desk.answer(request))

  const service = identifyService(parts.services, request)
  if (service === undefined) {
    const error = new AwsError('NotImplemented', 501, 'This sandbox has no such service')
    return send(outgoing, parts, request, requestId, printPlainError(error))
  }
  if (body === undefined) {
    const error = new AwsError('EntityTooLarge', 400, 'Your proposed upload exceeds the maximum allowed size')
    return send(outgoing, parts, request, requestId, service.printError(error, request, requestId))
  }
  const answer = await respond(parts, service, request, requestId)
  if (answer === 'drop') outgoing.destroy()
  else send(outgoing, parts, request, requestId, answer)
}

async function respond(
  parts: ServerParts,
  service: Service,
  request: WireRequest,
  requestId: string,
): Promise<WireResponse | 'drop'> {
  const { world } = parts
  try {
    const early = newCommand(world, request)
    const call = verifyCall(world, service, early)
    parts.desk.count(service.name, call.operation)

    const account = request.headers['x-amz-account-id'] ?? call.caller.account
    const { operation, region } = call
    const verdict = world.faults.judge({ service: service.name, operation, account, region }, early.at)
    if (verdict.before.kind === 'none' && verdict.delayMs === 0) return settle(parts, call, early, requestId, verdict)
    if (verdict.delayMs > 0) await new Promise(resolve => setTimeout(resolve, verdict.delayMs))
    refuseBefore(verdict, service)
    // Whatever happened meanwhile, a key deleted for one, counts.
    const late = newCommand(world, request)
    return settle(parts, verifyCall(world, service, late), late, requestId, verdict)
  } catch (error) {
    if (error instanceof AwsError) return service.printError(error, request, requestId)
    parts.onBug(error)
    parts.memory.consolidate()
    return service.printError(internalError(), request, requestId)
  }
}

/** Does the work and, before anybody hears of it, has it remembered. */
function settle(
  parts: ServerParts,
  call: VerifiedCall,
  command: Command,
  requestId: string,
  verdict: Verdict,
): WireResponse | 'drop' {
  const answer = handleCall(parts.world, call, command, requestId)
  if (answer.status < 400 && mayChangeState(call.operation)) parts.memory.record(command)
  if (verdict.after === 'drop') return 'drop'
  if (verdict.after === 'internal-error') throw internalError()
  return answer
}

function refuseBefore(verdict: Verdict, service: Service): void {
  if (verdict.before.kind === 'throttle') throw service.throttled()
  if (verdict.before.kind === 'error') {
    throw new AwsError(
      verdict.before.code,
      verdict.before.status,
      'We encountered an internal error. Please try again.',
    )
  }
}

const internalError = () => new AwsError('InternalError', 500, 'We encountered an internal error. Please try again.')

function printPlainError(error: AwsError): WireResponse {
  return xmlResponse(error.status, printXml('Error', { Code: error.code, Message: error.message }))
}

/** Undefined when the body is larger than we hold; it is read to its end all the same, so that the answer is heard. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) chunks.push(chunk)
  }
  if (size > MAX_BODY_BYTES) return undefined
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

function toWireRequest(incoming: IncomingMessage, body: Buffer, receivedAt: number): WireRequest {
  const target = incoming.url ?? '/'
  const mark = target.indexOf('?')
  const headers: Record<string, string> = {}
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    const name = (incoming.rawHeaders[i] as string).toLowerCase()
    const value = (incoming.rawHeaders[i + 1] as string).trim()
    headers[name] = name in headers ? `${headers[name]},${value}` : value
  }
  return {
    method: incoming.method ?? 'GET',
    host: headers.host ?? '',
    rawPath: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? [] : readQuery(target.slice(mark + 1)),
    headers,
    body,
    receivedAt,
  }
}

function readQuery(text: string): [string, string][] {
  return text
    .split('&')
    .filter(part => part !== '')
    .map(part => {
      const at = part.indexOf('=')
      return at < 0 ? [decodeQuery(part), ''] : [decodeQuery(part.slice(0, at)), decodeQuery(part.slice(at + 1))]
    })
}

function decodeQuery(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

function send(
  outgoing: ServerResponse,
  parts: ServerParts,
  request: WireRequest,
  requestId: string,
  response: WireResponse,
): void {
  const body = typeof response.body === 'string' ? Buffer.from(response.body) : response.body
  outgoing.writeHead(response.status, {
    // Clients correct their clocks by this header when a signature was too old.
    date: new Date(parts.world.now() + parts.world.faults.settings.clockSkewMs).toUTCString(),
    server: 'AmazonS3',
    'x-amz-request-id': requestId,
    'x-amzn-requestid': requestId,
    'x-amz-id-2': `${requestId}/sandbox`,
    ...response.headers,
    // Last: Node garbles a content-disposition outside ASCII that comes after it.
    'content-length': response.headers['content-length'] ?? String(body.length),
  })
  outgoing.end(request.method === 'HEAD' ? undefined : body)
}
