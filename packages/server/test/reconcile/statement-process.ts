/**
 * A server's work in a process of its own, which tells of every statement that writes and of every call of AWS, before and
 * after, and kills itself at one of them: `node statement-process.ts DATABASE_URL AWS_ENDPOINT [BOUNDARY]`, forked.
 *
 * A boundary is named by what is said and what was said before it on the same connection, so that it is the same one in
 * the next process.
 */
import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import pg from 'pg'
import { pino } from 'pino'
import { createAwsAccess } from '../../src/aws/clients.ts'
import { createBackground } from '../../src/background.ts'
import { readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/open.ts'
import { resumeIntegrations } from '../../src/integrations/lifecycle.ts'
import { createLiveIndex } from '../../src/live-index/live-index.ts'
import { startChangeLoop } from '../../src/reconcile/change-loop.ts'
import { createVault } from '../../src/secrets.ts'
import { testKey } from '../support/server.ts'

const [databaseUrl = '', endpoint = '', wanted] = process.argv.slice(2)

function pass(boundary: string): void {
  if (boundary === wanted) process.kill(process.pid, 'SIGKILL')
  if (wanted === undefined) process.send?.(boundary)
}

watchStatements()
watchCalls()
await work()

function watchStatements(): void {
  const { query } = pg.Client.prototype
  const connections = new WeakMap<object, Connection>()
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first] = args
    const text = nameOf(typeof first === 'string' ? first : ((first as { text?: string } | null)?.text ?? ''))
    const { before, isOpen, hasWritten } = connections.get(this) ?? { before: '', isOpen: false, hasWritten: false }
    const isEnd = text === 'commit' || text === 'rollback'
    connections.set(this, {
      before: text,
      isOpen: !isEnd && (isOpen || text.startsWith('begin') || text.startsWith('start transaction')),
      hasWritten: !isEnd && (hasWritten || writes(text)),
    })
    const isBoundary = text === 'commit' ? hasWritten : writes(text)
    if (isBoundary) pass(`before: ${before} → ${text}`)
    const answer: unknown = Reflect.apply(query, this, args)
    // After any other statement of a transaction comes the next one, which has a boundary of its own.
    const isLasting = isBoundary && (text === 'commit' || !isOpen)
    if (isLasting && answer instanceof Promise) answer.then(() => pass(`after: ${before} → ${text}`)).catch(() => {})
    return answer
  } as typeof query
}

interface Connection {
  readonly before: string
  readonly isOpen: boolean
  readonly hasWritten: boolean
}

/** The same for any number of rows. */
function nameOf(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\((\$\d+(::\w+)?(, )?)+\)(, \((\$\d+(::\w+)?(, )?)+\))*/g, '(…)')
    .replaceAll(/\$\d+/g, '$')
    .trim()
    .toLowerCase()
    .slice(0, 160)
}

/** Renewing a lease and looking for silent nodes is done every second, and changes nothing here. */
function writes(text: string): boolean {
  return /^(insert|update|delete|with|select pg_(try_)?advisory)/.test(text) && !isLease(text)
}

function isLease(text: string): boolean {
  return /^(with silent as|(update|delete from|insert into) "?node"?\b)/.test(text)
}

function watchCalls(): void {
  const nameOfCall = ({ method, path }: ClientRequest) => {
    return `${method} ${path.replace(/\?.*/, '').replaceAll(/[0-9a-f-]{36}/g, '…')}`
  }
  subscribe('http.client.request.start', message => {
    pass(`before: ${nameOfCall((message as { request: ClientRequest }).request)}`)
  })
  subscribe('http.client.response.finish', message => {
    pass(`after: ${nameOfCall((message as { request: ClientRequest }).request)}`)
  })
}

async function work(): Promise<void> {
  const config = readConfig({})
  const log = pino({ level: 'silent' })
  const vault = createVault([testKey])
  const aws = createAwsAccess({ vault, endpoint, parallel: 2 })
  const db = openDatabase(databaseUrl)
  const world = { config, vault, aws, log, db, index: createLiveIndex({ db, log }), background: createBackground(log) }
  await resumeIntegrations(world)
  await startChangeLoop(world, { callTimeoutMs: 50 })
}
