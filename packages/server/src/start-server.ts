/**
 * Wires the whole server: database, secrets, index, AWS, change loop, HTTP. Started in this order, ended in reverse.
 *
 * Knows every part and does the work of none. Started again on the same database, it goes on where it ended, also
 * after a `kill -9`.
 */
import path from 'node:path'
import { type Logger, pino } from 'pino'
import { rewrapSigningKeys } from './audit/checkpoint.ts'
import { startAuditExports } from './audit/export.ts'
import { keepPruned } from './audit/keep-pruned.ts'
import { keepSealed } from './audit/keep-sealed.ts'
import { collectRefusedCalls } from './audit/refused-calls.ts'
import { createAwsAccess, secretContext } from './aws/clients.ts'
import { createBackground } from './background.ts'
import type { Config } from './config.ts'
import { startHealthChecks } from './data-sources/health.ts'
import { tenantId } from './db/deployment.ts'
import { startEmbedded } from './db/embedded.ts'
import { rewrapSecrets } from './db/integration-edit.ts'
import { openDatabase } from './db/open.ts'
import { prepareDatabase } from './db/prepare.ts'
import { startPrincipalChecks } from './directory/check-principals.ts'
import { rewrapClientSecrets } from './directory/client-secrets.ts'
import { firstAdminKey, firstSetUpLink } from './directory/first-admin.ts'
import { urlOf } from './directory/set-up.ts'
import { startExports } from './export/run-exports.ts'
import { rewrapTargetSecrets } from './export/target-secrets.ts'
import { createApp } from './http/app.ts'
import { listen } from './http/listen.ts'
import { resumeIntegrations } from './integrations/lifecycle.ts'
import { startRecurringValidation } from './integrations/recurring-validation.ts'
import { createLiveIndex } from './live-index/live-index.ts'
import { startNoticingEnds } from './market/expiry.ts'
import { startRequestClock } from './market/request-clock.ts'
import { rewrapPassword } from './notify/email.ts'
import { startSending } from './notify/sending.ts'
import { rewrapWebhooks } from './notify/webhooks.ts'
import { startChangeLoop } from './reconcile/change-loop.ts'
import { sampleCapacity } from './runs/sample-capacity.ts'
import { createVault, encryptionKeys } from './secrets.ts'
import type { World } from './world.ts'

export interface Server {
  readonly url: string
  /** The link by which the first admin comes in; undefined once somebody has. A secret: for a terminal, not for a log. */
  setUpLink(): Promise<string | undefined>
  /** A new key of the first admin, who is made unless there. */
  adminKey(): Promise<string>
  /** Finishes what is under way, then ends everything that was started. May be called twice. */
  close(): Promise<void>
}

export interface ServerOptions {
  /** Folder of the built web app. */
  readonly webDir?: string
  /** Whether a taken port gives way to the next free one. */
  readonly portMayMove?: boolean
  /** Default: JSON lines on standard output. */
  readonly log?: Logger
}

export async function startServer(config: Config, options: ServerOptions = {}): Promise<Server> {
  const log = options.log ?? pino({ level: config.HEADGATE_LOG_LEVEL })
  const closers: (() => Promise<void> | void)[] = []
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end()
  }
  try {
    const dataDir = path.resolve(config.HEADGATE_DATA_DIR)
    const { DATABASE_URL: databaseUrl, HEADGATE_ENCRYPTION_KEY: encryptionKey } = config
    const { HEADGATE_ENCRYPTION_KEYS_OLD: oldKeys } = config
    const vault = createVault(await encryptionKeys({ encryptionKey, oldKeys, databaseUrl, dataDir }))

    const embeddedUrl = databaseUrl === undefined ? await embedded(dataDir, log, closers) : undefined
    const { url, ownerUrl } = await prepareDatabase(config, embeddedUrl, log)
    const db = openDatabase(url, { onConnectionLost: err => log.warn({ err }, 'a database connection was lost') })
    closers.push(() => db.close())

    const unwrappable = (of: object) =>
      log.error(of, 'a stored secret could not be wrapped with the newest encryption key')
    const rewrapped =
      (await rewrapTargetSecrets(db, vault, (exportTarget, err) => unwrappable({ err, exportTarget }))) +
      (await rewrapSecrets(db, vault, secretContext, (integration, err) => unwrappable({ err, integration }))) +
      (await rewrapClientSecrets(db, vault, (identityProvider, err) => unwrappable({ err, identityProvider }))) +
      (await rewrapSigningKeys({ db, vault }, (auditKey, err) => unwrappable({ err, auditKey }))) +
      (await rewrapWebhooks({ db, vault }, (webhook, err) => unwrappable({ err, webhook }))) +
      (await rewrapPassword({ db, vault }, err => unwrappable({ err, of: 'e-mail' })))
    if (rewrapped > 0) log.info({ rewrapped }, 'stored secrets were wrapped with the newest encryption key')

    // Begun first and so ended last but for the database: what the others do at their end is sealed too.
    const folder = config.HEADGATE_AUDIT_CHECKPOINT_DIR ?? (embeddedUrl && path.join(dataDir, 'audit-checkpoints'))
    const checkpointMs = config.HEADGATE_AUDIT_CHECKPOINT_HOURS * 3_600_000
    const sealing = keepSealed({ db, vault, log: log.child({ part: 'audit' }) }, { folder, checkpointMs })
    closers.push(() => sealing.stop())
    const olderThanDays = config.HEADGATE_AUDIT_RETENTION_DAYS
    const pruning = keepPruned({ log: log.child({ part: 'audit' }) }, { ownerUrl, olderThanDays })
    closers.push(() => pruning.stop())

    const verifyEveryMs = config.HEADGATE_INDEX_VERIFY_MINUTES * 60_000
    const index = createLiveIndex({ db, log: log.child({ part: 'index' }), verifyEveryMs })
    closers.push(() => index.close())
    await index.start()

    const { HEADGATE_AWS_ENDPOINT: endpoint, HEADGATE_AWS_PARALLEL: parallel } = config
    const externalId = () => tenantId(db.kysely)
    const aws = createAwsAccess({ vault, externalId, endpoint, parallel })
    closers.push(() => aws.close())
    const background = createBackground(log)
    closers.push(() => background.close())

    const world: World = { config, db, index, vault, aws, background, log }
    await resumeIntegrations(world)
    const validation = startRecurringValidation(world, config.HEADGATE_VALIDATION_MINUTES * 60_000)
    closers.push(() => validation.stop())
    const capacity = sampleCapacity({ db, log })
    closers.push(() => capacity.stop())
    const changeLoop = await startChangeLoop(world)
    closers.push(() => changeLoop.stop())

    const memberships = startNoticingEnds(world)
    closers.push(() => memberships.stop())

    const requestClock = startRequestClock(world)
    closers.push(() => requestClock.stop())

    const healthChecks = startHealthChecks(world)
    closers.push(() => healthChecks.stop())

    const exports = startExports(world)
    closers.push(() => exports.stop())

    const principalChecks = startPrincipalChecks(world)
    closers.push(() => principalChecks.stop())

    const sending = startSending(world)
    closers.push(() => sending.stop())

    const auditExports = startAuditExports(world)
    closers.push(() => auditExports.stop())
    const refusedCalls = collectRefusedCalls({ db, log })
    closers.push(() => refusedCalls.stop())
    const readiness = () => (changeLoop.ready() ? undefined : 'the change loop is not listening')
    const app = await createApp(world, { webFolder: options.webDir, readiness, refusedCalls })
    closers.push(() => app.close())
    const listensAt = await listen(app, config, options.portMayMove ?? false)
    return {
      url: listensAt,
      async setUpLink() {
        const link = await firstSetUpLink(db)
        return link && ((await urlOf(world, link)) ?? listensAt + link.path)
      },
      adminKey: () => firstAdminKey(db),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function embedded(dataDir: string, log: Logger, closers: (() => Promise<void> | void)[]): Promise<string> {
  const database = await startEmbedded({ dataDir, log: log.child({ part: 'database' }) })
  closers.push(() => database.stop())
  return database.url
}
