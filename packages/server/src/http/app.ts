/**
 * The HTTP door: every route of the contract, its description at `/openapi.json` and `/docs`, and the web app.
 *
 * Listens to nothing and starts nothing: the caller does `app.listen(…)` and `app.close()`.
 */
import { randomUUID } from 'node:crypto'
import cookie from '@fastify/cookie'
import rateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { RefusedCalls } from '../audit/refused-calls.ts'
import type { World } from '../world.ts'
import { authentication } from './auth.ts'
import { acceptBodies } from './bodies.ts'
import { answerErrors, answerRouterError, answerUnreadable } from './errors.ts'
import { fastifyServe } from './fastify-serve.ts'
import { healthRoutes, type Readiness } from './health.ts'
import { describeApi } from './reference.ts'
import { routes } from './routes.ts'
import { scimRoutes } from './scim.ts'
import { secureHeaders } from './secure-headers.ts'
import { serveWeb } from './web.ts'

export interface AppOptions {
  /** The folder with the built web app; without it there is none. */
  readonly webFolder?: string | undefined
  /** Default: always ready. */
  readonly readiness?: Readiness
  /** How often a stream is kept alive, and whoever reads it asked for again; default 15 s. */
  readonly streamBeatMs?: number
  /** Told of each call that is refused (401, 403). */
  readonly refusedCalls?: Pick<RefusedCalls, 'note'>
}

export async function createApp(world: World, options: AppOptions = {}): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: world.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    frameworkErrors: answerRouterError,
    clientErrorHandler: answerUnreadable,
    // Whom calls come from is what their limits count: nobody may say so but a proxy of ours.
    trustProxy: world.config.HEADGATE_TRUSTED_PROXIES?.split(',').map(text => text.trim()) ?? false,
    // Room for 255 characters of four bytes each, percent-encoded.
    routerOptions: { maxParamLength: 255 * 4 * 3 },
  })
  logRequests(app)
  if (options.refusedCalls) tellRefused(app, options.refusedCalls)
  answerErrors(app)
  acceptBodies(app)
  await secureHeaders(app)
  await app.register(cookie)
  await app.register(rateLimit, { global: false, max: world.config.HEADGATE_RATE_LIMIT, timeWindow: 60_000 })

  const serve = fastifyServe(app, authentication(app, world), world, options.streamBeatMs)
  healthRoutes(serve, world, options.readiness ?? (() => undefined))
  for (const addRoutes of routes) addRoutes(serve, world)
  await scimRoutes(app, world)
  await describeApi(app)
  await serveWeb(app, options.webFolder)
  return app
}

/** One line for each call, with the route as it is written in the contract; no header is ever logged. */
function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, ip, routeOptions, caller } = request
    const facts = { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }
    request.log.info({ ...facts, ip, user: caller?.id }, 'call')
  })
}

/** Refused sign-ins are events of their own, with what is known of them. */
function tellRefused(app: FastifyInstance, refused: Pick<RefusedCalls, 'note'>): void {
  app.addHook('onResponse', async ({ method, ip, id, routeOptions, caller, scim, refusedAs: code }, { statusCode }) => {
    if ((statusCode !== 401 && statusCode !== 403) || code === undefined || code.startsWith('sign-in-')) return
    refused.note({
      caller: caller ?? scim?.actor,
      ip,
      requestId: id,
      method,
      route: routeOptions.url ?? 'unknown',
      code,
    })
  })
}
