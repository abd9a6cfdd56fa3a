/** Opens the HTTP port: the one that was asked for, or, where it may move, the next free one. */
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'

const tries = 20

/** @returns where it listens, as a URL without a closing slash */
export async function listen(app: FastifyInstance, config: Config, mayMove: boolean): Promise<string> {
  const { HEADGATE_HOST: host, HEADGATE_PORT: port } = config
  for (let offset = 0; ; offset++) {
    try {
      return await app.listen({ host, port: port === 0 ? 0 : port + offset })
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!isTaken || !mayMove || offset >= tries) throw error
    }
  }
}
